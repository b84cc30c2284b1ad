"""What DeepSpeed ZeRO trials cannot do, refused before any model is loaded. No torch, no Ray."""

from __future__ import annotations

from typing import TYPE_CHECKING

from empathy.families import FAMILIES
from sweeps.sweepfile.reading import SettingError

if TYPE_CHECKING:
    from sweeps.sweepfile.spec import SweepSpec


def check_engine(spec: SweepSpec) -> None:
    """Settings of an engine that would go unheard, and what engine zero cannot do.

    Raises `SettingError`.
    """
    if spec.engine == "lanes" and "zero" in spec.model_fields_set:
        raise SettingError(
            "zero", "is given, but engine is 'lanes'; leave it out, or set engine to auto or zero"
        )
    if spec.engine != "zero":
        return
    lacks = lacking(spec)
    if lacks is not None:
        raise lacks
    if spec.resources.lanes != "auto":
        raise SettingError(
            "resources.lanes",
            f"is {spec.resources.lanes}, but engine is 'zero', whose trials share no device; "
            "leave it at auto",
        )


def lacking(spec: SweepSpec) -> SettingError | None:
    """The first setting that engine zero cannot follow; None where it can train the sweep."""
    workers, batch = spec.zero.workers, spec.training.batch_size
    if spec.objective != "dpo":
        return SettingError(
            "objective", f"is '{spec.objective}', which engine zero lacks; take dpo, or lanes"
        )
    if spec.quantization != "none":
        return SettingError(
            "quantization",
            f"is {spec.quantization}, which engine zero cannot split; leave it at none, or set "
            "engine to lanes",
        )
    if FAMILIES[spec.family].head_transform is not None:
        return SettingError(
            "family",
            f"is '{spec.family}', of whose head TRL skips a part; set engine to lanes",
        )
    if batch % workers:
        return SettingError(
            "zero.workers",
            f"is {workers}, among whom a training.batch_size of {batch} pairs cannot be divided; "
            "make the batch a multiple of the workers",
        )
    return None
