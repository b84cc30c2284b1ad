"""python -m pytest tests/test_sft.py"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from plain_model import replies_logps
from tiny_models import TARGETS, examples, tiny
from torch import Tensor
from transformers import PreTrainedModel

from empathy.errors import UserError
from empathy.lanes.adapters import adapt
from empathy.lanes.rows import Example
from empathy.settings import WarmStartSettings
from empathy.sft import WarmStart, warm_start

REPLIES = [pair._replace(replies=pair.replies[:1]) for pair in examples(6)]
SETTINGS = WarmStartSettings(steps=6, batch_size=3, learning_rate=1e-2, lora_rank=4)


class Said(list[tuple[str, int, int | None]]):
    """What the progress was told."""

    def __call__(self, doing: str, done: int, of: int | None) -> None:
        self.append((doing, done, of))


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path))


def start(
    model: PreTrainedModel,
    said: Said,
    replies: list[Example] = REPLIES,
    weights: str = "base",
    **changes: float,
) -> WarmStart:
    settings = SETTINGS.model_copy(update=changes)
    return warm_start(model, TARGETS, replies, settings, weights=weights, progress=said)


def loss(model: PreTrainedModel) -> float:
    """Nats per token of the replies, by a plain forward pass of each."""
    tokens = sum(len(example.replies[0]) for example in REPLIES)
    return -replies_logps(model, REPLIES).sum().item() / tokens


@pytest.mark.parametrize("family", ["llama", "gemma"])
def test_the_loss_falls_and_merging_equals_running_the_adapter(family: str) -> None:
    model, said = tiny(family), Said()
    untrained = loss(model)
    found = start(model, said)
    assert loss(model) == untrained  # the model is left as it was
    assert [done for _, done, of in said if of == 6] == [1, 2, 3, 4, 5, 6]
    layout = adapt(model, TARGETS, found.rank)
    with layout.using(found.row[None], torch.tensor([found.scale])):
        running = replies_logps(model, REPLIES)
        trained = loss(model)
    assert trained < untrained - 0.1
    found.merge(model, TARGETS)
    torch.testing.assert_close(replies_logps(model, REPLIES), running, atol=1e-4, rtol=0)


def test_progress_tells_the_loss_per_token() -> None:
    said = Said()
    model = tiny("llama")
    whole = [Example(e.prompt, e.replies) for e in REPLIES]
    start(model, said, whole, batch_size=6)
    assert said[0][0] == f"warm start, loss {loss(model):.2f}"  # before the first update


def test_the_second_time_it_is_found() -> None:
    model, said = tiny("llama"), Said()
    first = start(model, said)
    trained = len(said)
    again = start(tiny("llama"), said)
    assert len(said) == trained  # nothing was trained
    assert torch.equal(again.row, first.row)
    assert (again.sha256, again.rank, again.scale) == (first.sha256, 4, 2.0)


def test_whatever_changes_the_training_is_trained_anew() -> None:
    model, said = tiny("llama"), Said()
    rows: list[Tensor] = [start(model, said).row]
    changed = [REPLIES[0]._replace(replies=((9, 9, 1),)), *REPLIES[1:]]
    for found in (
        start(model, said, changed),
        start(model, said, weights="other base"),
        start(model, said, seed=1),
        start(model, said, steps=5),
        start(model, said, learning_rate=2e-2),
    ):
        rows.append(found.row)
    assert len(said) == 5 * 6 + 5
    assert len({tuple(row.tolist()) for row in rows}) == 5  # only the other base's is the same
    assert torch.equal(rows[0], rows[2])


def test_a_damaged_file_is_trained_again(tmp_path: Path) -> None:
    said = Said()
    first = start(tiny("llama"), said)
    (path,) = (tmp_path / "warm_start").glob("[!.]*")  # a lock begins with a dot
    path.write_bytes(path.read_bytes()[:-3])
    again = start(tiny("llama"), said)
    assert len(said) == 12
    assert torch.equal(again.row, first.row)
    assert again.sha256 == first.sha256


def test_fewer_examples_than_a_batch_are_enough() -> None:
    said = Said()
    start(tiny("llama"), said, REPLIES[:2], steps=2, batch_size=8)
    assert len(said) == 2


def test_a_diverging_start_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"diverged at step \d with warm_start.learning_rate"):
        start(tiny("llama"), Said(), learning_rate=1e30)
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_start_that_diverges_with_its_last_step_is_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"diverged at step 1 with warm_start.learning_rate"):
        start(tiny("llama"), Said(), learning_rate=1e39, steps=1)
    assert not list(tmp_path.rglob("*.safetensors"))
