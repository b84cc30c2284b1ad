"""python -m pytest tests/test_reference.py"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from plain_model import replies_logps
from safetensors.torch import load_file, save_file
from tiny_models import TARGETS, examples, tiny, trained_row
from torch import Tensor
from transformers import PreTrainedModel

from empathy import reference
from empathy.lanes.adapters import adapt
from empathy.lanes.engine import measure
from empathy.lanes.rows import Example
from empathy.reference import check, reference_logps

PAIRS = examples(5)
MODEL = tiny("llama")
BY_LENGTH = sorted(range(len(PAIRS)), key=lambda i: PAIRS[i].length)


@pytest.fixture
def computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An empty cache, and how many examples each computation had, in the order of the calls."""
    monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path))
    sizes: list[int] = []

    def counting(
        model: PreTrainedModel, lanes: Sequence[Sequence[Example]], heard: Any = None
    ) -> Tensor:
        sizes.append(sum(map(len, lanes)))
        return measure(model, lanes, heard)

    monkeypatch.setattr(reference, "measure", counting)
    return sizes


CHECKED = [1, 1]  # the shortest and the longest example, one by one
MISS, HIT = [len(PAIRS), *CHECKED], CHECKED


def stored(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "reference").glob("[!.]*"))  # a lock begins with a dot


def test_the_second_time_it_is_found(computed: list[int]) -> None:
    first = reference_logps(MODEL, PAIRS, "weights")
    assert computed == MISS
    torch.testing.assert_close(first, replies_logps(MODEL, PAIRS), atol=1e-4, rtol=0)
    computed.clear()
    assert torch.equal(reference_logps(MODEL, PAIRS, "weights"), first)
    assert computed == HIT


@pytest.mark.parametrize("family", ["llama", "gemma"])
def test_a_zero_adapter_has_margin_zero(computed: list[int], family: str) -> None:
    model = tiny(family)
    logps = reference_logps(model, PAIRS, family)
    layout = adapt(model, TARGETS, rank=4)
    with layout.using(layout.initial_row(4, 0)[None], torch.tensor([2.0])):
        torch.testing.assert_close(measure(model, [PAIRS])[0], logps, atol=1e-4, rtol=0)


def test_whatever_could_change_the_numbers_is_a_miss(computed: list[int], tmp_path: Path) -> None:
    reference_logps(MODEL, PAIRS, "weights")
    prompt, (chosen, rejected) = PAIRS[0]
    one = PAIRS[0]._replace(replies=((chosen[0] + 1, *chosen[1:]), rejected))
    moved = Example(prompt + chosen[:1], (chosen[1:], rejected))  # the same row of tokens
    for pairs in ([one, *PAIRS[1:]], [moved, *PAIRS[1:]], PAIRS[::-1]):
        computed.clear()
        reference_logps(MODEL, pairs, "weights")
        assert computed == MISS
    computed.clear()
    reference_logps(MODEL, PAIRS, "other weights")
    assert computed == MISS
    computed.clear()
    reference_logps(tiny("llama", torch.float64), PAIRS, "weights")  # another dtype
    assert computed == MISS
    assert len(stored(tmp_path)) == 6


@pytest.mark.parametrize("wrong", [BY_LENGTH[0], BY_LENGTH[-1]], ids=["shortest", "longest"])
def test_a_corrupted_number_is_refused(computed: list[int], tmp_path: Path, wrong: int) -> None:
    reference_logps(MODEL, PAIRS, "weights")
    (path,) = stored(tmp_path)
    logps = load_file(path)["logps"]
    logps[wrong, 1] += 0.5
    save_file({"logps": logps}, path)
    with pytest.raises(ValueError, match=rf"the reference says .* of example {wrong}, the model"):
        reference_logps(MODEL, PAIRS, "weights")


def test_numbers_that_are_not_finite_are_refused(computed: list[int]) -> None:
    logps = measure(MODEL, [PAIRS])[0]
    check(MODEL, PAIRS, logps)
    logps[BY_LENGTH[0], 0] = torch.nan
    with pytest.raises(ValueError, match="the reference says"):
        check(MODEL, PAIRS, logps)


def test_another_model_s_numbers_are_refused(computed: list[int]) -> None:
    """As if the hash of the weights had not told a merged adapter from none."""
    merged = tiny("llama")
    logps = reference_logps(merged, PAIRS, "the same hash")
    layout = adapt(merged, TARGETS, rank=4)
    layout.merge(trained_row(layout, 4, seed=0, strength=0.3), 4, 2.0)
    with pytest.raises(ValueError, match="the reference says"):
        check(merged, PAIRS, logps)


@pytest.mark.parametrize("kept", [0, 4, -3], ids=["empty", "header cut", "numbers cut"])
def test_a_truncated_file_is_computed_again(computed: list[int], tmp_path: Path, kept: int) -> None:
    first = reference_logps(MODEL, PAIRS, "weights")
    (path,) = stored(tmp_path)
    path.write_bytes(path.read_bytes()[:kept])
    computed.clear()
    assert torch.equal(reference_logps(MODEL, PAIRS, "weights"), first)
    assert computed == MISS
