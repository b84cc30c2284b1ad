"""The memory of lanes: the line by hand, and its prediction against a real step's peak."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tiny_models import TARGETS, examples
from transformers import AutoModelForCausalLM, LlamaConfig

from empathy.lanes import memory
from empathy.lanes.adapters import adapt
from empathy.lanes.engine import Task
from empathy.lanes.memory import LaneMemory, probe, training_peak
from empathy.study import Study


def test_a_line_through_one_lane_and_two() -> None:
    found = LaneMemory.fit(one=130, two=160)
    assert found == LaneMemory(base=100, per_lane=30)
    assert found.of(5) == 250


@pytest.mark.parametrize(
    ("available", "wanted", "lanes"),
    [
        (1000, 64, 26),  # (900 - 100) / 30
        (1000, 16, 16),
        (120, 16, 1),  # the margin is less than a lane
        (50, 16, 1),
    ],
)
def test_lanes_fill_what_there_is_less_a_margin(available: int, wanted: int, lanes: int) -> None:
    assert LaneMemory(100, 30).fill(available, wanted) == lanes


def test_where_a_lane_adds_nothing_measurable_all_fit() -> None:
    assert LaneMemory(100, 0).fill(1000, 16) == 16


def trained(wanted: int, monkeypatch: pytest.MonkeyPatch, room: int | None) -> tuple[int, Any]:
    """How many lanes a study takes where the device has this much room, and what it notes."""
    monkeypatch.setattr(memory, "available", lambda device: room)
    told: list[str] = []
    study: Any = SimpleNamespace(
        settings=SimpleNamespace(lanes=wanted),
        base=SimpleNamespace(model=SimpleNamespace(device="anywhere")),
        facts={},
        _progress=lambda stage, done, total: told.append(stage),
    )
    lanes = Study._lanes(study, None, None)  # type: ignore[arg-type]  # the probe is replaced
    assert any(stage.startswith("warning: ") for stage in told) is (lanes < wanted)
    return lanes, study.facts.get("lanes")


def test_a_study_takes_as_many_lanes_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "probe", lambda *_: LaneMemory(100, 30))
    measured = {"base_bytes": 100, "per_lane_bytes": 30, "available_bytes": 1000}
    assert trained(64, monkeypatch, 1000) == (26, {"wanted": 64, "fitting": 26, **measured})
    assert trained(8, monkeypatch, 1000)[0] == 8
    assert trained(8, monkeypatch, None) == (8, None)  # a CPU is not probed


def test_where_two_lanes_are_too_many_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> LaneMemory:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(memory, "probe", full)
    facts = {"wanted": 8, "fitting": 1, "available_bytes": 1000}
    assert trained(8, monkeypatch, 1000) == (1, facts)
    monkeypatch.setattr(memory, "probe", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        trained(8, monkeypatch, 1000)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_an_added_lane_takes_what_was_predicted_within_15_percent() -> None:
    config = LlamaConfig(
        vocab_size=500, hidden_size=256, intermediate_size=512, num_hidden_layers=4,
        num_attention_heads=4, num_key_value_heads=4,
    )  # fmt: skip
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval().requires_grad_(False)
    layout = adapt(model, TARGETS, 256)  # a wide one: 70 MB a lane and more
    task = Task(examples(8), torch.zeros(8, 2), "sigmoid", 8, 4)
    training_peak(model, layout, task, 1)  # what libraries take once
    predicted = probe(model, layout, task)
    five, three = (training_peak(model, layout, task, lanes) for lanes in (5, 3))
    measured = (five - three) / 2
    print(f"predicted {predicted.per_lane / 2**20:.1f} MiB, measured {measured / 2**20:.1f} MiB")
    assert predicted.per_lane == pytest.approx(measured, rel=0.15)
    assert predicted.of(5) == pytest.approx(five, rel=0.15)
