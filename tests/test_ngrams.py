"""python -m pytest tests/test_ngrams.py"""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from empathy.metrics import weights
from empathy.verdicts.ngrams import BINS, NgramScorer, Row, counted, weighted
from empathy.verdicts.scored import ScoredJudge, scorer_totals
from empathy.verdicts.verdict import Comparison


def test_counts_by_hand() -> None:
    # "ab?": the words ab, ? and the pair. Of " ab " there are 3, 2 and 1 pieces of 2, 3 and 4
    # letters, and the whole once more for 5, which it is too short for; of " ? " 2 and 1 pieces,
    # and the whole twice more, for 4 and for 5.
    row = counted("Ab?")
    words, letters = row.bins[row.bins < BINS], row.bins[row.bins >= BINS]
    assert len(words) == 3
    assert len(letters) == (3 + 2 + 1) + (2 + 1)
    twice = row.values[row.bins >= BINS]
    assert sorted(set(twice.tolist())) == [1.0, 1 + math.log(2), 1 + math.log(3)]


def test_case_and_blanks_do_not_matter_and_nothing_gives_nothing() -> None:
    assert counted("I  AM sorry").bins.tolist() == counted("i am sorry").bins.tolist()
    assert counted(" ... ").bins.tolist() == []


def test_each_kind_has_length_one() -> None:
    idf = np.ones(2 * BINS)
    idf[7] = 2.0
    row = weighted(Row(np.array([7, 8, BINS + 1]), np.array([2.0, 3.0, 5.0])), idf)
    # (2 * 2, 3) has length 5.
    assert row.values.tolist() == [0.8, 0.6, 1.0]


def test_probabilities_are_a_softmax_of_the_linear_map() -> None:
    tensors = {
        "idf": np.ones(2 * BINS),
        "weights": np.zeros((3, 3, 2 * BINS)),
        "biases": np.log(np.array([[1.0, 2.0, 5.0]] * 3)),
    }
    scorer = NgramScorer(tensors)
    assert scorer.probabilities(["hello"])[0] == pytest.approx(np.array([[1, 2, 5]] * 3) / 8)
    (levels,) = scorer.score(["post"], ["hello"])
    assert levels is not None
    assert levels.emotional_reactions == pytest.approx((2 + 2 * 5) / 8)
    assert levels.total == pytest.approx(3 * 12 / 8)


def test_the_shipped_judge_hears_each_mechanism() -> None:
    scorer = NgramScorer.load()
    warm, seeing, asking, none = scorer.score(
        ["p"] * 4,
        [
            "I'm so sorry you are going through this, I really hope it gets better for you.",
            "I feel the same way, I understand how lonely you must feel, I have been there too.",
            "What happened? Do you want to talk about it?",
            "Buy the cheaper one.",
        ],
    )
    assert warm is not None
    assert seeing is not None
    assert asking is not None
    assert none is not None
    assert warm.emotional_reactions > none.emotional_reactions + 0.5
    assert seeing.interpretations > none.interpretations + 0.5
    assert asking.explorations > none.explorations + 0.5
    assert max(warm.total, seeing.total, asking.total) <= 6


def test_a_reply_without_words_has_no_score() -> None:
    assert NgramScorer.load().score(["p", "p"], ["...", ""]) == [None, None]
    with pytest.raises(ValueError, match="argument"):
        NgramScorer.load().score(["p"], [])


def test_the_post_is_not_read() -> None:
    one, other = NgramScorer.load().score(["I lost my job.", "Hi!"], ["I am sorry."] * 2)
    assert one == other


def test_it_judges_behind_the_protocol() -> None:
    scorer = NgramScorer.load()
    judge = ScoredJudge("ngrams", scorer_totals(scorer), scorer.languages)
    kind, curt = "I am so sorry, that sounds really hard. What happened?", "Whatever."
    found = judge.judge([Comparison("p", kind, curt, "sample"), Comparison("p", curt, kind, "s")])
    assert found.wins == (1.0, 0.0)


def test_it_is_small_and_only_reward_models_need_torch_and_nothing_scikit_learn() -> None:
    (folder,) = weights.__path__
    assert (Path(folder) / "ngrams.safetensors").stat().st_size <= 2_000_000
    probe = (
        "import sys; from empathy.verdicts.ngrams import NgramScorer as N; "
        "from empathy.verdicts import agreement, length_control, llm, scored; "
        "assert N.load().score(['p'], ['I am sorry.'])[0]; "
        "print({'torch', 'sklearn', 'scipy'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert run.stdout == "set()\n", run.stderr
