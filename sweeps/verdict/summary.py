"""Which trial wins, by how much and how surely: chosen by validation, judged by test.

Only trials that trained to the end compete: a stopped one was not trained as long, so it is neither
best nor tied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from empathy.compare import both_scored, compare, tied
from empathy.errors import UserError
from empathy.evaluate import GEOMETRIC, Evaluation
from sweeps.record.observers import BASELINES, of_search
from sweeps.sweepfile.spec import SweepSpec
from sweeps.verdict.finalists import Again, Outcome, complete
from sweeps.verdict.repeats import Repeated, seeds_part, tied_finalists
from sweeps.verdict.safe_winner import choose, in_summary, without_unsafe


def summarise(
    spec: SweepSpec,
    outcome: Outcome,
    baselines: Mapping[str, Mapping[str, Any]],
    test: Mapping[str, Mapping[str, Any]],
    *,
    again: Sequence[Again] = (),
    safety: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The content of summary.json.

    The winner is the best finalist on validation prompts that is not unsafe (`safe_winner`).
    `again` are the finalists' trainings with other seeds; those trained to the end are in `test`.
    """
    states = [state for trial, state in outcome.states.items() if of_search(trial)]
    ranked = [trial for trial in test if of_search(trial)]  # in the order of `finalists`
    repeated = Repeated(ranked, again, test)
    choice = choose(ranked, safety)
    best = choice.best
    ties = _tied(spec, outcome, best, test, repeated) if best else []
    return {
        "sweep": spec.name,
        "metric": spec.metric.model_dump(),
        "trials": len(states),
        "completed": states.count("completed"),
        "stopped_early": states.count("stopped"),
        "failed": states.count("failed"),
        "baselines": {name: {"metrics": baselines[name]["test"]["metrics"]} for name in BASELINES},
        "best": _finalist(outcome, best, test) if best else None,
        "finalists": [_finalist(outcome, trial, test) for trial in ranked],
        "tied": without_unsafe(ties, safety),
        "tied_barred": [trial for trial in ties if trial not in without_unsafe(ties, safety)],
        "differences": _differences(best, baselines, test) if best else {},
        "seeds": seeds_part(spec.metric.name, best, repeated, outcome, baselines),
        "safety": in_summary(safety, choice),
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
    spec: SweepSpec,
    outcome: Outcome,
    best: str,
    test: Mapping[str, Mapping[str, Any]],
    repeated: Repeated,
) -> list[str]:
    """Trials that cannot be told from the best: on test prompts where measured, else validation.

    With 95 % confidence or more, no trial at least as good as the best one is missing here. The
    validation prompts chose the best one, which costs more there than on test prompts.
    """
    name = spec.metric.name
    trained = complete(outcome, name)
    others = [trial for trial in trained if trial != best]
    finals = [Evaluation.from_dict(test[trial]) for trial in others if trial in test]
    rest = [Evaluation.from_dict(outcome.last[trial]) for trial in others if trial not in test]
    level = 1 - (1 - LEVEL) / 2 if finals and rest else LEVEL  # two families of comparisons
    try:
        if best in repeated.several:
            found = tied_finalists(name, repeated, best, level)
        else:
            found = tied(Evaluation.from_dict(test[best]), finals, name, level)
        seen = Evaluation.from_dict(outcome.last[best])
        found += tied(seen, rest, name, level, among=len(trained))
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
            if metric not in GEOMETRIC and both_scored(winner, rival, metric)
        }
        for name, rival in rivals.items()
    }
