"""Parts of a text that point to a person, and how overlapping ones become one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, get_args

Kind = Literal["CPF", "CNS", "EMAIL", "LINK", "PHONE", "DATE", "ADDRESS", "NAME", "NUMBER"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which they win where several claim the same characters."""


class Span(NamedTuple):
    """Characters `start` to `end` of a text, the last one not included."""

    start: int
    end: int
    kind: Kind


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order and apart: spans that overlap become one that covers them all.

    It has the kind that comes first in `KINDS`. Nothing that any of them covers is given up.
    """
    found: list[Span] = []
    for span in sorted(spans):
        last = found[-1] if found else None
        if last is None or span.start >= last.end:
            found.append(span)
            continue
        kind = min(last.kind, span.kind, key=KINDS.index)
        found[-1] = Span(last.start, max(last.end, span.end), kind)
    return found
