"""Candidates to expected pairs, by the schemes that sample the model.

python -m pytest tests/test_sampled.py
"""

from __future__ import annotations

import math

import pytest

from empathy.records import Prompt, Turn
from empathy.schemes.sampled import generated, generated_pairs, rank_pairs, ranked

ASKED = Prompt("p", "g", "toy", (Turn("client", "I feel low."),), "That sounds hard.")


def test_relevance_changes_who_is_best_and_worst() -> None:
    # empathy + 0 * similarity: 3, 2, 1.   empathy + 4 * similarity: 3 - 4, 2 + 2, 1 + 0.4.
    texts, kind, near = ["a", "b", "c"], [3.0, 2.0, 1.0], [-1.0, 0.5, 0.1]
    without = ranked(ASKED, texts, kind, near, relevance=0.0)
    assert without is not None
    assert (without.chosen, without.rejected, without.scheme) == ("a", "c", "ranked")
    weighted = ranked(ASKED, texts, kind, near, relevance=4.0)
    assert weighted is not None
    assert (weighted.chosen, weighted.rejected) == ("b", "a")


def test_blank_and_unscored_candidates_never_win_or_lose() -> None:
    pair = ranked(ASKED, ["", "a", " ", "b", "c"], [9, 1, 0, 2, None], [0, 0, 0, 0, 0], 4.0)
    assert pair is not None
    assert (pair.chosen, pair.rejected) == ("b", "a")


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        ([], []),
        (["a"], [1.0]),
        (["a", ""], [1.0, 0.0]),
        (["a", "b", "c"], [1.0, 1.0, 1.0]),  # tie
        (["same  words", "same words"], [1.0, 0.5]),  # one text, two scores
    ],
)
def test_no_pair_without_a_difference(texts: list[str], kind: list[float]) -> None:
    assert ranked(ASKED, texts, kind, [0.0] * len(texts), 4.0) is None


def test_at_equal_scores_the_earlier_candidate_is_taken() -> None:
    pair = ranked(ASKED, ["a", "b", "c", "d"], [2.0, 2.0, 1.0, 1.0], [0.0] * 4, 4.0)
    assert pair is not None
    assert (pair.chosen, pair.rejected) == ("a", "c")


def test_wrong_lengths_and_nan_are_bugs_not_data() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ranked(ASKED, ["a", "b"], [1.0], [0.0, 0.0], 4.0)
    with pytest.raises(ValueError, match="scores nan"):
        ranked(ASKED, ["a", "b"], [1.0, math.nan], [0.0, 0.0], 4.0)


def test_generated_prefers_the_counsellor() -> None:
    pair = generated(ASKED, "Cheer up.")
    assert pair is not None
    assert (pair.chosen, pair.rejected, pair.scheme) == (
        "That sounds hard.",
        "Cheer up.",
        "generated",
    )
    assert generated(ASKED, " ") is None
    assert generated(ASKED, "That sounds  hard.\n") is None


def asked(*ids: str) -> list[Prompt]:
    return [Prompt(name, name, "toy", (Turn("client", "Hello."),), "Hi there.") for name in ids]


def test_rank_pairs_reports_every_prompt() -> None:
    made = rank_pairs(
        asked("good", "tie", "one", "none"),
        {"good": ["a", "b", ""], "tie": ["a", "b"], "one": ["a", " "]},
        {"good": [2.0, 1.0, None], "tie": [1.0, 1.0], "one": [1.0, None]},
        {"good": [0.1, 0.1, None], "tie": [0.2, 0.2], "one": [0.3, None]},
        relevance=4.0,
    )
    assert [(pair.prompt.prompt_id, pair.chosen) for pair in made.pairs] == [("good", "a")]
    assert made.skipped == {"candidates tie": 1, "fewer than two candidates": 2}
    assert str(made) == (
        "ranked: 1 pairs from 4 prompts (3 skipped: 1 candidates tie, 2 fewer than two candidates)"
        "; 2 unscorable candidates ignored"
    )


def test_generated_pairs_reports_every_prompt() -> None:
    made = generated_pairs(asked("a", "b", "c", "d"), {"a": "Hm.", "b": "Hi there.", "c": ""})
    assert [pair.rejected for pair in made.pairs] == ["Hm."]
    assert made.skipped == {"sample equals the human reply": 1, "no sample": 2}
