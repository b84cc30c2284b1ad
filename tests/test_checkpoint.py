"""python -m pytest tests/test_checkpoint.py"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_models import TARGETS, examples, tiny

from empathy.errors import UserError
from empathy.lanes import checkpoint
from empathy.lanes.adapters import adapt
from empathy.lanes.engine import LaneEngine, StepReport, Task
from empathy.settings import TrialSettings

MODEL = tiny("llama")
TASK = Task(examples(7), torch.zeros(7, 2), "sigmoid", 6, batch_size=3)
ONE = TrialSettings(
    beta=0.01,
    lora_rank=4,
    learning_rate=1e-2,
    weight_decay=0.1,
    schedule="cosine",
    warmup_steps=2,
    seed=1,
)


def engine(rank: int = 4, lanes: int = 1) -> LaneEngine:
    return LaneEngine(MODEL, adapt(MODEL, TARGETS, rank), TASK, lanes)


def steps(engine: LaneEngine, lane: int, count: int) -> list[StepReport]:
    return [engine.step([lane])[0] for _ in range(count)]


def saved(folder: Path) -> tuple[Path, list[StepReport], torch.Tensor]:
    """A checkpoint after three steps, and what its lane did in the three after it."""
    whole = engine()
    lane = whole.join(ONE)
    steps(whole, lane, 3)
    path = folder / "lane.safetensors"
    checkpoint.save(path, whole.layout, whole.state(lane), ONE)
    return path, steps(whole, lane, 3), whole.state(lane).weights


def test_a_resumed_lane_goes_on_as_if_never_stopped(tmp_path: Path) -> None:
    path, expected, weights = saved(tmp_path)
    resumed = engine(lanes=2)
    resumed.join(TrialSettings(lora_rank=2, seed=9))  # another slot, too
    state, settings = checkpoint.load(path, resumed.layout)
    assert settings == ONE
    assert state.step == 3
    lane = resumed.join(settings, state)
    assert lane == 1
    assert steps(resumed, lane, 3) == expected  # bitwise: the very same floats
    assert torch.equal(resumed.state(lane).weights, weights)


@pytest.mark.parametrize("rank", [5, 16])
def test_a_lane_may_move_to_a_layout_of_another_rank(tmp_path: Path, rank: int) -> None:
    path, expected, weights = saved(tmp_path)
    wide = engine(rank)
    state, settings = checkpoint.load(path, wide.layout)
    found = steps(wide, wide.join(settings, state), 3)
    for one, other in zip(found, expected, strict=True):
        assert one.step == other.step
        numbers = [(r.loss, r.grad_norm, *r.curves.values()) for r in (one, other)]
        torch.testing.assert_close(*numbers, atol=1e-5, rtol=1e-5)
    narrow, lora = engine().layout, wide.layout.lora(wide.state(0).weights, ONE.lora_rank)
    for name, pair in narrow.lora(weights, ONE.lora_rank).items():
        torch.testing.assert_close(lora[name].down, pair.down, atol=1e-6, rtol=1e-4)
        torch.testing.assert_close(lora[name].up, pair.up, atol=1e-6, rtol=1e-4)
    assert (wide.state(0).weights[~wide.layout.used(ONE.lora_rank)] == 0).all()


def test_the_file_holds_no_padding_and_only_settles_whole(tmp_path: Path) -> None:
    narrow, wide = engine(4), engine(12)
    for each, name in ((narrow, "narrow"), (wide, "wide")):
        lane = each.join(ONE)
        each.step([lane])
        checkpoint.save(tmp_path / name, each.layout, each.state(lane), ONE)
    numbers = int(wide.layout.used(ONE.lora_rank).sum())
    for name in ("narrow", "wide"):
        tensors = load_file(tmp_path / name)
        assert {key: tensor.numel() for key, tensor in tensors.items()} == {
            "weights": numbers,
            "first": numbers,
            "second": numbers,
        }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["narrow", "wide"]


def test_a_layout_that_is_too_narrow_refuses_the_lane(tmp_path: Path) -> None:
    path, _, _ = saved(tmp_path)
    with pytest.raises((RuntimeError, ValueError)):
        checkpoint.load(path, engine(rank=2).layout)


def test_a_file_whose_numbers_stand_in_another_order_is_refused(tmp_path: Path) -> None:
    path, _, _ = saved(tmp_path)
    save_file(load_file(path), path, {"step": "2", "settings": ONE.model_dump_json()})
    with pytest.raises(UserError, match="orders its numbers by layers, this version by strips"):
        checkpoint.load(path, engine().layout)


def test_writing_again_replaces_the_file(tmp_path: Path) -> None:
    path, _, _ = saved(tmp_path)
    fresh = engine()
    lane = fresh.join(ONE)
    checkpoint.save(path, fresh.layout, fresh.state(lane), ONE)
    assert checkpoint.load(path, fresh.layout)[0].step == 0


def test_what_is_told_beside_a_lane_is_found_again(tmp_path: Path) -> None:
    path, fresh = tmp_path / "lane.safetensors", engine()
    told = {"curves": {"loss": 0.1234567890123}, "seconds": 1.5}
    checkpoint.save(path, fresh.layout, fresh.state(fresh.join(ONE)), ONE, told)
    assert checkpoint.told(path) == told
    checkpoint.save(path, fresh.layout, fresh.state(0), ONE)
    assert checkpoint.told(path) == {}
