"""Which trial wins, by how much and how surely: chosen by validation, judged by test.

Only trials that trained to the end compete: a stopped one was not trained as long, so it is neither
best nor tied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from empathy.compare import compare, tied
from empathy.errors import UserError
from empathy.evaluate import Evaluation
from sweeps.observers import BASELINES
from sweeps.spec import SweepSpec


class Outcome(Protocol):
    """What the search left behind, by trial."""

    last: dict[str, dict[str, Any]]
    """Its last evaluation on validation prompts."""
    curves: dict[str, dict[str, float]]
    """Its training curves up to there."""
    states: Any
    parameters: dict[str, dict[str, Any]]


def finalists(spec: SweepSpec, outcome: Outcome) -> list[str]:
    """The best trials by validation among those trained to the end, best first."""
    name, sign = spec.metric.name, 1 if spec.metric.goal == "maximize" else -1
    values = {trial: sign * value for trial, value in _complete(outcome, name).items()}
    ranked = sorted(values, key=lambda trial: (-values[trial], trial))
    return ranked[: spec.evaluation.finalists]


def summarise(
    spec: SweepSpec,
    outcome: Outcome,
    baselines: Mapping[str, Mapping[str, Any]],
    test: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """The content of summary.json; the winner is the best finalist on validation prompts."""
    states = [state for trial, state in outcome.states.items() if trial not in BASELINES]
    ranked = list(test)  # in the order of `finalists`
    return {
        "sweep": spec.name,
        "metric": spec.metric.model_dump(),
        "trials": len(states),
        "completed": states.count("completed"),
        "stopped_early": states.count("stopped"),
        "failed": states.count("failed"),
        "baselines": {name: {"metrics": baselines[name]["test"]["metrics"]} for name in BASELINES},
        "best": _finalist(outcome, ranked[0], test) if ranked else None,
        "finalists": [_finalist(outcome, trial, test) for trial in ranked],
        "tied": _tied(spec, outcome, ranked[0], test) if ranked else [],
        "differences": _differences(ranked[0], baselines, test) if ranked else {},
    }


def _complete(outcome: Outcome, metric: str) -> dict[str, float]:
    """Trials that trained to the end and have a number of that name, with the number.

    It is one of validation prompts, or a training curve.
    """
    names = [
        trial
        for trial, state in outcome.states.items()
        if state == "completed" and trial not in BASELINES
    ]
    measured = {trial: outcome.last[trial]["metrics"].get(metric) for trial in names}
    found = {trial: figure["value"] for trial, figure in measured.items() if figure is not None}
    curves = {trial: outcome.curves[trial].get(metric) for trial in names}
    return found | {
        trial: value for trial, value in curves.items() if value is not None and trial not in found
    }


def _finalist(
    outcome: Outcome, trial: str, test: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    return {
        "trial": trial,
        "parameters": outcome.parameters[trial],
        "metrics": test[trial]["metrics"],
        "validation": outcome.last[trial]["metrics"],
    }


def _tied(
    spec: SweepSpec, outcome: Outcome, best: str, test: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Trials that cannot be told from the best: on test prompts where measured, else validation."""
    name = spec.metric.name
    others = [trial for trial in _complete(outcome, name) if trial != best]
    finals = [Evaluation.from_dict(test[trial]) for trial in others if trial in test]
    rest = [Evaluation.from_dict(outcome.last[trial]) for trial in others if trial not in test]
    level = 1 - (1 - LEVEL) / 2 if finals and rest else LEVEL  # two families of comparisons
    try:
        found = tied(Evaluation.from_dict(test[best]), finals, name, level)
        found += tied(Evaluation.from_dict(outcome.last[best]), rest, name, level)
    except (UserError, ValueError):
        # A number of the whole set, such as distinct_2, or none at all: nothing can be told apart.
        found = others
    return [best, *sorted(found)]


LEVEL = 0.95


def _shared(a: Evaluation, b: Evaluation, metric: str) -> bool:
    """Whether there is a prompt to which both gave a reply with this number."""
    theirs = dict(zip(b.prompt_ids, b.scores.get(metric, ()), strict=False))
    own = zip(a.prompt_ids, a.scores[metric], strict=True)
    return any(each is not None and theirs.get(name) is not None for name, each in own)


def _differences(
    best: str, baselines: Mapping[str, Mapping[str, Any]], test: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The winner minus each baseline on the same test prompts, for every per-prompt metric."""
    winner = Evaluation.from_dict(test[best])
    rivals = {name: Evaluation.from_dict(baselines[name]["test"]) for name in BASELINES}
    return {
        f"vs_{name}": {
            metric: compare(winner, rival, metric).as_dict()
            for metric in winner.scores
            if _shared(winner, rival, metric)
        }
        for name, rival in rivals.items()
    }
