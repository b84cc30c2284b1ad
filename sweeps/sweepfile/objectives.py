"""What the objective and the loss of a sweep leave to be set and searched; the rest is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from empathy.families import FAMILIES
from empathy.metrics import METRICS
from sweeps.sweepfile.limits import REFEREED
from sweeps.sweepfile.reading import SettingError

if TYPE_CHECKING:
    from sweeps.sweepfile.spec import SweepSpec

OF_PREFERENCES = ("beta", "label_smoothing", "loss")


def check_objective(spec: SweepSpec) -> None:
    """`objective: sft` has neither a tie to a reference nor pairs, hence none of their settings.

    Raises `SettingError` for one that is set or searched, and for a curve that nobody reports.
    """
    if spec.objective == "dpo":
        return
    for name in OF_PREFERENCES:
        for group, given in (("parameters", spec.parameters), ("training", _set_by_hand(spec))):
            if name in given:
                raise SettingError(
                    f"{group}.{name}",
                    "is given, but objective is 'sft', which has no preference loss; leave it out, "
                    "or set objective to dpo",
                )
    for name in (aim.name for aim in spec.metric.aims if aim.name.startswith("rewards/")):
        raise SettingError(
            "metric.name",
            f"is '{name}', which objective 'sft' does not have; "
            f"take one of {', '.join(searchable(spec))}",
        )


def searchable(spec: SweepSpec) -> list[str]:
    """The metrics that this sweep may search: directed, not the referee's, and on one scale for all
    its trials. What an error recommends must not be refused next."""
    unsteady = {"loss"} if "label_smoothing" in spec.searched else set()
    return [
        each.name
        for each in METRICS.values()
        if each.goal
        and each.name not in REFEREED
        and each.name not in unsteady
        and not (each.beta_dependent and "beta" in spec.searched)
        and not (each.name.startswith("rewards/") and spec.objective == "sft")
    ]


def _set_by_hand(spec: SweepSpec) -> set[str]:
    return spec.training.model_fields_set


def check_quantization(spec: SweepSpec) -> None:
    """A base that the winner must carry with it cannot be written from four bits.

    Raises `SettingError` for a family whose warm start trains all weights.
    """
    if spec.quantization == "4bit" and FAMILIES[spec.family].warm_start == "full":
        raise SettingError(
            "quantization",
            f"is 4bit, but the warm start of family {spec.family} changes all weights, which the "
            "winner carries in full precision; leave it at none",
        )


def check_label_smoothing(spec: SweepSpec) -> None:
    """Label smoothing belongs to the loss `robust`, which without it is `sigmoid` under a new name.

    Raises `SettingError` for one without the other.
    """
    searched, loss = spec.parameters.get("label_smoothing"), spec.training.loss
    field = f"{'parameters' if searched else 'training'}.label_smoothing"
    values = searched.ends if searched else (spec.training.label_smoothing,)
    shares = [float(value) for value in values]
    if loss != "robust" and max(shares) > 0:
        raise SettingError(
            field, f"is up to {max(shares)}, but training.loss is '{loss}'; only 'robust' has it"
        )
    if loss == "robust" and min(shares) == 0:
        raise SettingError(
            field,
            "is 0, but training.loss is 'robust', which needs a share of wrong labels above 0 and "
            "under 0.5, such as 0.1; with 0 it is 'sigmoid'",
        )
    if "loss" in [aim.name for aim in spec.metric.aims] and "label_smoothing" in spec.searched:
        raise SettingError(
            "metric.name",
            "is 'loss', whose scale changes with label_smoothing, while that is searched; "
            "take a number of generated replies, such as empathy",
        )
