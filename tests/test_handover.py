"""python -m pytest tests/test_handover.py"""

from __future__ import annotations

from sweeps.planning.handover import study_settings
from sweeps.sweepfile import spec


def test_the_layout_is_as_wide_as_the_widest_trial() -> None:
    sweep = spec.load("demo")
    assert (study_settings(sweep, 3).max_rank, study_settings(sweep, 3).lanes) == (32, 3)
    fixed = spec.load("demo", ["parameters.lora_rank={value: 4}"])
    assert study_settings(fixed, 1).max_rank == 4


def test_every_setting_of_the_study_comes_from_the_sweep() -> None:
    changes = [
        *("quantization=4bit", "training.loss=ipo", "resources.device=cpu", "model=org/name"),
        *("warm_start.steps=3", "data.candidates=3"),
    ]
    sweep = spec.load("dpo_llama", changes)
    handed = study_settings(sweep, 2)
    assert (handed.quantization, handed.training.loss, handed.device) == ("4bit", "ipo", "cpu")
    assert (handed.family, handed.model, handed.objective) == ("llama", "org/name", "dpo")
    for group in ("data", "warm_start", "training", "evaluation"):
        assert getattr(handed, group) == getattr(sweep, group)
