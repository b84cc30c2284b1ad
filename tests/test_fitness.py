"""Checkpoints of BioBERT's format, with and without head: python -m pytest tests/test_fitness.py"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, BertConfig, BertModel

from empathy.errors import UserError
from empathy.families import FAMILIES
from empathy.weights import Base, Weights, load, prepare

BIOBERT = FAMILIES["biobert"]


def found(model: str) -> Weights:
    return prepare(model, BIOBERT, lambda stage, share: None)


def loaded(model: str, new_head: str | None = None) -> Base:
    return load(found(model), BIOBERT, dtype=torch.float32, device="cpu", new_head=new_head)


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A folder as BioBERT v1.2 is released: config.json, pytorch_model.bin, vocab.txt."""
    folder = tmp_path / "v1.2"
    shutil.copytree(found("tiny-bert").folder, folder)
    assert {path.name for path in folder.iterdir()} == {
        *("config.json", "model.safetensors", "vocab.txt"),
    }
    (folder / "model.safetensors").unlink()
    tensors = load_file(found("tiny-bert").folder / "model.safetensors")
    assert "cls.predictions.transform.dense.weight" in tensors
    old: Callable[[str], str] = lambda name: name.replace(  # noqa: E731  # shorter than a def
        "LayerNorm.weight", "LayerNorm.gamma"
    ).replace("LayerNorm.bias", "LayerNorm.beta")
    extra = {
        "cls.seq_relationship.weight": torch.zeros(2, 64),
        "bert.pooler.dense.weight": torch.zeros(64, 64),
        "bert.embeddings.position_ids": torch.arange(512)[None],
    }
    torch.save({**{old(k): v for k, v in tensors.items()}, **extra}, folder / "pytorch_model.bin")
    return folder


@pytest.fixture
def headless(tmp_path: Path) -> Path:
    """A folder like BioBERT v1.1's: the encoder and its pooler, no masked-LM head."""
    folder = tmp_path / "v1.1"
    shutil.copytree(found("tiny-bert").folder, folder)
    encoder = BertModel(BertConfig.from_pretrained(folder))
    encoder.save_pretrained(folder)
    return folder


def logits(base: Base) -> torch.Tensor:
    ids = torch.arange(5, 25)[None]
    with torch.no_grad():
        found: torch.Tensor = base.model(input_ids=ids).logits
    return found


def test_the_released_format_loads_as_a_decoder_with_its_own_head(released: Path) -> None:
    base = loaded(str(released))
    assert type(base.model).__name__ == "BertLMHeadModel"
    assert base.model.config.is_decoder
    assert base.new_head is None
    assert base.identity == base.weights.sha256
    assert base.model.config.hidden_dropout_prob == 0.0
    assert base.model.config.attention_probs_dropout_prob == 0.0
    assert not any(parameter.requires_grad for parameter in base.model.parameters())
    torch.testing.assert_close(logits(base), logits(loaded("tiny-bert")))
    theirs: Any = AutoModelForCausalLM.from_pretrained(released, is_decoder=True)
    torch.testing.assert_close(logits(base), theirs.eval()(input_ids=torch.arange(5, 25)[None])[0])


def test_other_weights_in_the_pickle_are_other_weights(released: Path) -> None:
    before = found(str(released)).sha256
    tensors = torch.load(released / "pytorch_model.bin", weights_only=True)
    tensors["cls.predictions.bias"] += 1
    torch.save(tensors, released / "pytorch_model.bin")
    assert found(str(released)).sha256 != before


def test_a_checkpoint_without_head_is_refused_and_the_way_out_is_named(headless: Path) -> None:
    with pytest.raises(UserError, match=r"lacks \d of the model's .* or set new_head: tied to tra"):
        loaded(str(headless))


def test_a_new_head_is_tied_and_starts_as_a_layer_norm(headless: Path) -> None:
    base = loaded(str(headless), "tied")
    assert base.new_head is not None
    assert base.new_head.startswith("new: tied to the embeddings")
    assert base.identity != base.weights.sha256
    outputs, inputs = base.model.get_output_embeddings(), base.model.get_input_embeddings()
    assert outputs.weight is inputs.weight
    ids = torch.arange(5, 25)[None]
    hidden = base.model.get_decoder()(input_ids=ids).last_hidden_state
    normed = torch.nn.functional.layer_norm(hidden, hidden.shape[-1:])
    expected = normed @ inputs.weight.T
    torch.testing.assert_close(logits(base), expected, atol=0.01, rtol=0)
    torch.testing.assert_close(logits(loaded(str(headless), "tied")), logits(base))


def test_a_head_that_is_there_is_not_replaced() -> None:
    with pytest.raises(UserError, match="built in code has a language-model head of its own; leav"):
        loaded("tiny-bert", "tied")


def test_more_than_the_head_missing_is_refused(headless: Path) -> None:
    tensors = load_file(headless / "model.safetensors")
    del tensors["encoder.layer.1.output.dense.weight"]
    save_file(tensors, headless / "model.safetensors", {"format": "pt"})
    with pytest.raises(UserError, match=r"lacks \d of the model's weights"):
        loaded(str(headless), "tied")


def test_too_few_positions_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "short"
    shutil.copytree(found("tiny-bert").folder, folder)
    config = BertConfig.from_pretrained(folder, max_position_embeddings=128)
    config.save_pretrained(folder)
    with pytest.raises(UserError, match="has 128 positions; family biobert counts on 512"):
        loaded(str(folder))
