"""Encoders by name: any BERT or RoBERTa trains a scorer, and the scorer finds it again.

.venv/bin/python -m pytest tests/test_encoder.py
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_encoders import WIDTH, write_bert, write_roberta
from torch import nn
from transformers import LlamaConfig, T5Config

from empathy.checkpoints import encoder as encoders
from empathy.checkpoints import hub
from empathy.corpora.epitome import Example
from empathy.errors import UserError
from empathy.metrics.epitome import MAX_TOKENS, EmpathyScorer, tokenise
from empathy.scorers.lora import LoraLinear, trainable, trainable_state
from empathy.scorers.recipe import Recipe
from empathy.scorers.training import evidence_mask, train

WRITERS: dict[str, Callable[[Path], Path]] = {"bert": write_bert, "roberta": write_roberta}
POSTS, REPLIES = ["I failed again.", "Nobody calls."], ["so sad. why?", "go on."]


@pytest.fixture(params=WRITERS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return WRITERS[request.param](tmp_path / request.param)


def scorer_file(folder: Path, path: Path) -> Path:
    """The file of a scorer whose LoRA says something, trained on the encoder in `folder`."""
    made = trainable(str(folder), rank=2, dropout=0.1, dtype=torch.float32)
    for module in made.network.modules():
        if isinstance(module, LoraLinear):
            nn.init.normal_(module.b, std=0.1)
    metadata = {"encoder": made.encoder, "encoder_sha256": made.encoder_sha256}
    save_file(trainable_state(made.network), path, metadata)
    return path


def test_every_linear_layer_is_adapted_and_the_merged_scorer_says_the_same(
    folder: Path, tmp_path: Path
) -> None:
    made = trainable(str(folder), rank=2, dropout=0.1, dtype=torch.float32)
    adapted = [m for m in made.network.encoder.modules() if isinstance(m, LoraLinear)]
    assert len(adapted) == 2 * 6  # query, key, value, output and two of the feed-forward network
    assert made.network.queries.shape == (3, WIDTH)
    path = scorer_file(folder, tmp_path / "scorer.safetensors")
    state = load_file(path)
    with torch.no_grad():
        for name, parameter in made.network.named_parameters():
            if parameter.requires_grad:
                inner = name.removeprefix("encoder.")
                parameter.copy_(state[name if inner == name else f"lora.{inner}"])
    with torch.inference_mode():
        batch = tokenise(made.tokenizer, POSTS, REPLIES)
        expected = made.network.eval()(batch).logits
    assert torch.allclose(EmpathyScorer.from_file(path).logits(POSTS, REPLIES), expected, atol=1e-4)


def test_evidence_is_found_in_the_reply_whatever_the_pair_looks_like(folder: Path) -> None:
    tokenizer = encoders.load(str(folder), MAX_TOKENS).tokenizer
    batch = tokenise(tokenizer, POSTS[:1], REPLIES[:1])
    spans = ((), (), ((8, 12),))  # "why?"
    mask = evidence_mask(batch, [Example("p", "r", POSTS[0], REPLIES[0], (0, 0, 1), spans)])
    ids = batch["input_ids"][0][mask[0, 2].bool()]
    assert str(tokenizer.decode(ids)).replace(" ", "").replace("##", "") == "why?"
    assert mask.sum() == len(ids)


def test_a_scorer_learns_on_any_encoder(folder: Path) -> None:
    pairs = [Example(f"p{n}", "r", "a bad day.", REPLIES[n % 2], (n % 2, 0, 0)) for n in range(8)]
    recipe = Recipe(epochs=2, batch_size=4, rank=2, encoder=str(folder))
    found = train(pairs, pairs[:2], recipe, 0, lambda done, total: None)
    assert found.metadata["encoder"] == str(folder)
    assert found.history[1]["loss"] < found.history[0]["loss"]


def test_a_scorer_whose_encoder_is_gone_or_another_says_what_to_do(
    folder: Path, tmp_path: Path
) -> None:
    path = scorer_file(folder, tmp_path / "scorer.safetensors")
    tensors = load_file(folder / "model.safetensors")
    first = sorted(tensors)[0]
    tensors[first] = tensors[first] + 1
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(UserError, match="bring that one back or train it again"):
        EmpathyScorer.from_file(path)
    shutil.rmtree(folder)
    with pytest.raises(UserError, match=r"reads through encoder .*there is no encoder .*; give"):
        EmpathyScorer.from_file(path)


@pytest.mark.parametrize("name", sorted(encoders.MINILM_NAMES))
def test_minilm_has_names_and_one_file(name: str) -> None:
    found = encoders.load(name, MAX_TOKENS)
    assert (found.name, found.model.config.hidden_size) == (encoders.PUBLISHED, 384)


def test_a_hub_id_is_pinned_to_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's snapshot folders are called after their commit."""
    snapshot = write_roberta(tmp_path / "0123abcd")
    asked: list[tuple[str, str | None]] = []

    def fetch(hub_id: str, revision: str | None = None) -> Path:
        asked.append((hub_id, revision))
        return snapshot

    monkeypatch.setattr(hub, "fetch", fetch)
    assert encoders.load("roberta-base", MAX_TOKENS).name == "roberta-base@0123abcd"
    encoders.load("owner/some-encoder@main", MAX_TOKENS)
    assert asked == [("roberta-base", None), ("owner/some-encoder", "main")]


def test_what_cannot_serve_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="package no-such-package is not installed"):
        encoders.load("package:no-such-package", MAX_TOKENS)
    with pytest.raises(UserError, match="there is no encoder '/no/such/folder' here; give minilm"):
        encoders.load("/no/such/folder", MAX_TOKENS)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"lacks config\.json, tokenizer\.json, model\."):
        encoders.load(str(tmp_path / "empty"), MAX_TOKENS)
    short = write_bert(tmp_path / "short", positions=128)
    with pytest.raises(UserError, match="has 128 positions; a scorer needs 386"):
        encoders.load(str(short), MAX_TOKENS)
    T5Config().save_pretrained(short)
    with pytest.raises(UserError, match="is an encoder with a decoder; give an encoder alone"):
        encoders.load(str(short), MAX_TOKENS)
    LlamaConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2).save_pretrained(short)
    with pytest.raises(UserError, match=r"lacks \d+ weights \(.*\); give a whole encoder"):
        encoders.load(str(short), MAX_TOKENS)
