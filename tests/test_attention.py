"""python -m pytest tests/test_attention.py"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from tiny_models import CONFIGS, TARGETS, WINDOW, examples, tiny, trained_row
from torch import Tensor
from torch.nn.attention import flex_attention
from torch.nn.attention.flex_attention import BlockMask

from empathy.lanes import attention, engine
from empathy.lanes.adapters import adapt
from empathy.lanes.attention import attention_masks, block_mask, worth_blocks
from empathy.lanes.engine import measure
from empathy.lanes.logprobs import sequence_logps
from empathy.lanes.rows import Rows, pack

# torch's own, on the import of its compiler
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script_method`:DeprecationWarning")
LANES = [examples(5, seed) for seed in (1, 2)]


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Block masks on this CPU, by FlexAttention's own reference code.

    Torch refuses gradients of FlexAttention on a CPU for want of a kernel; its reference has them.
    """
    monkeypatch.setattr(attention, "worth_blocks", lambda device, supported: True)
    monkeypatch.setattr(flex_attention, "_validate_device", lambda *_: None)
    monkeypatch.setattr(flex_attention, "_FLEX_ATTENTION_DISABLE_COMPILE_DEBUG", True)
    with torch.compiler.set_stance("force_eager"):
        yield


def test_blocks_are_for_a_gpu_and_a_model_that_can() -> None:
    assert worth_blocks("cuda", True)
    assert not worth_blocks("cuda", False)
    assert not worth_blocks("cpu", True)
    assert all(tiny(family)._supports_flex_attn for family in CONFIGS)


@pytest.mark.parametrize("window", [None, WINDOW, 3])
@pytest.mark.parametrize("in_line", [True, False])
def test_the_rule_asked_one_by_one_is_the_dense_mask(window: int | None, in_line: bool) -> None:
    rows = pack(LANES, in_line)
    n, width = rows.ids.shape
    grid = torch.meshgrid(*map(torch.arange, (n, 1, width, width)), indexing="ij")
    asked = torch.vmap(rows.rule(window))(*(axis.flatten() for axis in grid))
    assert torch.equal(asked.view(n, 1, width, width), rows.attends(window))


@pytest.mark.parametrize("window", [None, WINDOW])
def test_no_block_that_counts_is_skipped(window: int | None) -> None:
    rows = pack([examples(20, seed) for seed in (1, 2)], in_line=True)
    n, width = rows.ids.shape
    side = width // 128
    assert side >= 4
    seen = rows.attends(window).view(n, side, 128, side, 128).any(4).any(2)
    mask = block_mask(rows, window)
    assert torch.equal(mask.to_dense()[:, 0].bool(), seen)
    assert seen.float().mean() < 0.7  # most of them are skipped


def test_each_kind_of_layer_gets_its_mask() -> None:
    rows = pack([examples(2)])
    plain = attention_masks(rows, CONFIGS["llama"])
    kinds = attention_masks(rows, CONFIGS["gemma"])
    assert isinstance(plain, torch.Tensor)
    assert isinstance(kinds, dict)
    assert torch.equal(plain, torch.as_tensor(kinds["full_attention"]))
    sliding = kinds["sliding_attention"]
    assert isinstance(sliding, Tensor)
    assert torch.equal(sliding, rows.attends(WINDOW))
    assert sliding.sum() < plain.sum()
    assert isinstance(attention_masks(rows, CONFIGS["llama"], blocks=True), BlockMask)


def lane_logps(family: str, rows: Rows) -> tuple[Tensor, Tensor]:
    """Log-probabilities under two lanes, and their gradient with respect to the lanes."""
    model = tiny(family)
    layout = adapt(model, TARGETS, 4)
    weights = torch.stack([trained_row(layout, 4, seed) for seed in (1, 2)]).requires_grad_()
    with layout.using(weights, torch.tensor([1.0, 2.0])):
        found = sequence_logps(model, rows)
        (gradient,) = torch.autograd.grad((found.logps / found.tokens).sum(), weights)
    assert model.config._attn_implementation == "sdpa"  # as it was: generation goes on with it
    return (found.logps / found.tokens).detach(), gradient


@pytest.mark.parametrize("family", ["llama", "gemma"])
def test_blocks_give_the_log_probabilities_and_gradients_of_dense_masks(
    family: str, request: pytest.FixtureRequest
) -> None:
    dense = lane_logps(family, pack(LANES))
    request.getfixturevalue("blocks")
    for found, expected in zip(lane_logps(family, pack(LANES, in_line=True)), dense, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("family", ["llama", "gemma", "bert"])
def test_measuring_in_blocks_is_measuring(
    family: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    dense = measure(tiny(family), LANES)
    request.getfixturevalue("blocks")
    monkeypatch.setattr(engine, "TOKENS_PER_PASS", 500)  # in several passes
    torch.testing.assert_close(measure(tiny(family), LANES), dense, atol=1e-4, rtol=1e-5)
