"""Which trial wins, by how much and how surely: chosen by validation, judged by test.

Only trials that trained to the end compete: a stopped one was not trained as long, so it is neither
best nor tied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from empathy.compare import compare, tied
from empathy.errors import UserError
from empathy.evaluate import Evaluation
from sweeps.finalists import Outcome, complete
from sweeps.observers import BASELINES, of_search
from sweeps.spec import SweepSpec


def summarise(
    spec: SweepSpec,
    outcome: Outcome,
    baselines: Mapping[str, Mapping[str, Any]],
    test: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """The content of summary.json; the winner is the best finalist on validation prompts."""
    states = [state for trial, state in outcome.states.items() if of_search(trial)]
    ranked = [trial for trial in test if of_search(trial)]  # in the order of `finalists`
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
    others = [trial for trial in complete(outcome, name) if trial != best]
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
            if metric in rival.scores and metric in winner.metrics and metric in rival.metrics
        }
        for name, rival in rivals.items()
    }
