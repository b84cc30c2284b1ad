"""Which sweeps may stand in one comparison: what is refused, and what a reader must be told.

Refused is whatever makes numbers incomparable: other test prompts, another way to answer them,
another scorer. Unequal effort is compared, and told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import isclose
from typing import Any

from empathy.errors import UserError
from empathy.metrics import METRICS
from sweeps.comparison.folders import Sweep
from sweeps.record.wording import named, setting

MADE_THE_PROMPTS = ("data.corpora", "data.context_turns", "data.min_words",
                    "evaluation.test_prompts")  # fmt: skip
MADE_THE_REPLIES = ("evaluation.temperature", "evaluation.max_new_tokens", "evaluation.seed")
EFFORT = {
    "training.max_steps": "optimizer steps of a trial",
    "training.batch_size": "replies or pairs in a step",
    "training.gradient_accumulation": "forward passes in a step",
    "run_cap": "trials searched at most",
    "evaluation.validation_prompts": "validation prompts, which choose the winner",
    "training.max_prompt_tokens": "tokens of a prompt that the model sees",
}
"""Settings that a fair rival shares, with what they are."""
STARTS = ("warm_start.steps", "warm_start.learning_rate", "warm_start.batch_size")


def check(sweeps: Sequence[Sweep]) -> None:
    """Raises UserError for the first thing that makes two of the sweeps incomparable."""
    for sweep in sweeps:
        _has_scores(sweep)
    for first, second in combinations(sweeps, 2):
        for compared in (_same_metric, _same_settings, _same_prompts, _same_scorers):
            compared(first, second)


def metric_of(sweep: Sweep) -> tuple[str, str]:
    """The sweep's metric and goal."""
    found = sweep.manifest["metric"]
    return found["name"], found["goal"]


def _has_scores(sweep: Sweep) -> None:
    name, _ = metric_of(sweep)
    if name not in sweep.sft.scores:
        raise UserError(
            f"{sweep.folder} was searched for {name}, which has no number per prompt, so nothing "
            f"can be compared; known are sweeps for {', '.join(_per_prompt(sweep))}"
        )


def _per_prompt(sweep: Sweep) -> list[str]:
    return [name for name in sweep.sft.scores if name in METRICS and METRICS[name].goal]


def _same_metric(first: Sweep, second: Sweep) -> None:
    ours, theirs = metric_of(first), metric_of(second)
    if ours != theirs:
        raise _unlike(first, second, "metric", " ".join(ours), " ".join(theirs))


def _same_settings(first: Sweep, second: Sweep) -> None:
    for path in (*MADE_THE_PROMPTS, *MADE_THE_REPLIES):
        ours, theirs = first.setting(path), second.setting(path)
        if _known(ours) != _known(theirs):
            raise _unlike(first, second, path, setting(ours), setting(theirs))


def _known(value: Any) -> Any:
    """Corpora in any order are the same."""
    return sorted(value) if isinstance(value, list) else value


def _unlike(first: Sweep, second: Sweep, what: str, ours: str, theirs: str) -> UserError:
    return UserError(
        f"{what} is {ours} in {first.folder} and {theirs} in {second.folder}: compare sweeps that "
        "answered the same test prompts in the same way, or run one of them again"
    )


def _same_prompts(first: Sweep, second: Sweep) -> None:
    """The same test prompts in the same groups, for all policies of both."""
    ours = dict(zip(first.base.prompt_ids, first.base.groups, strict=True))
    for sweep in (first, second):
        for evaluation in filter(None, (sweep.base, sweep.sft, sweep.best)):
            theirs = dict(zip(evaluation.prompt_ids, evaluation.groups, strict=True))
            if theirs != ours:
                alone = len(ours.items() ^ theirs.items())
                raise UserError(
                    f"the {len(ours)} test prompts of {first.folder} and the {len(theirs)} of "
                    f"{sweep.folder} ({evaluation.policy}) differ, {alone} are in one alone: the "
                    "data files or the split changed in between, so run one of them again"
                )


def _same_scorers(first: Sweep, second: Sweep) -> None:
    """The same scorers, by their recorded weights and by how they scored the human replies."""
    ours, theirs = (each.manifest.get("scorers") or {} for each in (first, second))
    for name in ours.keys() & theirs.keys():
        if ours[name] != theirs[name]:
            raise _other_scorer(first, second, f"scorer '{name}' has other weights")
    humans = [each.manifest.get("human", {}).get("test", {}) for each in (first, second)]
    for name in humans[0].keys() & humans[1].keys():
        values = [human[name]["value"] for human in humans]
        if not isclose(*values, rel_tol=1e-3, abs_tol=1e-3):
            told = f"the same human replies have {named(name)} {values[0]:.3f} and {values[1]:.3f}"
            raise _other_scorer(first, second, told)


def _other_scorer(first: Sweep, second: Sweep, told: str) -> UserError:
    return UserError(
        f"{first.folder} and {second.folder} were not scored alike ({told}): run one of them again "
        "with the version that made the other"
    )


def unequal_effort(dpo: Sweep, rival: Sweep) -> list[str]:
    """Where a rival by SFT had other chances than the DPO it is compared with, in sentences."""
    told = []
    for path, what in EFFORT.items():
        ours, theirs = dpo.setting(path), rival.setting(path)
        if ours != theirs:
            told.append(
                f"{dpo.family}: DPO had {setting(ours)} {what}, SFT continued {setting(theirs)}: "
                "the two are compared, but their effort differs."
            )
    unlike = [path for path in STARTS if dpo.setting(path) != rival.setting(path)]
    if unlike:
        told.append(
            f"{dpo.family}: DPO and SFT continued began with different warm starts "
            f"({', '.join(unlike)}), so the difference holds that of their starts as well."
        )
    return told


def unequal_families(arms: Mapping[str, Sweep]) -> list[str]:
    """Where the DPO sweeps, by name, were searched or measured in unequal ways."""
    told = []
    for what, value in BETWEEN_FAMILIES.items():
        found = {name: value(each) for name, each in arms.items()}
        if len({str(each) for each in found.values()}) > 1:
            listed = ", ".join(f"{setting(each)} ({name})" for name, each in found.items())
            told.append(f"The DPO sweeps differ in {what}: {listed}.")
    return told


def _mix(schemes: Any) -> str:
    weights = sorted((schemes or {}).items())
    return ", ".join(f"{name} {setting(weight)}" for name, weight in weights)


BETWEEN_FAMILIES: dict[str, Callable[[Sweep], Any]] = {
    "optimizer steps of a trial": lambda sweep: sweep.setting("training.max_steps"),
    "trials": lambda sweep: sweep.summary.get("trials"),
    "pair schemes": lambda sweep: _mix(sweep.setting("data.schemes")),
    "replies sampled per prompt to rank": lambda sweep: sweep.setting("data.candidates"),
    "DPO's loss": lambda sweep: sweep.setting("training.loss"),
    "tokens of a prompt at most": lambda sweep: sweep.setting("training.max_prompt_tokens"),
    "device": lambda sweep: sweep.manifest.get("weights", {}).get("device"),
    "version of the code": lambda sweep: str(sweep.manifest.get("commit"))[:9],
}
"""What a comparison of families assumes to be equal, and how it is read."""
