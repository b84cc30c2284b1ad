"""Lanes that know nothing of each other.

python -m pytest tests/test_engine.py
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch
from plain_model import replies_logps
from tiny_models import TARGETS, examples, tiny, trained_row
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from empathy.lanes import engine as engine_module
from empathy.lanes.adapters import LaneLinear, adapt
from empathy.lanes.engine import LaneEngine, StepReport, Task, measure
from empathy.lanes.rows import pack
from empathy.settings import TrialSettings

PAIRS = examples(10)
MODEL = {family: tiny(family) for family in ("llama", "gemma")}
REFERENCE = {  # any numbers will do
    family: torch.stack([torch.linspace(-90, -20, 10), torch.linspace(-30, -80, 10)], 1)
    for family in MODEL
}
ONE = TrialSettings(beta=0.1, lora_rank=4, learning_rate=1e-2, weight_decay=0.1, seed=1)
OTHER = TrialSettings(beta=0.5, lora_rank=2, learning_rate=3e-2, warmup_steps=2, seed=2)
THIRD = TrialSettings(beta=0.2, lora_rank=3, schedule="cosine", max_grad_norm=0.1, seed=3)


def engine(
    family: str = "llama", lanes: int = 3, rank: int = 4, accumulation: int = 1
) -> LaneEngine:
    """Two pairs per lane and forward pass."""
    task = Task(PAIRS, REFERENCE[family], "sigmoid", 8, 2, accumulation)
    return LaneEngine(MODEL[family], adapt(MODEL[family], TARGETS, rank), task, lanes)


def train(engine: LaneEngine, lanes: Sequence[int], steps: int) -> dict[int, list[StepReport]]:
    """The curve of each lane."""
    reports = [engine.step(lanes) for _ in range(steps)]
    return dict(zip(lanes, map(list, zip(*reports, strict=True)), strict=True))


def assert_same_curve(found: Sequence[StepReport], expected: Sequence[StepReport]) -> None:
    """Equal to 1e-5, all numbers of every step."""
    assert [report.step for report in found] == [report.step for report in expected]
    for one, other in zip(found, expected, strict=True):
        numbers = [(r.loss, r.grad_norm, r.learning_rate, *r.curves.values()) for r in (one, other)]
        torch.testing.assert_close(*numbers, atol=1e-5, rtol=1e-5)


@pytest.fixture(scope="module")
def alone() -> Mapping[str, list[StepReport]]:
    """The curve of lane ONE with nobody beside it, by family."""
    return {family: train(e, [e.join(ONE)], 4)[0] for family in MODEL for e in [engine(family, 1)]}


@pytest.mark.parametrize("family", MODEL)
def test_a_curve_does_not_depend_on_neighbours_or_slot(
    family: str, alone: Mapping[str, list[StepReport]]
) -> None:
    crowd = engine(family)
    crowd.join(OTHER)
    crowd.join(THIRD)
    mine = crowd.join(ONE)
    assert mine == 2
    curves = train(crowd, [0, 1, 2], 4)
    assert_same_curve(curves[mine], alone[family])
    assert abs(curves[0][-1].loss - curves[mine][-1].loss) > 1e-3  # they are different trials
    assert [report.step for report in alone[family]] == [1, 2, 3, 4]


def test_a_curve_does_not_depend_on_who_joins_and_leaves(
    alone: Mapping[str, list[StepReport]],
) -> None:
    crowd = engine()
    first, mine = crowd.join(OTHER), crowd.join(ONE)
    curve, late_curve = [crowd.step([first, mine])[1]], []
    late = crowd.join(THIRD)
    for order in ([late, mine, first], [mine, late], [first, mine, late]):  # in any order, too
        if order == [mine, late]:
            crowd.leave(first)
        elif first in crowd.free:
            assert crowd.join(OTHER) == first  # the slot is used again
        reports = dict(zip(order, crowd.step(order), strict=True))
        curve.append(reports[mine])
        late_curve.append(reports[late])
    assert_same_curve(curve, alone["llama"])
    younger = engine(lanes=1)
    assert_same_curve(late_curve, train(younger, [younger.join(THIRD)], 3)[0])


def test_whoever_takes_a_used_slot_starts_afresh() -> None:
    crowd = engine(lanes=1)
    lane = crowd.join(OTHER)
    train(crowd, [lane], 3)
    crowd.leave(lane)
    fresh = engine(lanes=1)
    assert_same_curve(
        train(crowd, [crowd.join(THIRD)], 3)[0], train(fresh, [fresh.join(THIRD)], 3)[0]
    )


def test_a_curve_does_not_depend_on_the_padded_rank(
    alone: Mapping[str, list[StepReport]],
) -> None:
    wide = engine(rank=9)
    wide.join(OTHER)
    mine = wide.join(ONE)
    assert_same_curve(train(wide, [0, mine], 4)[mine], alone["llama"])
    padding = ~wide.layout.used(ONE.lora_rank)
    assert all((row[padding] == 0).all() for row in wide.state(mine)[:3])


def test_only_the_named_lanes_move() -> None:
    crowd = engine()
    mine, resting = crowd.join(ONE), crowd.join(OTHER)
    before = crowd.state(resting)
    train(crowd, [mine], 2)
    after = crowd.state(resting)
    assert all(torch.equal(a, b) for a, b in zip(before[:3], after[:3], strict=True))
    assert (before.step, after.step, crowd.state(mine).step) == (0, 0, 2)


@pytest.mark.parametrize("family", MODEL)
def test_a_nan_lane_leaves_the_others_bitwise_unchanged(family: str) -> None:
    states: dict[bool, list[Tensor]] = {}
    reports: dict[bool, list[StepReport]] = {}
    for spoilt in (False, True):
        crowd = engine(family)
        lanes = [crowd.join(settings) for settings in (ONE, OTHER, THIRD)]
        crowd.step(lanes)
        if spoilt:
            crowd.weights[1] = math.nan
        curves = train(crowd, lanes, 3)
        reports[spoilt] = curves[0] + curves[2]
        states[spoilt] = [t for lane in (0, 2) for t in crowd.state(lane)[:3]]
        assert [report.diverged for report in curves[1]] == [spoilt] * 3
        assert crowd.state(1).step == (1 if spoilt else 4)  # not updated
    assert reports[True] == reports[False]  # the very same floats
    assert all(map(torch.equal, states[True], states[False]))
    assert not any(report.diverged for report in reports[True])


def test_a_lane_that_diverges_by_its_own_fault_stays_where_it_was() -> None:
    wild = THIRD.model_copy(update={"learning_rate": 1e30, "schedule": "constant"})
    crowd = engine()
    lanes = [crowd.join(ONE), crowd.join(wild)]
    curves = train(crowd, lanes, 4)
    assert [report.diverged for report in curves[0]] == [False] * 4
    assert [report.diverged for report in curves[1]] == [False, True, True, True]
    assert [report.step for report in curves[1]] == [1, 1, 1, 1]
    state = crowd.state(1)
    before = state.weights.clone()
    crowd.step([1])
    assert torch.equal(crowd.state(1).weights, before)
    assert state.first.isfinite().all()


def test_lanes_are_handed_out_and_taken_back() -> None:
    crowd = engine(lanes=2)
    assert crowd.free == [0, 1]
    crowd.join(ONE)
    crowd.join(OTHER)
    with pytest.raises(ValueError, match="all 2 lanes are occupied"):
        crowd.join(THIRD)
    crowd.leave(0)
    assert crowd.free == [0]
    with pytest.raises(ValueError, match="rank 5 does not fit a layout of rank 4"):
        crowd.join(ONE.model_copy(update={"lora_rank": 5}))
    assert crowd.free == [0]  # a refused lane occupies nothing


def test_a_state_is_a_copy() -> None:
    crowd = engine(lanes=1)
    lane = crowd.join(ONE)
    state = crowd.state(lane)
    kept = state.weights.clone()
    train(crowd, [lane], 2)
    assert torch.equal(state.weights, kept)
    assert not torch.equal(crowd.state(lane).weights, kept)


def test_measuring_lanes_is_each_lane_s_own_number() -> None:
    crowd = engine("llama")
    lanes = [crowd.join(ONE), crowd.join(OTHER)]
    for lane, settings in zip(lanes, (ONE, OTHER), strict=True):
        crowd.weights[lane] = trained_row(crowd.layout, settings.lora_rank, lane)
    with crowd.using([1, 0]):
        found = measure(crowd.model, [PAIRS[:4], PAIRS[4:8]])  # each its own pairs
    for lane, batch, logps in ((1, PAIRS[:4], found[0]), (0, PAIRS[4:8], found[1])):
        with crowd.using([lane]):
            expected = replies_logps(crowd.model, batch)
        torch.testing.assert_close(logps, expected, atol=1e-4, rtol=0)
    assert not found.requires_grad


def test_accumulated_passes_equal_one_larger_batch() -> None:
    """Each reads on where the one before stopped; their gradients' mean is the whole's."""
    small = engine(lanes=1, accumulation=2)
    large = LaneEngine(
        small.model, small.layout, Task(PAIRS, REFERENCE["llama"], "sigmoid", 8, 4), 1
    )
    for each in (small, large):
        each.join(ONE)
    assert_same_curve(train(small, [0], 3)[0], train(large, [0], 3)[0])


# Operators for whose result the host waits on a GPU.
WAITING = {"_local_scalar_dense", "nonzero", "masked_select", "equal", "bincount", "_unique2"}


@pytest.mark.parametrize("lanes", [[0, 1, 2], [2, 0]], ids=["in line", "out of line"])
def test_a_step_waits_for_the_device_once(
    lanes: Sequence[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = engine(accumulation=2)
    for settings in (ONE, OTHER, THIRD):
        crowd.join(settings)
    read: list[torch.Size] = []
    tolist = Tensor.tolist

    def counted(tensor: Tensor) -> Any:
        read.append(tensor.shape)
        return tolist(tensor)

    # rows are laid out on the CPU, whatever the device: what happens there waits for nothing
    rows = pack([[PAIRS[i] for i in (0, 1)] for _ in lanes])
    monkeypatch.setattr(engine_module, "pack", lambda *_: rows)
    monkeypatch.setattr(Task, "batch", lambda task, seed, number: [0, 1])
    monkeypatch.setattr(Tensor, "tolist", counted)
    waits: list[str] = []

    class Watching(TorchDispatchMode):
        def __init__(self) -> None:
            # torch does not annotate it
            super().__init__()  # type: ignore[no-untyped-call]  # as said above

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if func.overloadpacket.__name__ in WAITING:
                waits.append(func.overloadpacket.__name__)
            return func(*args, **(kwargs or {}))

    with Watching():
        crowd.step(lanes)
    assert waits == []
    assert read == [(len(lanes), 3 + 6)]  # loss, norm, finite, six curves: all numbers at once


def exhausted_above(lanes: int, tried: list[int]) -> Callable[[LaneLinear, object], None]:
    """A hook that asks for more memory than there is if more lanes than these come by."""

    def hook(layer: LaneLinear, _: object) -> None:
        assert layer.lora is not None
        tried.append(len(layer.lora.down))
        if tried[-1] > lanes:
            torch.empty(1 << 60, dtype=torch.uint8)

    return hook


def test_too_little_memory_halves_the_lanes_of_a_pass_and_loses_nothing() -> None:
    curves, states = [], []
    for limit in (4, 1):
        crowd = engine(lanes=4)
        lanes = [crowd.join(settings) for settings in (ONE, OTHER, THIRD, ONE)]
        tried: list[int] = []
        layer = next(iter(crowd.layout.layers.values()))
        with layer.register_forward_pre_hook(exhausted_above(limit, tried)):
            curves.append(train(crowd, lanes, 2))
        states.append([crowd.state(lane) for lane in lanes])
        assert tried == ([4, 4] if limit == 4 else [4, 2, 1, 1, 1, 1, *[1] * 4])  # remembered
    for lane in range(4):
        assert_same_curve(curves[1][lane], curves[0][lane])
        torch.testing.assert_close(
            states[1][lane].weights, states[0][lane].weights, atol=1e-5, rtol=0
        )


def test_too_little_memory_for_a_single_lane_is_an_error() -> None:
    crowd = engine(lanes=2)
    lanes = [crowd.join(ONE), crowd.join(OTHER)]
    before = crowd.state(0)
    layer = next(iter(crowd.layout.layers.values()))
    with (
        layer.register_forward_pre_hook(exhausted_above(0, [])),
        pytest.raises(RuntimeError, match="DefaultCPUAllocator"),
    ):
        crowd.step(lanes)
    assert torch.equal(crowd.state(0).weights, before.weights)
    assert not any(report.diverged for report in crowd.step(lanes))  # it can go on


def test_other_errors_of_a_pass_are_not_taken_for_a_lack_of_memory() -> None:
    crowd = engine(lanes=2)
    lanes = [crowd.join(ONE), crowd.join(OTHER)]
    tried: list[object] = []

    def broken(layer: LaneLinear, given: object) -> None:
        tried.append(given)
        raise RuntimeError("broken")

    layer = next(iter(crowd.layout.layers.values()))
    with layer.register_forward_pre_hook(broken), pytest.raises(RuntimeError, match="broken"):
        crowd.step(lanes)
    assert len(tried) == 1
