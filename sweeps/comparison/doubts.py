"""Who else was asked about a gain that is claimed: the referee, and fresh seeds of the winner."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sweeps.comparison.contrasts import Contrast, Verdict
from sweeps.comparison.phrases import listed

Witness = Callable[[Contrast], Verdict | None]
WITNESSES: dict[str, tuple[Witness, str]] = {
    "The referee, a scorer of another kind that no search follows,": (
        lambda each: each.referee, "perhaps one scorer's taste"
    ),
    "The mean of fresh seeds of the same settings (95 % each)": (
        lambda each: each.fresh, "perhaps one run's luck"
    ),
}  # fmt: skip
"""By what they are called: their verdict, and what it means when they do not see a gain."""


def doubted(asked: Sequence[Contrast]) -> bool:
    """Whether a witness does not see one of the gains that are claimed."""
    return any(verdict not in (None, "better") for each in _claimed(asked)
               for verdict in (each.referee, each.fresh))  # fmt: skip


def testimony(asked: Sequence[Contrast]) -> list[str]:
    """What each witness that was asked says of the gains; [] without a claim."""
    told = []
    for name, (witness, meaning) in WITNESSES.items():
        claimed = [each for each in _claimed(asked) if witness(each) is not None]
        if claimed:
            told.append(f"{name} {_said(claimed, witness, meaning)}.")
    return told


def _claimed(asked: Sequence[Contrast]) -> list[Contrast]:
    return [each for each in asked if each.verdict == "better"]


def _said(claimed: Sequence[Contrast], witness: Witness, meaning: str) -> str:
    denied = [each for each in claimed if witness(each) == "worse"]
    unseen = [each for each in claimed if witness(each) not in ("better", "worse")]
    told = []
    if denied:
        told.append(f"says the opposite {_where(denied)}")
    if unseen:
        told.append(f"does not confirm it {_where(unseen)}: {meaning}")
    return " and ".join(told) or "sees the same"


def _where(asked: Sequence[Contrast]) -> str:
    """The arms of DPO's own questions, or those that another arm is held against."""
    within = all(each.first == each.second for each in asked)
    return f"{'in' if within else 'against'} {listed([each.second for each in asked])}"
