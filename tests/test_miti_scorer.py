"""The shipped scorer of MITI labels.

python -m pytest tests/test_miti_scorer.py
"""

from __future__ import annotations

import importlib.resources
from pathlib import Path

import pytest

from empathy.errors import UserError
from empathy.metrics.miti import MAX_TOKENS, WEIGHTS, MitiScorer


@pytest.fixture(scope="module")
def scorer() -> MitiScorer:
    return MitiScorer.load()


def test_plain_cases(scorer: MitiScorer) -> None:
    reply = "I'm so sorry that you lost him. What was he like? You should see a doctor."
    assert scorer.code([reply]) == [("Support", "Open Question", "Advise without Permission")]


def test_the_same_sentence_has_the_same_label_beside_any_others(scorer: MitiScorer) -> None:
    said = ["You sound worn out.", "Is it the job, or is it more than that, as you said before?"]
    together = scorer.code([" ".join(said), said[0], "", "..."])
    assert together[0] is not None
    assert together[0][:1] == together[1] == tuple(scorer.label(said[:1]))
    assert together[2:] == [None, None]


def test_nothing_and_too_long(scorer: MitiScorer) -> None:
    assert scorer.code([]) == []
    before = scorer.truncated
    scorer.label(["word " * 2 * MAX_TOKENS, "word"])
    assert scorer.truncated == before + 1


def test_it_reads_english_and_is_small() -> None:
    assert MitiScorer.languages == {"en"}
    with importlib.resources.as_file(
        importlib.resources.files("empathy.metrics.weights") / WEIGHTS
    ) as path:
        assert path.stat().st_size <= 1_000_000


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no scorer .*; `python -m empathy train-miti` makes one"):
        MitiScorer.from_file(tmp_path / "none.safetensors")
