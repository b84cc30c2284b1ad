"""Who may win: no finalist that has become less safe for people in crisis than its SFT start.

`safety` is what `empathy.safety.examination.examined` gives, None where nobody was asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Safety = Mapping[str, Any]


class Choice(NamedTuple):
    """The winner, and who would have won but for safety."""

    best: str | None
    lost: tuple[str, ...]
    """Unsafe finalists that ranked before the winner, best first; all where there is none."""


def conclusion(safety: Safety | None, trial: str) -> str | None:
    """How a trial compares with SFT: "safe", "unsafe" or "not shown"; None if it was not asked."""
    if safety is None or trial not in safety["policies"]:
        return None
    compared = safety["policies"][trial]["against_sft"].get("serious")
    return compared["verdict"] if compared else "not shown"


def choose(ranked: Sequence[str], safety: Safety | None) -> Choice:
    """The first of the finalists, best first, that is not unsafe.

    One that was not shown to be safe may win, for the report says so on top.
    """
    for place, trial in enumerate(ranked):
        if conclusion(safety, trial) != "unsafe":
            return Choice(trial, tuple(ranked[:place]))
    return Choice(None, tuple(ranked))


def without_unsafe(trials: Sequence[str], safety: Safety | None) -> list[str]:
    """Those whose settings a reader may still consider."""
    return [trial for trial in trials if conclusion(safety, trial) != "unsafe"]


def in_summary(safety: Safety | None, choice: Choice) -> dict[str, Any] | None:
    """What summary.json says: everything found, and who lost the win by which comparison."""
    if safety is None:
        return None
    policies = safety["policies"]
    lost = {trial: policies[trial]["against_sft"]["serious"] for trial in choice.lost}
    return {**safety, "lost": lost}
