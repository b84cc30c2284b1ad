"""The card of the MITI scorer: statistics by hand, and it belongs to what is shipped.

python -m pytest tests/test_miti_card.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from empathy.cache import file_sha256
from empathy.metrics.miti import WEIGHTS, MitiScorer
from empathy.reading.miti import GoldSentence, gold_test
from empathy.records import same_words
from empathy.scorers.miti_baseline import fitted, measured
from empathy.scorers.miti_card import FOLDER, judge, letters, per_label, render
from empathy.scorers.miti_examples import Example, collect


def card() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "miti.json").read_text("utf-8"))
    return found


def test_judged_by_hand() -> None:
    # Two of three labels are right; Direct for Warn is right among the groups. Macro-F1 over 15:
    # Affirm 1, Other 1, Warn and Direct 0: 2/15. Over groups: all three 1.
    gold = [GoldSentence(text, text, "Other") for text in ("Affirm", "Warn", "Other")]
    found = judge(gold, ["Affirm", "Direct", "Other"])
    assert found["labels"]["accuracy"]["value"] == pytest.approx(2 / 3)
    assert found["labels"]["macro_f1"]["value"] == pytest.approx(2 / 15)
    assert found["groups"]["accuracy"]["value"] == found["groups"]["macro_f1"]["value"] == 1.0
    rows = per_label(gold, ["Affirm", "Direct", "Other"])
    assert rows["Affirm"] == {"gold": 1, "precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert rows["Warn"] == {"gold": 1, "precision": None, "recall": 0.0, "f1": 0.0}
    assert rows["Support"] == {"gold": 0, "precision": None, "recall": None, "f1": None}


def test_repeated_sentences_are_drawn_together() -> None:
    gold = [GoldSentence(text, "Other", "Other") for text in ("Go.", "go!", "Stay.")]
    found = judge(gold, ["Other", "Other", "Warn"])["labels"]["accuracy"]
    assert (found["n"], found["groups"]) == (3, 2)
    assert (found["low"], found["high"]) == (0.0, 1.0)  # two draws of two wordings


def test_letters_stand_for_labels() -> None:
    assert letters(["Closed Question", "Other", "Open Question"]) == "aob"


def test_baselines_learn_plain_words_and_the_majority() -> None:
    some = [Example(f"why now {i}?", "Open Question", f"g{i}", "weak") for i in range(40)]
    some += [Example(f"so sorry {i}", "Support", f"h{i}", "weak") for i in range(60)]
    found = fitted(some)
    assert found.majority == "Support"
    assert found.label(["why?", "sorry"]) == ["Open Question", "Support"]
    # Two of fifteen labels are all right.
    assert measured(found.held_out, some) == pytest.approx({"accuracy": 1.0, "macro_f1": 2 / 15})


def test_the_card_is_made_of_its_json_and_belongs_to_the_shipped_weights() -> None:
    assert (FOLDER / "MITI.md").read_text("utf-8") == render(card())
    assert card()["sha256"] == file_sha256(FOLDER / WEIGHTS)


@pytest.fixture(scope="module")
def folder() -> Path:
    folder = Path(os.environ.get("EMPATHY_DATA") or "none")
    if not (folder / "mi").is_dir():
        pytest.skip("EMPATHY_DATA has no mi/")
    return folder


def test_the_gold_test_sentences_are_counted_as_published(folder: Path) -> None:
    gold = gold_test(folder)
    assert card()["gold"]["sentences"] == len(gold) == 1681
    assert card()["gold"]["texts"] == len({same_words(sentence.text) for sentence in gold})
    # The authors' own numbers, from their predictions: 68.2 / 57.9 and 84.4 / 79.4.
    found = judge(gold, [sentence.predicted for sentence in gold])
    rounded = [
        round(100 * found[classes][name]["value"], 1)
        for classes in ("labels", "groups")
        for name in ("accuracy", "macro_f1")
    ]
    assert rounded == [68.2, 57.9, 84.4, 79.4]
    assert found == card()["results"]["authors"]


def test_no_gold_test_sentence_was_learnt_from(folder: Path) -> None:
    found = collect(folder, None)
    assert card()["examples"]["counts"] == found.counts
    tested = {same_words(sentence.text) for sentence in gold_test(folder)}
    assert not tested & {same_words(each.text) for each in found.examples}


def test_the_shipped_scorer_is_as_good_as_its_card_says(folder: Path) -> None:
    gold = gold_test(folder)
    said = MitiScorer.load().label([sentence.text for sentence in gold])
    told = card()["said"]["miti"]
    same = sum(a == b for a, b in zip(letters(said), told, strict=True))
    assert same >= 0.995 * len(gold)  # another processor may round a tie the other way
    found, expected = judge(gold, said), card()["results"]["miti"]
    for classes in ("labels", "groups"):
        assert found[classes]["macro_f1"]["value"] == pytest.approx(
            expected[classes]["macro_f1"]["value"], abs=0.01
        )
