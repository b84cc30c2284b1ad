"""The report's section "Who wins, by other judges", from what summary.json says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sweeps.record import wording
from sweeps.record.ledger import Figure

REFEREE = "referee"
SHARE = "win_rate_sft"  # any metric that is a share, for how its numbers look
NAMES = {"rank": "scorer that ranked the pairs", "evaluate": "evaluating scorer",
         "reward_model": "reward model", "llm": "language model"}  # fmt: skip


class Row(NamedTuple):
    """A judge's numbers, as text; "-" for what was not measured."""

    judge: str
    over_sft: str
    at_equal_length: str
    base_over_sft: str
    over_human: str
    sft_over_human: str
    flips: str
    agrees: str


class JudgesView(NamedTuple):
    """The section's table and what to know about it."""

    rows: list[Row]
    notes: list[str]


def judges_view(judged: Mapping[str, Any] | None, best: str | None) -> JudgesView | None:
    """The section for the winner; None without a winner, or without judges (in older results)."""
    if not judged or best is None:
        return None
    rows = [_row(name, each["wins"], judged, best) for name, each in judged["judges"].items()]
    notes = [note for name, each in judged["judges"].items() for note in _notes(name, each)]
    return JudgesView(rows, notes)


def _row(name: str, wins: Mapping[str, Any], judged: Mapping[str, Any], best: str) -> Row:
    def share(policy: str, rival: str, number: str = "rate") -> str:
        return _share(wins.get(policy, {}).get(rival, {}).get(number))

    return Row(
        NAMES.get(name, name),
        share(best, "sft"),
        share(best, "sft", "at_equal_length"),
        share("base", "sft"),
        share(best, "human"),
        share("sft", "human"),
        share(best, "sft", "flips"),
        _agrees(name, judged["agreement"]),
    )


def _share(figure: Mapping[str, Any] | None) -> str:
    return wording.said(Figure.of(figure), SHARE)


def _agrees(name: str, agreement: Sequence[Mapping[str, Any]]) -> str:
    """With the referee: the share of same verdicts, and kappa."""
    for each in agreement:
        if set(each["judges"]) == {name, REFEREE} and each["raw"]:
            kappa = wording.said(Figure.of(each["kappa"]), "kappa")
            return f"{_share(each['raw'])}, kappa {kappa}"
    return "-"


def _notes(name: str, each: Mapping[str, Any]) -> list[str]:
    """Why a judge has no numbers, and what it counted."""
    judge = NAMES.get(name, name)
    if each["missing"]:
        return [f"No numbers by the {judge}: {each['missing']}."]
    counts = ", ".join(f"{what} {count:,}" for what, count in each["counts"].items())
    return [f"Counted by the {judge}: {counts}."] if counts else []
