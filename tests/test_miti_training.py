"""python -m pytest tests/test_miti_training.py"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from empathy.errors import UserError
from empathy.metrics.miti import MitiScorer
from empathy.reading.miti import LABELS
from empathy.scorers.miti_examples import Example
from empathy.scorers.miti_training import Recipe, drawn, train, trainable_network, trained_state

FEW = Recipe(epochs=1, drawn=120, batch_size=8, balance=1.0, dropout=0.0, smoothing=0.0)


def examples(label: str, count: int, source: str = "weak") -> list[Example]:
    return [Example(f"{label} number {i}", label, f"g{i}", source) for i in range(count)]


def test_rare_labels_are_drawn_more_often_than_they_are() -> None:
    # 400 and 4 sentences: at balance 0 1 % of draws, at 0.5 as 20 to 2, at 1 half.
    some = examples("Support", 400) + examples("Warn", 4)
    for balance, share in ((0.0, 4 / 404), (0.5, 2 / 22), (1.0, 0.5)):
        plan = drawn(some, Recipe(epochs=2, drawn=3000, balance=balance), 0)
        labels = Counter(each.label for batch in plan for each in batch)
        assert labels.total() == 6000
        assert labels["Warn"] / 6000 == pytest.approx(share, abs=0.02)


def test_a_source_is_drawn_as_it_is_trusted() -> None:
    some = examples("Warn", 10) + examples("Warn", 10, "invented")
    plan = drawn(some, Recipe(epochs=1, drawn=4000), 0)
    sources = Counter(each.source for batch in plan for each in batch)
    assert sources["invented"] / sources["weak"] == pytest.approx(3.0, rel=0.15)


def test_an_untrained_adapter_changes_nothing(tmp_path: Path) -> None:
    """B is 0 at first, so the encoder that is loaded from the file is the published one."""
    network, tokenizer = trainable_network(Recipe(epochs=1))
    path = tmp_path / "miti.safetensors"
    save_file(trained_state(network), path)
    scorer = MitiScorer.from_file(path)
    batch = tokenizer(["Take your time."], return_tensors="pt")
    with torch.inference_mode():
        expected = network.eval()(batch).softmax(-1)
    found = scorer.probabilities(["Take your time."])
    assert torch.allclose(found, expected, atol=0.02)  # the trained one may be in bf16


def test_it_learns_what_is_plain_and_the_file_says_the_same(tmp_path: Path) -> None:
    some = [Example(f"Why is it {i}?", "Open Question", "a", "weak") for i in range(8)]
    some += [Example(f"I am so sorry, {i}.", "Support", "b", "weak") for i in range(8)]
    seen: list[int] = []
    state = train(some, FEW, 0, lambda done, total: seen.append(done))
    assert seen == list(range(1, 16))
    assert all(tensor.dtype == torch.float16 for tensor in state.values())
    path = tmp_path / "miti.safetensors"
    save_file(state, path)
    scorer = MitiScorer.from_file(path)
    assert scorer.code(["Why is it so? I am so sorry.", " ", "I am so sorry."]) == [
        ("Open Question", "Support"),
        None,
        ("Support",),
    ]
    chances = scorer.probabilities(["Why?", "Sorry."])
    assert chances.shape == (2, len(LABELS))
    assert chances.sum(-1).tolist() == pytest.approx([1.0, 1.0], abs=1e-5)


def test_nothing_to_learn_from_is_an_error() -> None:
    with pytest.raises(UserError, match="no labelled sentences; check that the data folder"):
        train([], FEW, 0, lambda done, total: None)
