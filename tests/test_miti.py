"""MITI's labels and the gold test sentences.

.venv/bin/python -m pytest tests/test_miti.py
"""

from __future__ import annotations

from pathlib import Path

import pytest
from invented_mi import write_mi

from empathy.errors import UserError
from empathy.reading.miti import ADHERENT, GOLD_TEST, LABELS, NON_ADHERENT, gold_test


def test_the_labels_are_fifteen_in_the_authors_order() -> None:
    assert len(LABELS) == len(set(LABELS)) == 15
    assert [LABELS.index(name) for name in ("Simple Reflection", "Support", "Other")] == [2, 8, 14]
    assert len(ADHERENT) == len(NON_ADHERENT) == 4
    assert not ADHERENT & NON_ADHERENT
    assert set(LABELS) > ADHERENT | NON_ADHERENT


def test_gold_sentences_are_read_with_their_repetitions(tmp_path: Path) -> None:
    first, second = gold_test(write_mi(tmp_path))
    assert first == second == ("Never test on this.", "Advise without Permission", "Direct")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("9,Advise without Permission", "9,Advice", "line 2: Ground truth is none of Closed"),
        ("11,Direct", "11,", "line 2: Prediction is none of Closed"),
        ("Never test on this.", "", "line 2: Text is blank"),
        ("Never test", "never " * 10_000, "line 2: Text has 10,002 words"),
        ("Ground truth,", "Truth,", "has no column Ground truth"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = write_mi(tmp_path) / GOLD_TEST
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UserError, match=rf"test_output\.csv.*{says}.* fetch the authors' file"):
        gold_test(tmp_path)
