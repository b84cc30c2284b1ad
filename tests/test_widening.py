"""Where to search next. Every suggestion is one that a sweep takes.

python -m pytest tests/test_widening.py
"""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from sweeps.report.widening import longer, wider
from sweeps.sweepfile import spec

LOG: dict[str, Any] = {"distribution": "log_uniform_values", "min": 5e-5, "max": 5e-4}


def value(option: str) -> str:
    """What stands behind --set, as a shell gives it."""
    flag, given = shlex.split(option)
    assert flag == "--set"
    return given


def test_a_logarithmic_range_grows_by_half_a_decade() -> None:
    assert wider("learning_rate", LOG, up=True) == "--set parameters.learning_rate.max=0.0015"
    # 5e-5 / 3 is 1.67e-5
    assert wider("learning_rate", LOG, up=False) == "--set parameters.learning_rate.min=0.000017"


def test_a_plain_range_grows_by_its_own_width() -> None:
    ranges = {"min": 1.0, "max": 3.0}
    assert wider("lora_alpha", ranges, up=True) == "--set parameters.lora_alpha.max=5.0"
    whole = {"distribution": "int_uniform", "min": 10, "max": 30}
    assert wider("warmup_steps", whole, up=True) == "--set parameters.warmup_steps.max=50"


def test_an_end_goes_no_further_than_the_setting_itself() -> None:
    # The whole width under 10 is -10, half of it 0, which warmup may be.
    whole = {"distribution": "int_uniform", "min": 10, "max": 30}
    assert wider("warmup_steps", whole, up=False) == "--set parameters.warmup_steps.min=0"
    assert wider("weight_decay", {"min": 0.0, "max": 0.1}, up=False) is None
    # label_smoothing must be less than 0.5: 0.8 and 0.6 are not, 0.5 neither, 0.45 is.
    smoothing = wider("label_smoothing", {"min": 0.0, "max": 0.4}, up=True)
    assert smoothing == "--set parameters.label_smoothing.max=0.45"


def test_a_list_gets_the_next_number_of_its_row() -> None:
    ranks = "parameters.lora_rank.values="
    assert value(longer("lora_rank", [8, 16, 32], up=True) or "") == f"{ranks}[8, 16, 32, 64]"
    assert value(longer("lora_rank", [8, 16, 32], up=False) or "") == f"{ranks}[4, 8, 16, 32]"
    assert longer("lora_rank", [1, 2, 4], up=False) is None  # a rank of a half
    decays = longer("weight_decay", [0.0, 0.1, 0.2], up=True)
    assert value(decays or "") == "parameters.weight_decay.values=[0.0, 0.1, 0.2, 0.4]"
    assert longer("weight_decay", [0.0, 0.1, 0.2], up=False) is None


@pytest.mark.parametrize("up", [True, False])
def test_every_suggestion_is_one_that_a_sweep_takes(up: bool) -> None:
    demo = spec.load("demo")
    for name, parameter in demo.parameters.items():
        ranges = parameter.model_dump()
        option = longer(name, ranges["values"], up=up) if ranges["values"] else wider(
            name, ranges, up=up
        )  # fmt: skip
        assert option is not None
        changed = spec.load("demo", [value(option)]).parameters[name]
        assert changed.ends != parameter.ends
        assert set(parameter.choices or ()) <= set(changed.choices or ())
