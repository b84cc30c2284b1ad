"""What a search cost, as its folder tells it."""

from __future__ import annotations

from typing import NamedTuple

from sweeps.comparison.folders import Sweep
from sweeps.record.observers import BASELINES
from sweeps.record.wording import counted, duration


class Cost(NamedTuple):
    """The price of one search. What was not measured is None."""

    seconds: float | None
    """Wall clock from reading the dialogues to the last evaluation."""
    trials: int
    stopped: int
    repeated: int
    """Trainings of finalists with other seeds, beside the trials."""
    steps: int
    """Optimizer steps of all of them together."""
    device: str
    gpu_seconds: float | None
    """The trials' shares of the device's time, training and evaluation; None without a GPU."""


def cost_of(sweep: Sweep) -> Cost:
    """The cost of a finished sweep."""
    trials = [each for each in sweep.record.trials if each.trial_id not in BASELINES]
    repeated = _repeated(sweep) & {each.trial_id for each in trials}
    shares = [each.seconds for each in trials if each.seconds is not None]
    device = str(sweep.manifest.get("weights", {}).get("device") or "unknown")
    return Cost(
        seconds=sweep.summary.get("seconds"),
        trials=len(trials) - len(repeated),
        stopped=sum(each.state == "stopped" for each in trials),
        repeated=len(repeated),
        steps=sum(each.step or 0 for each in trials),
        device=device,
        gpu_seconds=sum(shares) if shares and device.startswith("cuda") else None,
    )


def _repeated(sweep: Sweep) -> set[str]:
    """Ids of the trainings with fresh seeds, as summary.json lists them."""
    seeds = sweep.summary.get("seeds") or {}
    fresh = {run for each in seeds.get("finalists", {}).values() for run in each["runs"][1:]}
    return fresh | set(seeds.get("failed", ()))


def told(cost: Cost) -> str:
    """A cost as half a sentence."""
    gpu = "" if cost.gpu_seconds is None else f", {cost.gpu_seconds:,.0f} GPU seconds in trials"
    stopped = f", {cost.stopped} of them stopped early" if cost.stopped else ""
    again = f", {counted(cost.repeated, 'training')} with other seeds" if cost.repeated else ""
    return (
        f"{duration(cost.seconds)} on {cost.device} for {counted(cost.trials, 'trial')}{stopped}"
        f"{again}, {cost.steps:,} optimizer steps in all{gpu}"
    )
