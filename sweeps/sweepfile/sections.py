"""The groups of a sweep file that belong to the search and the machine, not to a trial."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from empathy.settings import NotNegative, Positive, Section, ZeroSettings
from sweeps.sweepfile.reading import SettingError, shown


class Aim(Section):
    """A number and where it should go."""

    name: str
    """One of `empathy.metrics.METRICS`, measured on validation prompts."""
    goal: Literal["maximize", "minimize"]


class MetricChoice(Aim):
    """What the search is after. A list in the file is the first of them and `also` the others."""

    also: tuple[Aim, ...] = ()
    """Searched beside the first: trials make a Pareto front, of which the first metric's best wins.
    """

    @property
    def aims(self) -> tuple[Aim, ...]:
        """All of them, the first one first."""
        return (self, *self.also)


def first_of_list(given: object) -> object:
    """`metric: [a, b, c]` as a with `also` b and c. Raises `SettingError` for other lists."""
    if isinstance(given, dict) and isinstance(given.get("also"), list):  # as a manifest says it
        return {**given, "also": tuple(given["also"])}
    if not isinstance(given, list):
        return given
    for each in given or [None]:
        if not isinstance(each, dict) or set(each) != set(Aim.model_fields):
            raise SettingError(
                "metric",
                f"holds {shown(each)}; each entry of a list is of the form "
                "{name: empathy, goal: maximize}",
            )
    return {**given[0], "also": tuple(given[1:])}


class EarlyTerminate(Section):
    """Trials that fall behind are stopped: W&B's hyperband, run as asynchronous halving (ASHA).

    At `min_iter` optimizer steps, and again at `eta` times as many each time, a trial goes on only
    if it is among the best 1/eta of those that got there before it. The longest is
    `training.max_steps`.
    """

    type: Literal["hyperband"]
    min_iter: Positive
    """Optimizer steps before the first decision; a multiple of `evaluation.report_every`."""
    eta: Annotated[int, Field(ge=2)] = 3
    """One in how many trials goes on."""


class Finalists(Section):
    """Who is judged on test prompts when the search is over, and how often each is trained."""

    top: Positive = 3
    """The best trials by validation."""
    seeds: Positive = 3
    """Trainings of each: the search's own and, from 2 on, others of the same settings with fresh
    seeds, for the best of many noisy trials flatters itself."""


class Resources(Section):
    """What a sweep may use of the machine."""

    lanes: Positive | Literal["auto"] = "auto"
    """Trials trained together on one device."""
    hosts: Positive | Literal["auto"] = "auto"
    """Devices to train on, each with its own copy of the base model: auto takes every GPU that the
    cluster has when the sweep starts, or one device per node where trials train on CPUs. A number
    may be more than that: an autoscaler brings the rest."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto takes the GPU where there is one."""
    gpu_memory_gib: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] | None = None
    """Memory of a GPU, with which engine auto reckons; None asks nvidia-smi on this machine."""
    price_per_hour: NotNegative | None = None
    """What an hour of one device costs, in any currency, for the plan and the report; None: nobody
    says. `--price-per-hour` sets it."""
    silence_minutes: Positive = 60
    """A host that does not answer for so long, or spends it on one step or evaluation, is taken to
    hang: it is ended, and its trials go on elsewhere from their checkpoints. So are workers of
    engine zero that finish no step for so long; the second time their trial ends as failed."""


class Zero(ZeroSettings):
    """How engine zero spreads a trial over several devices."""

    workers: Positive = 2
    """Processes of one trial, each with a device: on one node where they fit."""


class Tracking(Section):
    """Weights & Biases. Results are always on disk as well."""

    mode: Literal["auto", "online", "offline", "disabled"] = "auto"
    """auto is online where an API key is known, and offline elsewhere."""
    project: Annotated[str, Field(min_length=1)] = "empathy"
    entity: str | None = None
    """Team or user; None means the default of the API key."""
