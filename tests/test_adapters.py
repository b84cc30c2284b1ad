"""python -m pytest tests/test_adapters.py"""

from __future__ import annotations

import math
from typing import cast

import pytest
import torch
from plain_model import with_peft
from tiny_models import BERT_TARGETS, TARGETS, tiny, trained_row
from torch import Tensor, nn

from empathy.lanes.adapters import LaneLinear, Layout, adapt, plain_parameters


class Two(nn.Module):
    """Two linear layers, one of them named twice deeper."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.up = nn.Linear(3, 5)
        self.block = nn.ModuleDict({"down": nn.Linear(5, 2), "norm": nn.LayerNorm(2)})

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.block["down"](self.up(x)))


def two(rank: int) -> tuple[Two, Layout]:
    model = Two().requires_grad_(False)
    return model, adapt(model, ["up", "down"], rank)


def test_the_named_layers_are_wrapped_once() -> None:
    model, layout = two(rank=4)
    assert list(layout.layers) == ["up", "block.down"]
    assert layout.size == 4 * (3 + 5) + 4 * (5 + 2)  # A and B of each
    again = adapt(model, ["up", "down"], rank=2)
    assert again.layers == layout.layers  # the very same modules
    assert isinstance(layout.layers["up"].base, nn.Linear)
    assert again.size == layout.size // 2
    with pytest.raises(ValueError, match="no linear layer is named"):
        adapt(model, ["up", "norm"], rank=2)  # there is a norm, but it is not linear


def test_a_target_may_be_several_last_parts_of_a_name() -> None:
    model = Two()
    assert list(adapt(model, ["block.down"], 2).layers) == ["block.down"]
    with pytest.raises(ValueError, match=r"no linear layer is named \['lock.down'\]"):
        adapt(Two(), ["lock.down"], 2)  # whole parts only
    model = Two()
    layout = adapt(model, ["down"], 2)
    assert set(plain_parameters(model)) == set(dict(Two().named_parameters()))
    assert plain_parameters(model)["block.down.weight"] is layout.layers["block.down"].base.weight


def test_the_head_of_bert_and_its_pooler_are_no_targets() -> None:
    names = list(adapt(tiny("bert"), BERT_TARGETS, 2).layers)
    assert len(names) == 2 * 6  # per layer: query, key, value and three `dense`
    assert all(name.startswith("bert.encoder.layer.") for name in names)


def test_without_lanes_a_wrapped_model_is_the_bare_one() -> None:
    x = torch.randn(2, 4, 3)
    model, layout = two(rank=2)
    bare = Two()(x)
    assert torch.equal(model(x), bare)
    with layout.using(trained_row(layout, 2, 0)[None], torch.ones(1)):
        assert not torch.equal(model(x), bare)
    assert torch.equal(model(x), bare)
    with (
        pytest.raises(RuntimeError, match="stop"),
        layout.using(trained_row(layout, 2, 0)[None], torch.ones(1)),
    ):
        raise RuntimeError("stop")
    assert torch.equal(model(x), bare)  # also after an error


def test_one_layer_worked_by_hand() -> None:
    layer = nn.Linear(2, 1, bias=False).requires_grad_(False)
    layer.weight.copy_(torch.tensor([[1.0, 1.0]]))
    model = nn.ModuleDict({"proj": layer})
    layout = adapt(model, ["proj"], rank=1)
    # lane 0: A = (1, 2), B = 3, scale 2; lane 1: A = (0, 1), B = -1, scale 1
    rows, scales = torch.tensor([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]]), torch.tensor([2.0, 1.0])
    x = torch.tensor([[[10.0, 1.0]], [[10.0, 1.0]]])  # one sequence of one token for each lane
    with layout.using(rows, scales):
        y = model["proj"](x)
    # 11 + 2 * (10 * 1 + 1 * 2) * 3 = 83, and 11 + 1 * (10 * 0 + 1 * 1) * -1 = 10
    assert y.tolist() == [[[83.0]], [[10.0]]]


def test_each_lane_gets_its_part_of_the_batch() -> None:
    model, layout = two(rank=3)
    rows = torch.stack([trained_row(layout, 3, seed) for seed in range(3)])
    scales = torch.tensor([1.0, 2.0, 0.5])
    x = torch.randn(3, 2, 4, 3)  # lanes, sequences, tokens, features
    with layout.using(rows, scales):
        together = model(x.flatten(0, 1)).view(3, 2, 4, 2)
    for lane in range(3):
        with layout.using(rows[lane : lane + 1], scales[lane : lane + 1]):
            torch.testing.assert_close(model(x[lane]), together[lane], atol=1e-6, rtol=0)


@pytest.mark.parametrize("family", ["llama", "gemma"])
def test_a_lane_computes_what_peft_computes(family: str) -> None:
    ids = torch.randint(5, 400, (2, 20), generator=torch.Generator().manual_seed(0))
    model = tiny(family, torch.float64)
    layout = adapt(model, TARGETS, rank=6)
    row = trained_row(layout, 4, seed=1).double()
    with layout.using(row[None], torch.tensor([16 / 4])):
        ours = model(input_ids=ids).logits
    lora = layout.lora(row, 4)
    theirs = with_peft(tiny(family, torch.float64), lora, rank=4, alpha=16)(input_ids=ids).logits
    torch.testing.assert_close(ours, theirs, atol=1e-10, rtol=0)
    assert (ours - tiny(family, torch.float64)(input_ids=ids).logits).abs().max() > 0.01


def test_padding_adds_nothing_and_learns_nothing() -> None:
    x = torch.randn(1, 4, 3)
    found = {}
    for width in (2, 5):
        model, layout = two(rank=width)
        row = trained_row(layout, 2, seed=0)[None].requires_grad_()
        with layout.using(row, torch.ones(1)):
            y = model(x)
            (gradient,) = torch.autograd.grad(y.pow(2).sum(), row)
        assert (gradient[0][~layout.used(2)] == 0).all()  # exactly
        used = layout.used(2)
        found[width] = (y.detach(), row.detach()[0][used], gradient[0][used])
    # a wider matrix may be summed in another order, no more
    torch.testing.assert_close(found[2], found[5], atol=1e-6, rtol=1e-6)


def test_a_new_adapter_starts_as_peft_starts_it() -> None:
    model, layout = two(rank=8)
    lora = layout.lora(layout.initial_row(8, seed=3), 8)
    assert all((pair.up == 0).all() for pair in lora.values())
    for name, features in (("up", 3), ("block.down", 5)):
        down = lora[name].down
        bound = 1 / math.sqrt(features)  # kaiming_uniform_ with a = sqrt(5), as nn.Linear
        assert down.shape == (features, 8)
        assert 0.7 * bound < down.abs().max() <= bound
        assert down.min() < 0 < down.max()
    x = torch.randn(1, 2, 3)
    with layout.using(layout.initial_row(8, seed=3)[None], torch.ones(1)):
        assert torch.equal(model(x), Two()(x))  # a zero B changes nothing


def test_a_start_depends_on_the_seed_and_not_on_the_padding() -> None:
    narrow, wide = two(rank=4)[1], two(rank=9)[1]
    assert torch.equal(narrow.initial_row(4, 1), narrow.initial_row(4, 1))
    assert not torch.equal(narrow.initial_row(4, 1), narrow.initial_row(4, 2))
    first, second = narrow.lora(narrow.initial_row(4, 1), 4), wide.lora(wide.initial_row(4, 1), 4)
    for name in first:
        assert torch.equal(first[name].down, second[name].down)
    for rank in (0, 5):
        with pytest.raises(ValueError, match=f"rank {rank} does not fit a layout of rank 4"):
            narrow.initial_row(rank, 1)


def test_used_marks_what_an_adapter_of_this_rank_has() -> None:
    layout = two(rank=5)[1]
    used = layout.used(2)
    assert int(used.sum()) == 2 * (3 + 5) + 2 * (5 + 2)
    assert (trained_row(layout, 2, 0)[~used] == 0).all()
    assert layout.used(5).all()


def test_the_strips_of_the_largest_rank_in_use_are_enough() -> None:
    """Lanes of rank 2 in a layout of rank 5 compute the same from their first two strips."""
    x = torch.randn(2, 4, 3)
    model, layout = two(rank=5)
    rows = torch.stack([trained_row(layout, 2, seed) for seed in range(2)])
    with layout.using(rows, torch.tensor([1.0, 2.0])):
        expected = model(x)
    with layout.using(rows[:, : 2 * layout.strip], torch.tensor([1.0, 2.0])):
        assert layout.layers["up"].lora is not None
        assert layout.layers["up"].lora.down.shape == (2, 3, 2)
        torch.testing.assert_close(model(x), expected, atol=1e-6, rtol=1e-6)


def test_the_matrices_are_cast_once_for_all_layers() -> None:
    model, layout = two(rank=2)
    model.bfloat16()
    row = trained_row(layout, 2, seed=0)[None].requires_grad_()
    with layout.using(row, torch.tensor([2.0]), torch.bfloat16):
        pairs = [layer.lora for layer in layout.layers.values() if layer.lora is not None]
        assert {matrix.dtype for pair in pairs for matrix in pair} == {torch.bfloat16}
        bases = {pair.down._base is pairs[0].down._base for pair in pairs}
        assert bases == {True}  # views of one tensor
        (gradient,) = torch.autograd.grad(model(torch.randn(1, 4, 3).bfloat16()).sum(), row)
    assert gradient.dtype == torch.float32


def test_merging_equals_running_with_the_adapter() -> None:
    x = torch.randn(1, 4, 3, dtype=torch.float64)
    model, layout = two(rank=5)
    model.double()
    row = trained_row(layout, 2, seed=0).double()
    with layout.using(row[None], torch.tensor([3.0])):
        expected = model(x)
    layout.merge(row, 2, 3.0)
    assert all(isinstance(layer, LaneLinear) for layer in layout.layers.values())
    torch.testing.assert_close(model(x), expected, atol=1e-12, rtol=0)
