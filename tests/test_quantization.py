"""What can be tested of four bits without a GPU: the refusal, and which layers are rounded.

python -m pytest tests/test_quantization.py
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Any

import pytest
import torch
from tiny_models import TARGETS, examples, tiny
from torch import nn

from empathy.checkpoints import quantization
from empathy.errors import UserError
from empathy.lanes.adapters import LaneLinear, adapt
from empathy.lanes.engine import LaneEngine, Task, measure
from empathy.settings import TrialSettings
from empathy.study import Study
from sweeps.planning.handover import study_settings
from sweeps.planning.plan import plan
from sweeps.sweepfile import spec


class Params4bit(nn.Parameter):
    """Rounds at once, where the real one rounds on its way to the GPU."""

    def __new__(cls, data: torch.Tensor, requires_grad: bool, **_: object) -> Any:
        return torch.Tensor._make_subclass(cls, (data * 8).round() / 8, requires_grad)


class Linear4bit(nn.Linear):
    def __init__(self, inputs: int, outputs: int, bias: bool, **options: object) -> None:
        super().__init__(inputs, outputs, bias)
        self.options = options


@pytest.fixture
def bitsandbytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in that rounds to eighths."""
    module: Any = ModuleType("bitsandbytes")
    module.nn = ModuleType("bitsandbytes.nn")
    module.nn.Params4bit, module.nn.Linear4bit = Params4bit, Linear4bit
    monkeypatch.setitem(sys.modules, "bitsandbytes", module)


def test_a_plan_refuses_four_bits_without_a_gpu_and_a_start_does_too() -> None:
    sweep = spec.load("demo", ["quantization=4bit", "resources.device=cpu"])
    (found,) = [each for each in plan(sweep).preflight if each.about == "quantization"]
    assert found.level == "error"
    assert "4 bits need a CUDA GPU, and this runs on the CPU" in found.told
    with pytest.raises(UserError, match="quantization is 4bit, but 4 bits need a CUDA GPU"):
        Study(study_settings(sweep, 1), lambda stage, done, total: None)


def test_a_gpu_without_the_library_says_how_to_get_it() -> None:
    if "bitsandbytes" in sys.modules or importlib.util.find_spec("bitsandbytes"):
        pytest.skip("bitsandbytes is installed")
    assert str(quantization.refusal("cuda")).endswith("pip install bitsandbytes")


def test_a_winner_that_carries_its_base_is_refused() -> None:
    with pytest.raises(UserError, match="quantization is 4bit, but the warm start of family bio"):
        spec.load("dpo_llama", ["family=biobert", "quantization=4bit", "training.max_length=300"])


@pytest.mark.parametrize("warmed", [True, False], ids=["after a warm start", "without one"])
@pytest.mark.usefixtures("bitsandbytes")
def test_all_linear_layers_but_the_vocabulary_are_rounded_and_lanes_train(warmed: bool) -> None:
    model = tiny("llama")
    if warmed:
        adapt(model, TARGETS, rank=2)
    head: Any = model.get_output_embeddings()
    before = {name: p.clone() for name, p in model.named_parameters()}
    quantization.quantise(model)
    rounded = {name for name, module in model.named_modules() if isinstance(module, Linear4bit)}
    assert len(rounded) == 2 * len(TARGETS)
    assert model.get_output_embeddings() is head
    assert not isinstance(head, Linear4bit)
    for name, parameter in model.named_parameters():
        assert not parameter.requires_grad
        exact = name.rpartition(".")[0] not in rounded
        assert torch.equal(parameter, before[name]) is exact

    pairs = examples(4)
    layout = adapt(model, TARGETS, rank=4)
    assert len(layout.layers) == 2 * len(TARGETS)
    assert all(isinstance(layer, LaneLinear) for layer in layout.layers.values())
    task = Task(pairs, measure(model, [pairs])[0], "sigmoid", 4, 4)
    engine = LaneEngine(model, layout, task, 1)
    lane = engine.join(TrialSettings(learning_rate=1e-2, lora_rank=4))
    losses = [engine.step([lane])[0].loss for _ in range(4)]
    assert losses[0] == pytest.approx(0.693147, abs=1e-5)
    assert losses[-1] < losses[0]
