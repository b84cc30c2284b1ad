"""Where in a reply its raters saw empathy, and what is left of the reply without it."""

from __future__ import annotations

import re
from collections.abc import Iterable

Span = tuple[int, int]
"""First character of a stretch of a response, and the one after its last."""


def spans(response: str, rationales: str) -> tuple[Span, ...]:
    """Where each rationale (they are joined by `|`) first stands in the response.

    Blanks may differ, since one of the files has collapsed them; what is not found is left out.
    """
    found = []
    for rationale in rationales.split("|"):
        words = rationale.split()
        place = re.search(r"\s+".join(map(re.escape, words)), response) if words else None
        if place:
            found.append(place.span())
    return tuple(found)


def without(response: str, evidence: Iterable[Span]) -> str:
    """The response with these stretches cut out, which may overlap, and single blanks."""
    kept, end = [], 0
    for start, stop in sorted(evidence):
        kept.append(response[end : max(start, end)])
        end = max(stop, end)
    return " ".join(" ".join((*kept, response[end:])).split())
