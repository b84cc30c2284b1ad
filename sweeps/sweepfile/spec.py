"""A sweep file as typed, checked settings. No torch, no Ray: reading a sweep takes no GPU stack.

The fields that Weights & Biases has (`description method metric parameters early_terminate
run_cap`) carry its names and meaning; the other groups are ours. Whatever cannot work is refused
here, before any model is loaded, in one sentence: where, what was given, what is allowed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from empathy import schemes
from empathy.errors import UserError
from empathy.families import FAMILIES
from empathy.metrics import METRICS
from empathy.settings import (
    DataSettings,
    EvaluationSettings,
    JudgeSettings,
    Objective,
    Positive,
    Quantization,
    Section,
    TrainingSettings,
    TrialSettings,
    WarmStartSettings,
)
from sweeps.sweepfile import data_checks, family_checks, judging, privacy, space
from sweeps.sweepfile.complaints import complaint
from sweeps.sweepfile.limits import REFEREED, Guards, check_guards
from sweeps.sweepfile.manifest import MANIFEST, read_manifest
from sweeps.sweepfile.objectives import (
    check_label_smoothing,
    check_objective,
    check_quantization,
    searchable,
)
from sweeps.sweepfile.reading import SettingError, nearest, overridden, read, shown
from sweeps.sweepfile.sections import (
    Aim,
    EarlyTerminate,
    Finalists,
    MetricChoice,
    Resources,
    Tracking,
    Zero,
    first_of_list,
)
from sweeps.sweepfile.space import Parameter, Scalar
from sweeps.sweepfile.zero_checks import check_engine

FOLDER = Path(__file__).parent.parent


class SweepSpec(Section):
    """Everything a sweep file says."""

    name: str
    """The file's name without its ending; not a key of the file."""
    description: str
    """One line for `--list` and the report."""
    method: Literal["bayes", "random", "grid"] = "bayes"
    """bayes is Optuna's TPE; grid takes every combination of `values`."""
    metric: Annotated[MetricChoice, BeforeValidator(first_of_list)]
    """One, or a list: then all are searched, and the first decides on the Pareto front."""
    parameters: Annotated[dict[str, Parameter], Field(min_length=1)]
    early_terminate: EarlyTerminate | None = None
    run_cap: Positive | None = None
    """Trials at most; a grid without it runs whole."""
    family: str
    """One of `empathy.families.FAMILIES`."""
    objective: Objective = "dpo"
    """dpo learns from preference pairs, sft from the human replies alone."""
    quantization: Quantization = "none"
    """4bit: QLoRA, which needs a CUDA GPU and bitsandbytes."""
    model: Annotated[str, Field(min_length=1)] = "auto"
    """Hub id, folder, `package:NAME`, or auto: the family's hub preset, else its package."""
    new_head: Literal["tied"] | None = None
    """tied: a checkpoint without a language-model head gets one, tied to its embeddings."""
    data: DataSettings = DataSettings()
    warm_start: WarmStartSettings = WarmStartSettings()
    training: TrainingSettings = TrainingSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    guards: Guards = Guards()
    finalists: Finalists = Finalists()
    judges: JudgeSettings = JudgeSettings()
    """Who compares the finalists' replies with the SFT model's and the human ones."""
    resources: Resources = Resources()
    engine: Literal["auto", "lanes", "zero"] = "auto"
    """lanes: many trials on one device; zero: one trial over several, by DeepSpeed ZeRO; auto takes
    zero where one lane is estimated not to fit a GPU, and the plan says why."""
    zero: Zero = Zero()
    """How engine zero spreads a trial."""
    tracking: Tracking = Tracking()
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Seed of the search: which settings are tried. Training and evaluation have their own."""

    @model_validator(mode="after")
    def _refuse_what_cannot_work(self) -> SweepSpec:
        for name, parameter in self.parameters.items():
            space.check(name, parameter)
        for check in CHECKS:
            check(self)
        return self

    @property
    def searched(self) -> tuple[str, ...]:
        """Names of the parameters in which trials differ."""
        return tuple(name for name, parameter in self.parameters.items() if parameter.searched)

    @property
    def report_steps(self) -> tuple[int, ...]:
        """Steps at which a trial is measured: every `report_every`, and the last."""
        every, last = self.evaluation.report_every, self.training.max_steps
        return (*range(every, last, every), last)


def trial_settings(spec: SweepSpec, parameters: Mapping[str, Scalar]) -> TrialSettings:
    """The settings of one trial: the sweep's training section with `parameters` put over it.

    Raises `UserError` for a name that is no setting of a trial or a value it cannot have.
    """
    base = {name: getattr(spec.training, name) for name in TrialSettings.model_fields}
    try:
        return TrialSettings.model_validate({**base, **parameters})
    except ValidationError as error:
        raise UserError(complaint(error, TrialSettings, {**parameters}, "trial", {})) from error


def names() -> list[str]:
    """The sweeps that ship: every YAML file in this folder."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(name_or_path: str, overrides: Sequence[str] = ()) -> SweepSpec:
    """The sweep of that name, in that file, or with the results in that folder, with each
    `key=value` of `overrides` applied.

    Raises `UserError`, one sentence, for anything in it that cannot work.
    """
    path = _find(name_or_path)
    source = f"sweeps/{path.name}" if path.parent == FOLDER else str(path)
    given = read_manifest(path).get("given") if path.is_dir() else read(path, source)
    if not isinstance(given, dict):
        raise UserError(f"{source}: its manifest.json does not say how the sweep was given")
    name = str(given.pop("name", path.stem)) if path.is_dir() else path.stem
    tree, by_key = overridden(given, overrides)
    if "name" in tree:
        raise UserError(f"{source}: 'name' is no key; a sweep is named after its file")
    try:
        # JSON mode is strict (true is no number, 2.5 no whole one) yet takes a list for a tuple.
        text = json.dumps({"name": name, **tree}, default=str)
        return SweepSpec.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise UserError(complaint(error, SweepSpec, tree, source, by_key)) from error


def _find(name_or_path: str) -> Path:
    if name_or_path in names():
        return FOLDER / f"{name_or_path}.yaml"
    path = Path(name_or_path).expanduser()
    if path.suffix in {".yaml", ".yml"} or (path / MANIFEST).is_file():
        return path
    raise UserError(
        f"unknown sweep '{name_or_path}'; {nearest(name_or_path, names())} "
        "(or give the path of a .yaml file, or of a results folder)"
    )


def _check_family(spec: SweepSpec) -> None:
    if spec.family not in FAMILIES:
        raise SettingError("family", f"is '{spec.family}'; {nearest(spec.family, FAMILIES)}")


def _check_schemes(spec: SweepSpec) -> None:
    problem = schemes.problem(spec.data)
    if problem is not None:
        raise SettingError("data.schemes", problem)


def _check_metric(spec: SweepSpec) -> None:
    names = [aim.name for aim in spec.metric.aims]
    for aim in spec.metric.aims:
        if names.count(aim.name) > 1:
            raise SettingError("metric", f"names '{aim.name}' twice; name each metric once")
        _check_aim(spec, aim)
    if spec.metric.also and spec.early_terminate:
        raise SettingError(
            "early_terminate",
            f"is given, but metric is a list ({', '.join(names)}): halving by one of them would "
            "stop trials that lead in another; set early_terminate to null, or search one metric",
        )


def _check_aim(spec: SweepSpec, aim: Aim) -> None:
    name, goal = aim.name, aim.goal
    able = searchable(spec)
    if name not in METRICS:
        raise SettingError(
            "metric.name", f"is '{name}', which nobody reports; {nearest(name, able)}"
        )
    metric = METRICS[name]
    if name in REFEREED:
        raise SettingError(
            "metric.name",
            f"is '{name}', which the referee judges: what it judges must not drive the search; "
            f"take one of {', '.join(able)}",
        )
    if metric.goal is None:
        raise SettingError(
            "metric.name",
            f"is '{name}', of which neither more nor less is better; known: {', '.join(able)}",
        )
    if metric.beta_dependent and "beta" in spec.searched:
        raise SettingError(
            "metric.name",
            f"is '{name}', whose scale changes with beta, while beta is searched; "
            f"take one of {', '.join(able)}",
        )
    if metric.goal != goal:
        raise SettingError(
            "metric.goal", f"is '{goal}'; {name} has the goal {metric.goal}, and only that one"
        )


def _check_parameters(spec: SweepSpec) -> None:
    for name in spec.parameters:
        if name in spec.training.model_fields_set:
            value = getattr(spec.training, name)
            raise SettingError(
                f"training.{name}",
                f"is {shown(value)}, but parameters.{name} decides; leave one of them out, "
                f"or fix it by --set 'parameters.{name}={{value: {value}}}'",
            )
    if {"lora_rank", "lora_alpha"} <= set(spec.searched):
        raise SettingError(
            "parameters.lora_alpha",
            "is searched together with lora_rank, whose effect it would blur; "
            "leave it out and it is twice the rank",
        )
    for name, parameter in spec.parameters.items():
        if spec.method == "grid" and space.continuous(name, parameter):
            raise SettingError(
                f"parameters.{name}",
                "is a continuous range, but method is 'grid'; list its `values`, "
                "or set method to bayes or random",
            )
    if spec.method != "grid" and spec.run_cap is None:
        raise SettingError(
            "run_cap", f"is missing; method '{spec.method}' needs a number of trials"
        )


def _check_steps(spec: SweepSpec) -> None:
    every, last = spec.evaluation.report_every, spec.training.max_steps
    if every > last:
        raise SettingError(
            "evaluation.report_every",
            f"is {every}, beyond the last step of a trial: training.max_steps is {last}; "
            f"it must be {last} or less",
        )
    halving = spec.early_terminate
    if halving and halving.min_iter % every:
        raise SettingError(
            "early_terminate.min_iter",
            f"is {halving.min_iter}; it must be a multiple of evaluation.report_every, "
            f"{every}, for trials are measured only then",
        )
    if halving and halving.min_iter >= last:
        raise SettingError(
            "early_terminate.min_iter",
            f"is {halving.min_iter}; it must be smaller than training.max_steps, {last}; "
            "--set early_terminate=null turns early stopping off",
        )
    searched = spec.parameters.get("warmup_steps")
    field = "parameters" if searched else "training"
    longest = max(searched.ends) if searched else spec.training.warmup_steps
    if int(longest) >= last:
        raise SettingError(
            f"{field}.warmup_steps",
            f"is up to {longest}; it must be smaller than training.max_steps, {last}",
        )


def _check_lengths(spec: SweepSpec) -> None:
    prompt, length = spec.training.max_prompt_tokens, spec.training.max_length
    if prompt >= length:
        raise SettingError(
            "training.max_prompt_tokens",
            f"is {prompt}; it must be smaller than training.max_length, {length}, "
            "or no token is left for the reply",
        )


CHECKS: tuple[Callable[[SweepSpec], None], ...] = (
    _check_family,
    data_checks.check_corpora,
    _check_schemes,
    _check_metric,
    check_guards,
    check_objective,
    check_label_smoothing,
    check_quantization,
    check_engine,
    _check_parameters,
    _check_steps,
    _check_lengths,
    privacy.check_tracking,
    privacy.check_llm_judge,
    judging.check_judges,
    family_checks.check_positions,
    family_checks.check_new_head,
    family_checks.check_warm_start,
)
