"""The packaged sentence encoder: known neighbours, unit length, order, cuts.

.venv/bin/python -m pytest tests/test_similarity.py
"""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
import torch

from empathy import minilm
from empathy.errors import UserError
from empathy.metrics.similarity import Encoder


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load()


def test_meaning_decides_and_not_words(encoder: Encoder) -> None:
    texts = ["I cannot sleep at night.", "My insomnia is back.", "The night train was cheap."]
    vectors = encoder.embed(texts)
    assert vectors.shape == (3, 384)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3), atol=1e-5)
    cosines = vectors @ vectors.T
    assert cosines[0, 1] > cosines[0, 2] + 0.2


def test_it_is_the_published_encoder(encoder: Encoder) -> None:
    """The model card's own sentence; sentence-transformers gives these first four numbers."""
    vector = encoder.embed(["This is an example sentence"])[0]
    assert vector[:4].tolist() == pytest.approx([0.06766, 0.06350, 0.04871, 0.07930], abs=1e-4)


def test_order_and_company_do_not_matter(encoder: Encoder) -> None:
    texts = [f"I have been waiting for {'very ' * (n % 7)}long, {n} days." for n in range(40)]
    together = encoder.embed(texts)
    assert torch.allclose(encoder.embed(texts[::-1]), together.flip(0), atol=1e-5)
    assert torch.allclose(encoder.embed(texts[5:6])[0], together[5], atol=1e-5)


def test_no_texts_give_no_vectors_and_long_ones_are_counted(encoder: Encoder) -> None:
    assert encoder.embed([]).shape == (0, 384)
    encoder.truncated = 0
    encoder.embed(["short", "word " * 400])
    assert encoder.truncated == 1


def test_a_missing_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "PACKAGE", "gt_no_such_package")
    with pytest.raises(UserError, match="run `make setup`"):
        minilm.load()


def test_another_encoder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"other weights")
    spec = ModuleSpec(minilm.PACKAGE, None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: spec)
    with pytest.raises(UserError, match=r"has SHA-256 .* reinstall"):
        minilm.load()
