"""Which guards a trial breaks, by how much and how surely.

A limit that is relative to the SFT model or to the human replies is turned into a plain number once
these are measured, for each split by itself. What was not measured breaks nothing and is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal, NamedTuple

from sweeps.record.ledger import Figure, Record, Trial, figures
from sweeps.record.wording import named, said
from sweeps.sweepfile.limits import Form, Guards, Limit, Rival, rival, side

Split = Literal["validation", "test"]
SPLITS: tuple[Split, ...] = ("validation", "test")
Figures = Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of what a number may be."""

    metric: str
    form: Form
    given: float
    """As the sweep file says it."""
    limit: float
    """The number itself: `given`, added to the rival's where the form is relative."""

    @property
    def name(self) -> str:
        """Such as "relevance.min_minus_sft"."""
        return f"{self.metric}.{self.form}"

    def excess(self, value: float) -> float:
        """How far a value lies beyond the limit; 0 or less where it keeps it."""
        return value - self.limit if side(self.form) == "max" else self.limit - value


class Break(NamedTuple):
    """A guard that is broken. `sure` where all of the number's interval lies beyond the limit."""

    bound: Bound
    figure: Figure
    sure: bool

    def __str__(self) -> str:
        """Such as "relevance 72 % [67, 77], at least 84 % (SFT's)"."""
        bound = self.bound
        least = {"min": "at least", "max": "at most"}[side(bound.form)]
        limit = said(Figure(bound.limit), bound.metric).partition(",")[0]
        return f"{named(bound.metric)} {said(self.figure, bound.metric)}, {least} {limit}" + (
            f" ({_relative(bound)})" if rival(bound.form) else ""
        )


def _relative(bound: Bound) -> str:
    of = {"sft": "SFT's", "human": "the human replies'"}[rival(bound.form) or "sft"]
    change = said(Figure(bound.given), bound.metric, difference=True).partition(",")[0]
    return f"{of} {change}" if bound.given else of


@dataclass(frozen=True, slots=True)
class Guarded:
    """The guards of a sweep as numbers, by split."""

    enforce: bool = False
    bounds: Mapping[Split, tuple[Bound, ...]] | None = None
    limits: Mapping[str, Limit] = field(default_factory=dict)
    """As the sweep file gives them, also where the rival's number is missing."""

    def of(self, split: Split) -> tuple[Bound, ...]:
        """The bounds on a split's prompts."""
        return (self.bounds or {}).get(split, ())

    @property
    def constraints(self) -> tuple[Bound, ...]:
        """What the search must keep to; nothing where the guards are only reported."""
        return self.of("validation") if self.enforce else ()

    def barred(self, metrics: Mapping[str, Any]) -> bool:
        """Whether validation numbers keep a trial from winning."""
        return any(broken(self.constraints, figures(metrics)))


NO_GUARDS = Guarded()


def of_study(settings: Guards, ready: Mapping[str, Any]) -> Guarded:
    """The guards of a sweep whose study a host has prepared."""
    sft, human = ready["baselines"]["sft"], ready["facts"].get("human", {})
    return Guarded(
        settings.enforce,
        {
            split: bounds(
                settings.limits,
                sft=figures(sft.get(split, {}).get("metrics", {})),
                human=figures(human.get(split, {})),
            )
            for split in SPLITS
        },
        settings.limits,
    )


def of_record(record: Record) -> Guarded:
    """The guards of a sweep on disk, as far as SFT and human replies are measured."""
    settings = Guards.model_validate(record.manifest["settings"].get("guards", {}))
    human = record.manifest.get("human", {})
    sft = next((trial for trial in record.trials if trial.trial_id == "sft"), Trial("sft"))
    measured: dict[Split, Figures] = {"validation": sft.metrics, "test": sft.test}
    return Guarded(
        settings.enforce,
        {
            split: bounds(settings.limits, sft=own, human=figures(human.get(split, {})))
            for split, own in measured.items()
        },
        settings.limits,
    )


def bounds(limits: Mapping[str, Limit], *, sft: Figures, human: Figures) -> tuple[Bound, ...]:
    """The limits as numbers, without those whose rival has none."""
    rivals: dict[Rival, Figures] = {"sft": sft, "human": human}
    return tuple(
        Bound(metric, form, given, given + (rivals[of][metric].value if of else 0.0))
        for metric, limit in limits.items()
        for form, given in limit.given.items()
        for of in [rival(form)]
        if of is None or metric in rivals[of]
    )


def broken(
    bounds: Sequence[Bound], metrics: Figures, changes: Figures | None = None
) -> list[Break]:
    """The bounds that numbers break. `changes` are their paired differences to SFT, where known.

    A break is sure by the interval of such a difference or of the number itself; the limit that a
    rival sets is else taken as known.
    """
    return [
        Break(bound, metrics[bound.metric], _sure(bound, metrics[bound.metric], changes or {}))
        for bound in bounds
        if bound.metric in metrics and bound.excess(metrics[bound.metric].value) > 0
    ]


def _sure(bound: Bound, figure: Figure, changes: Figures) -> bool:
    change = changes.get(bound.metric) if rival(bound.form) == "sft" else None
    shift = 0.0 if change is None else bound.limit - bound.given  # SFT's own number
    ends = figure if change is None else change
    near = ends.low if side(bound.form) == "max" else ends.high
    return near is not None and bound.excess(near + shift) > 0


def excesses(bounds: Sequence[Bound], values: Mapping[str, Any]) -> dict[str, float]:
    """Optuna's constraints by name: over 0 where broken, in parts of the limit.

    Parts, because Optuna adds the excesses of several constraints, and nats are no shares.
    """
    known = ((bound, values.get(bound.metric)) for bound in bounds)
    return {
        bound.name: bound.excess(float(value)) / (abs(bound.limit) or 1.0)
        for bound, value in known
        if isinstance(value, int | float) and isfinite(value)
    }


def open_guards(
    limits: Mapping[str, Limit], bounds: Sequence[Bound], metrics: Mapping[str, Any]
) -> list[str]:
    """Guards of which nothing can be said: the number, or what it is held to, was not measured."""
    judged = {bound.name for bound in bounds if bound.metric in metrics}
    wanted = [f"{name}.{form}" for name, each in limits.items() for form in each.given]
    return [name for name in wanted if name not in judged]


def summary(
    settings: Guards, found: Guarded, measured: Mapping[Split, Mapping[str, Mapping[str, Any]]]
) -> dict[str, Any]:
    """The part of summary.json. `measured` are metrics by split and trial."""
    return {"enforced": found.enforce} | {
        split: {
            "limits": {each.name: each.limit for each in found.of(split)},
            "trials": {
                trial: {
                    "broken": [b.bound.name for b in broken(found.of(split), figures(metrics))],
                    "not_measured": open_guards(settings.limits, found.of(split), figures(metrics)),
                }
                for trial, metrics in measured.get(split, {}).items()
            },
        }
        for split in SPLITS
    }
