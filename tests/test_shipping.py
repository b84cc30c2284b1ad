"""Scorers made ready: their temperature stands in the file, is applied, and is fitted only once.

.venv/bin/python -m pytest tests/test_shipping.py
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_encoders import write_bert

from empathy.cache import file_sha256
from empathy.corpora.epitome import Example
from empathy.metrics.epitome import EmpathyScorer
from empathy.scorers.lora import trainable, trainable_state
from empathy.scorers.shipping import raw_logits, ship

PAIRS = [Example(f"p{n}", "r", f"day {n}.", "sad.", (n % 2, 0, 0)) for n in range(30)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A scorer that is sure of level 0 for emotional reactions, which every other pair is not."""
    folder = write_bert(tmp_path / "bert")
    torch.manual_seed(0)
    made = trainable(str(folder), rank=2, dropout=0.1, dtype=torch.float32)
    with torch.no_grad():
        for k, head in enumerate(made.network.heads):
            final = head[-1]  # type: ignore[index]  # a ModuleList knows modules only
            final.weight.zero_()
            final.bias.copy_(torch.tensor([4.0, 0.0, -20.0] if k == 0 else [0.0, 0.0, 0.0]))
    path = tmp_path / "source.safetensors"
    save_file(trainable_state(made.network), path, {"encoder": made.encoder})
    return path


def test_the_temperature_is_shipped_and_makes_the_scorer_less_sure(
    source: Path, tmp_path: Path
) -> None:
    target = tmp_path / "rank.safetensors"
    found = ship(source, target, PAIRS, PAIRS)
    # Both levels are as frequent, and 4 / T should be 0: the warmest that is tried.
    fits = found.calibration["fits"]
    assert fits["emotional_reactions"]["temperature"] == 4.0
    assert load_file(target)["temperature"][0] == 4.0
    before, after = EmpathyScorer.from_file(source), EmpathyScorer.from_file(target)
    posts, replies = ["day 1."], ["sad."]
    assert torch.allclose(after.logits(posts, replies)[0, 0], torch.tensor([1.0, 0.0, -5.0]))
    assert before.logits(posts, replies).argmax(-1).equal(after.logits(posts, replies).argmax(-1))
    cooled = found.calibration["after"]["emotional_reactions"]["log_loss"]["value"]
    assert cooled < found.calibration["before"]["emotional_reactions"]["log_loss"]["value"]
    assert raw_logits(after, PAIRS[:2]) == pytest.approx(raw_logits(before, PAIRS[:2]), abs=1e-5)


def test_a_scorer_that_was_shipped_once_stays_as_it_is(source: Path, tmp_path: Path) -> None:
    once, twice = tmp_path / "once.safetensors", tmp_path / "twice.safetensors"
    first = ship(source, once, PAIRS, PAIRS)
    second = ship(once, twice, PAIRS, PAIRS)
    assert file_sha256(once) == file_sha256(twice)
    for name, fit in first.calibration["fits"].items():
        assert second.calibration["fits"][name] == pytest.approx(fit)
