"""The n-gram judge learns an invented corpus, and the shipped one is what its card says.

python -m pytest tests/test_train_judge.py
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pytest
from invented_epitome import invented_rows, write_epitome

from empathy.__main__ import main
from empathy.corpora.epitome import MECHANISMS, load, select
from empathy.errors import UserError
from empathy.scorers import train_judge
from empathy.verdicts.ngrams import BINS, NgramScorer, Row


def test_idf_by_hand() -> None:
    # Two texts; bin 3 in both, bin 4 in one: log(3/3) + 1 and log(3/2) + 1, unseen log(3) + 1.
    rows = [Row(np.array([3, 4]), np.ones(2)), Row(np.array([3]), np.ones(1))]
    idf = train_judge.inverse_frequency(rows)
    assert idf.shape == (2 * BINS,)
    assert idf[[3, 4, 5]] == pytest.approx([1.0, 1 + np.log(1.5), 1 + np.log(3)])


def test_the_command_learns_judges_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_judge, "STRENGTHS", (10.0,))
    data, out = write_epitome(tmp_path, invented_rows(270)), tmp_path / "out"
    assert main(["train-judge", "--data", str(data), "--out", str(out)]) == 0
    card = json.loads((out / "ngrams.json").read_text("utf-8"))
    for name in MECHANISMS:  # words follow from levels, so all can be learnt
        assert card["results"]["ngrams"][name]["accuracy"]["value"] > 0.95
        assert card["chosen"][name]["C"] == 10.0
    assert card["ordering"]["value"] > 0.95
    assert "# The n-gram judge" in (out / "NGRAMS.md").read_text("utf-8")
    test = select(load(data).examples, "test")
    scorer = NgramScorer.from_file(out / "ngrams.safetensors")
    levels = scorer.score(["p"] * len(test), [each.response for each in test])
    totals = [each.total for each in levels if each is not None]
    rated = [sum(each.levels) for each in test]
    assert np.corrcoef(totals, rated)[0, 1] > 0.9


def test_training_gives_the_same_tensors_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_judge, "STRENGTHS", (1.0,))
    examples = load(write_epitome(tmp_path, invented_rows(120))).examples
    first, again = train_judge.train(examples), train_judge.train(examples)
    assert first.chosen == again.chosen
    assert all(np.array_equal(first.tensors[name], again.tensors[name]) for name in first.tensors)


def test_too_little_data_is_an_error(tmp_path: Path) -> None:
    data = load(write_epitome(tmp_path, invented_rows(120)))
    with pytest.raises(UserError, match="there are 0 train pairs and 0 validation pairs"):
        train_judge.train(select(data.examples, "test"))


def test_scikit_learn_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="needs scikit-learn; run"):
        train_judge.train([])


def test_options_have_defaults() -> None:
    parser = ArgumentParser()
    train_judge.arguments(parser)
    assert parser.parse_args([]).out == Path("results/judge")
