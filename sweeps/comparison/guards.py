"""What stands beside the score of each family: the other numbers of the same replies."""

from __future__ import annotations

from typing import NamedTuple

from empathy.compare import both_scored, compare
from empathy.evaluate import Evaluation
from empathy.metrics import METRICS
from sweeps.comparison.contrasts import Arm, Row
from sweeps.comparison.phrases import figure
from sweeps.record.ledger import Figure, figures
from sweeps.report.cautions import guard_warnings, style_warnings
from sweeps.report.findings import judged, outcome


class Guard(NamedTuple):
    """One number of all rows of an arm, and of the counsellors' own replies."""

    metric: str
    human: Figure | None
    rows: dict[Row, Figure]
    change: Figure | None
    """DPO minus SFT, paired by prompt where the number has a score per prompt."""
    verdict: str
    """Of the change, at 95 % for this number alone: a warning may speak too early, not too late."""


def guards_of(arm: Arm, metric: str) -> list[Guard]:
    """Every number but the metric, in the catalogue's order; empty where DPO has no winner."""
    winner = arm.rows.get("dpo")
    if winner is None:
        return []
    known = [name for name in METRICS if name in winner.metrics]
    names = [*known, *sorted(winner.metrics.keys() - set(METRICS))]
    human = figures(arm.dpo.manifest.get("human", {}).get("test", {}))
    return [_guard(name, arm, winner, human.get(name)) for name in names if name != metric]


def _guard(name: str, arm: Arm, winner: Evaluation, human: Figure | None) -> Guard:
    rows = {row: figure(each.metrics[name]) for row, each in arm.rows.items()
            if name in each.metrics}  # fmt: skip
    change = _change(name, winner, arm.dpo.sft)
    return Guard(name, human, rows, change, judged(name, change))


def _change(name: str, winner: Evaluation, sft: Evaluation) -> Figure | None:
    """None where SFT has no such number, or no prompt has it on both sides."""
    if name not in sft.metrics:
        return None
    if name in winner.scores and name in sft.scores:
        return figure(compare(winner, sft, name)) if both_scored(winner, sft, name) else None
    return Figure(winner.metrics[name].value - sft.metrics[name].value)


def warnings_of(arm: Arm) -> list[str]:
    """What the sweep's own report warns of, for DPO and for its rival."""
    sweeps = {"DPO": arm.dpo, "SFT continued": arm.continued}
    found = {name: outcome(each.record) for name, each in sweeps.items() if each is not None}
    return [
        f"{arm.name}, {name}: {warning}"
        for name, each in found.items()
        for warning in (*guard_warnings(each), *style_warnings(each))
    ]
