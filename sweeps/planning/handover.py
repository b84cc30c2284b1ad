"""What a sweep hands over to the study that all its trials share. No torch, no Ray."""

from __future__ import annotations

from empathy.settings import StudySettings
from sweeps.sweepfile import judging
from sweeps.sweepfile.spec import SweepSpec


def study_settings(spec: SweepSpec, lanes: int) -> StudySettings:
    """What of the sweep concerns the study; the layout is as wide as the widest trial."""
    searched = spec.parameters.get("lora_rank")
    ranks = searched.ends if searched else (spec.training.lora_rank,)
    return StudySettings(
        family=spec.family,
        objective=spec.objective,
        quantization=spec.quantization,
        model=spec.model,
        new_head=spec.new_head,
        device=spec.resources.device,
        lanes=lanes,
        max_rank=max(int(rank) for rank in ranks),
        data=spec.data,
        warm_start=spec.warm_start,
        training=spec.training,
        evaluation=spec.evaluation,
        judges=judging.chosen(spec),
    )
