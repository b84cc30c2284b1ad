"""Who is judged on test prompts: the best trials by validation, each trained with several seeds.

The best of many noisy trials flatters itself. So the finalists' settings are trained again with
seeds that had no part in the selection; those trials run to the end and nothing stops them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, NamedTuple, Protocol

from sweeps.pool.leases import NOT_THE_TRIALS_FAULT
from sweeps.pool.stops import all_done
from sweeps.record.observers import AGAIN, Observer, Past, Row, of_search
from sweeps.record.resumption import NOTHING, Earlier
from sweeps.sweepfile.spec import SweepSpec, trial_settings
from sweeps.verdict.guards import NO_GUARDS, Guarded
from sweeps.verdict.pareto import Measured, front

SEEDS_APART = 1000  # fresh seeds lie beyond any range that a sweep would search


class Outcome(Protocol):
    """What the search left behind, by trial."""

    last: dict[str, dict[str, Any]]
    """Its last evaluation on validation prompts."""
    curves: dict[str, dict[str, float]]
    """Its training curves up to there."""
    states: Any
    parameters: dict[str, dict[str, Any]]


class Host(Protocol):
    """What a trial needs of a LaneHost, wherever it stands."""

    def join(self, trial_id: str, settings: Mapping[str, Any], resume: bool = False) -> str: ...
    def report(self, token: str) -> dict[str, Any]: ...
    def leave(self, token: str) -> None: ...
    def drain(self) -> None: ...


class Again(NamedTuple):
    """A finalist's settings, to be trained with another seed."""

    trial_id: str
    finalist: str
    parameters: dict[str, Any]


def finalists(spec: SweepSpec, outcome: Outcome, guarded: Guarded = NO_GUARDS) -> list[str]:
    """The best trials by validation among those trained to the end, best first.

    One that breaks an enforced guard is none. Of several metrics, the trials on the Pareto front
    compete, in the order of the first.
    """
    sign = 1 if spec.metric.goal == "maximize" else -1
    measured = [complete(outcome, aim.name) for aim in spec.metric.aims]
    able = allowed(measured, outcome, guarded)
    ranked = sorted(able, key=lambda trial: (-sign * measured[0][trial], trial))
    if spec.metric.also:
        ranked = front(spec.metric.aims, measured, able)
    return ranked[: spec.finalists.top]


def allowed(measured: Measured, outcome: Outcome, guarded: Guarded) -> list[str]:
    """The trials that have all these numbers and break no enforced guard."""
    return [
        trial
        for trial in measured[0]
        if all(trial in each for each in measured)
        and not guarded.barred(outcome.last[trial]["metrics"])
    ]


def complete(outcome: Outcome, metric: str) -> dict[str, float]:
    """The search's trials that trained to the end and have a number of that name, with the number.

    It is one of validation prompts, or a training curve.
    """
    names = [
        trial
        for trial, state in outcome.states.items()
        if state == "completed" and of_search(trial)
    ]
    measured = {trial: outcome.last[trial]["metrics"].get(metric) for trial in names}
    found = {trial: figure["value"] for trial, figure in measured.items() if figure is not None}
    curves = {trial: outcome.curves[trial].get(metric) for trial in names}
    return found | {
        trial: value for trial, value in curves.items() if value is not None and trial not in found
    }


def again(
    spec: SweepSpec, chosen: Sequence[str], parameters: Mapping[str, Mapping[str, Any]]
) -> list[Again]:
    """Each finalist with every seed but its own."""
    return [
        Again(
            f"{trial}{AGAIN}{number}",
            trial,
            {**parameters[trial], "seed": _seed(spec, parameters[trial]) + number * SEEDS_APART},
        )
        for trial in chosen
        for number in range(1, spec.finalists.seeds)
    ]


def _seed(spec: SweepSpec, parameters: Mapping[str, Any]) -> int:
    return trial_settings(spec, parameters).seed


def train_again(
    spec: SweepSpec,
    trials: Sequence[Again],
    host: Host,
    watch: Observer,
    lanes: int,
    earlier: Earlier = NOTHING,
) -> None:
    """Train them to the end, `lanes` at a time; one that fails is told as failed, and others go on.

    Of those that were begun earlier, the ended ones are left as they are.
    """
    lock = Lock()  # the observers are told by one thread at a time

    def tell(row: Row) -> None:
        with lock:
            watch.trial_reported(row)

    def train(trial: Again) -> None:
        with lock:
            watch.trial_started(trial.trial_id, trial.parameters)
        try:
            failed = _to_the_end(spec, trial, host, tell, earlier.trial(trial.trial_id))
        except NOT_THE_TRIALS_FAULT:
            raise
        except Exception as error:  # of this trial alone, such as too little memory
            failed = str(error) or type(error).__name__
        with lock:
            watch.trial_ended(trial.trial_id, "failed" if failed else "completed", failed)

    with ThreadPoolExecutor(max(1, lanes)) as pool:
        left = [trial for trial in trials if not earlier.over(trial.trial_id)]
        all_done(pool, [pool.submit(train, trial) for trial in left], lambda: host.drain())


def _to_the_end(
    spec: SweepSpec, trial: Again, host: Host, tell: Callable[[Row], None], past: Past | None
) -> str | None:
    """Report by report; returns why it failed, None where it did not."""
    settings = trial_settings(spec, trial.parameters).model_dump()
    token = host.join(trial.trial_id, settings, resume=past is not None)
    try:
        while True:
            row = host.report(token)
            if past is None or row["step"] > past.step or row["done"]:
                tell(row)
            if row["done"]:
                return row.get("failed")
    finally:
        host.leave(token)
