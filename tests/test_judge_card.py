"""python -m pytest tests/test_judge_card.py"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from empathy.cache import file_sha256
from empathy.corpora.epitome import Example, load
from empathy.scorers.judge_card import BESIDE, FOLDER, build, ordering, render
from empathy.verdicts.ngrams import NgramScorer


def example(number: int, levels: tuple[int, int, int]) -> Example:
    return Example(f"p{number}", f"r{number}", "post", "response", levels)


def test_ordering_by_hand() -> None:
    # Rated 0, 1, 3: the pairs are 1 > 0, 3 > 0, 3 > 1. Scores 0.5, 0.2, 0.5: wrong, tie, right.
    test = [example(0, (0, 0, 0)), example(1, (1, 0, 0)), example(2, (1, 1, 1))]
    found = ordering(test, np.array([0.5, 0.2, 0.5]))
    assert found.value == pytest.approx((0 + 0.5 + 1) / 3)
    assert (found.n, found.groups) == (3, 3)


def test_equal_ratings_have_no_order() -> None:
    with pytest.raises(ValueError, match="all test responses are rated alike"):
        ordering([example(0, (1, 0, 0)), example(1, (0, 1, 0))], np.array([1.0, 2.0]))


def test_the_card_is_made_of_its_json_and_belongs_to_the_shipped_weights() -> None:
    card = json.loads((FOLDER / "ngrams.json").read_text("utf-8"))
    assert (FOLDER / "NGRAMS.md").read_text("utf-8") == render(card)
    assert card["sha256"] == file_sha256(FOLDER / "ngrams.safetensors")


def test_the_rows_beside_it_are_those_of_the_scorers_card() -> None:
    """After `train-scorer --install`, run `train-judge --install`."""
    card = json.loads((FOLDER / "ngrams.json").read_text("utf-8"))
    scorers = json.loads((FOLDER / "card.json").read_text("utf-8"))
    assert card["beside"] == {name: scorers["results"][name] for name in BESIDE}


@pytest.mark.skipif("EMPATHY_DATA" not in os.environ, reason="needs EPITOME in EMPATHY_DATA")
def test_the_shipped_judge_is_as_good_as_its_card_says() -> None:
    if not Path(os.environ["EMPATHY_DATA"], "epitome").is_dir():
        pytest.skip("EMPATHY_DATA has no epitome/")
    card = json.loads((FOLDER / "ngrams.json").read_text("utf-8"))
    found = build(load(None).examples, NgramScorer.load(), card["chosen"], card["sha256"])
    assert found["results"] == card["results"]
    assert found["pairs"] == card["pairs"]
