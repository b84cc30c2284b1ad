"""The forecast of memory against what the CPU's allocator hands out in a real step.

python -m pytest tests/test_forecast.py
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny_models import TARGETS
from torch.profiler import ProfilerActivity, profile
from transformers import AutoModelForCausalLM, Gemma3TextConfig, LlamaConfig, PreTrainedConfig

from empathy.lanes.adapters import adapt
from empathy.lanes.engine import LaneEngine, Task
from empathy.lanes.forecast import Forecast, forecast
from empathy.lanes.memory import LaneMemory
from empathy.lanes.rows import Example
from empathy.settings import TrialSettings

SHAPE: dict[str, Any] = {
    "vocab_size": 500, "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 3,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32,
}  # fmt: skip
CONFIGS = {
    "llama": LlamaConfig(**SHAPE),
    "gemma3": Gemma3TextConfig(
        **SHAPE, sliding_window=16,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    ),
}  # fmt: skip
RANK = 16
BATCH = [Example((1,) * 60, ((2,) * 40, (3,) * 30))] * 4


def measured(config: PreTrainedConfig, lanes: int) -> int:
    """Peak bytes that a step's tensors have at a time, with the model and the lanes' rows."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval().requires_grad_(False)
    layout = adapt(model, TARGETS, RANK)
    engine = LaneEngine(model, layout, Task(BATCH, torch.zeros(4, 2), "sigmoid", 8, 4), lanes)
    engine.tokens_per_pass = 1 << 20  # all lanes at once, as on a GPU
    numbers = [engine.join(TrialSettings(lora_rank=RANK, seed=seed)) for seed in range(lanes)]
    engine.step(numbers)  # what libraries take once
    held = [*model.parameters(), *model.buffers(), engine.weights, *engine.moments]
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        engine.step(numbers)
    events = found.profiler.kineto_results.events()
    changes = [(e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]"]
    now = most = 0
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    return int(most + sum(tensor.numel() * tensor.element_size() for tensor in held))


@pytest.mark.parametrize("name", CONFIGS)
def test_a_forecast_from_shapes_meets_the_measured_peak_within_5_percent(name: str) -> None:
    config = CONFIGS[name]
    found = forecast(config, TARGETS, RANK, BATCH, "sigmoid", torch.float32)
    one, four = measured(config, 1), measured(config, 4)
    print(f"{name}: {found.memory.of(1):,} for {one:,} and {found.memory.of(4):,} for {four:,}")
    assert found.memory.of(1) == pytest.approx(one, rel=0.05)
    assert found.memory.of(4) == pytest.approx(four, rel=0.05)


def test_weights_and_rows_are_counted_exactly() -> None:
    found = forecast(CONFIGS["llama"], TARGETS, RANK, BATCH, "sigmoid", torch.bfloat16)
    # Per layer q 128x128, k and v 128x64 each, o 128x128, three of 128x256, two norms of 128;
    # embedding and head of 500x128, a norm.
    layer = 2 * 128 * 128 + 2 * 128 * 64 + 3 * 128 * 256 + 2 * 128
    assert found.weights == 2 * (3 * layer + 2 * 500 * 128 + 128)
    # Inputs and outputs of the seven linear layers: q, o 256 each, k, v 192, gate, up, down 384.
    strip = 3 * (2 * 256 + 2 * 192 + 3 * 384)
    assert found.row == 3 * 4 * RANK * strip


def test_a_cpu_trains_some_lanes_after_others() -> None:
    found = Forecast(weights=50, row=5, memory=LaneMemory(100, 30), tokens=400)
    assert found.peak(6, split=False) == 100 + 6 * 30
    assert found.peak(6, split=True) == 100 + 2 * 30 + 4 * 5  # 1024 // 400 lanes in a pass
    assert found.peak(1, split=True) == 130
