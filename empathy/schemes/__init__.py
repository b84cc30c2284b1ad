"""The ways to make preference pairs, by name. Adding one is a file and a line in `SCHEMES`."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from empathy.settings import DataSettings


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a scheme needs. `corpora` are those it can use, None for any; `sampled`: a model."""

    corpora: tuple[str, ...] | None
    sampled: bool


SCHEMES: dict[str, Scheme] = {
    "ranked": Scheme(corpora=None, sampled=True),
    "generated": Scheme(corpora=None, sampled=True),
    "adherence": Scheme(corpora=("mi",), sampled=False),
    "rephrase": Scheme(corpora=("mi",), sampled=False),
    "matched": Scheme(corpora=("annomi",), sampled=False),
    "deleted": Scheme(corpora=("epitome",), sampled=False),
}


def problem(data: DataSettings) -> str | None:
    """What is wrong with the schemes that the settings name, as the end of a sentence; or None."""
    for name in data.schemes:
        if name not in SCHEMES:
            close = difflib.get_close_matches(name, SCHEMES, n=1)
            hint = f"did you mean '{close[0]}'? " if close else ""
            return f"names '{name}'; {hint}known: {', '.join(SCHEMES)}"
        corpora = SCHEMES[name].corpora
        if corpora is not None and not set(corpora) & set(data.corpora):
            return (
                f"names '{name}', which makes pairs of {' or '.join(corpora)} alone; add it to "
                f"data.corpora (now {', '.join(data.corpora)}) or leave '{name}' out"
            )
    return None


def draws(data: DataSettings) -> int:
    """Replies that the schemes want sampled for each prompt; 0 if none of them asks a model.

    `generated` takes the first of those that `ranked` orders.
    """
    wanted = {"ranked": data.candidates, "generated": 1}
    return max((wanted[name] for name in data.schemes if name in wanted), default=0)
