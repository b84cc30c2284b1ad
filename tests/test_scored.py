"""python -m pytest tests/test_scored.py"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from empathy.uncertainty import share_interval
from empathy.verdicts.ngrams import NgramLevels
from empathy.verdicts.scored import Said, ScoredJudge, scorer_totals
from empathy.verdicts.verdict import Comparison


def by_length(said: Sequence[Said]) -> list[float | None]:
    """A reply's score is its length; "?" has none, "nan" is none."""
    special = {"?": None, "nan": float("nan")}
    return [special.get(reply, float(len(reply))) for _, reply in said]


def asked(*pairs: tuple[str, str]) -> list[Comparison]:
    return [Comparison("p", a, b, "sample") for a, b in pairs]


def test_the_higher_score_wins_and_equal_scores_tie() -> None:
    found = ScoredJudge("length", by_length).judge(asked(("long", "b"), ("a", "long"), ("a", "b")))
    assert found.wins == (1.0, 0.0, 0.5)
    assert (found.judge, found.counts) == ("length", {})
    assert all(each.a_first is None for each in found.verdicts)


def test_what_has_no_score_is_unjudged_and_counted_never_a_loss() -> None:
    found = ScoredJudge("length", by_length).judge(
        asked(("long", "?"), ("nan", "b"), (" ", "b"), ("a", "a"), ("long", "b"))
    )
    assert found.wins == (None, None, None, 0.5, 1.0)
    assert found.counts == {"unscorable": 2, "blank": 1, "identical": 1}
    # (0.5 + 1) / 2 over the two that are judged
    assert share_interval(found.wins, list("abcde")).value == 0.75


def test_every_different_reply_is_scored_once() -> None:
    heard: list[Said] = []

    def scores(said: Sequence[Said]) -> list[float | None]:
        heard.extend(said)
        return by_length(said)

    ScoredJudge("length", scores).judge(asked(("a", "bb"), ("a", "ccc"), ("bb", "ccc")))
    assert heard == [("p", "a"), ("p", "bb"), ("p", "ccc")]


def test_a_language_that_the_judge_does_not_read_is_unjudged() -> None:
    comparisons = [*asked(("long", "b")), Comparison("p", "longo", "b", "sample", "pt")]
    found = ScoredJudge("length", by_length, {"en"}).judge(comparisons)
    assert found.wins == (1.0, None)
    assert found.counts == {"in a language it does not read": 1}
    only = ScoredJudge("length", by_length, {"en"}).judge(comparisons[1:])
    assert only.wins == (None,)


def test_no_comparisons_raise() -> None:
    with pytest.raises(ValueError, match="nothing to judge"):
        ScoredJudge("length", by_length).judge([])


def test_an_empathy_scorer_judges_by_its_total() -> None:
    class Fixed:
        def score(self, posts: Sequence[str], replies: Sequence[str]) -> list[NgramLevels | None]:
            known = {"warm": NgramLevels(1.0, 0.5, 0.0), "curious": NgramLevels(0.0, 0.0, 1.4)}
            return [known.get(reply) for reply in replies]

    judge = ScoredJudge("fixed", scorer_totals(Fixed()))
    # 1.5 against 1.4; a stranger has no levels
    assert judge.judge(asked(("warm", "curious"), ("warm", "stranger"))).wins == (1.0, None)
