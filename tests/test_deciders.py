"""Scorers and cheap rules as judges of pairs.

python -m pytest tests/test_deciders.py
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from plain_judges import Letters, plain_judges

from empathy.own_data.deciders import by_length, by_scorers, by_style, comparisons, cosines
from empathy.preference_baselines import STYLE
from empathy.records import PreferencePair, Prompt, Turn


def pairs(*replies: tuple[str, str], prompt: str = "a", groups: int = 100) -> list[PreferencePair]:
    turns = (Turn("client", prompt),)
    return [
        PreferencePair(Prompt(f"p{i}", f"g{i % groups}", "own", turns, ""), chosen, rejected, "own")
        for i, (chosen, rejected) in enumerate(replies)
    ]


def wins(found: Sequence[PreferencePair]) -> dict[str, tuple[float | None, ...]]:
    judges = [*by_scorers(plain_judges()), *by_length()]
    return {judge.name: judge.judge(comparisons(found)).wins for judge in judges}


def test_every_judge_by_hand() -> None:
    # Marks: 2 against 1, then 1 against 1; about the prompt, a: the first chosen one, the second
    # rejected one; words: 1 against 2, 3 against 2; the last two replies are the same.
    found = wins(pairs(("a!!", "b b."), ("b b b.", "a a."), ("a", "a")))
    assert found == {
        "evaluating scorer": (1.0, 0.5, 0.5),
        "ranking scorer": (1.0, 0.5, 0.5),
        "n-gram referee": (1.0, 0.5, 0.5),
        "similar to prompt": (1.0, 0.0, 0.5),
        "longer wins": (0.0, 1.0, 0.5),
        "shorter wins": (1.0, 0.0, 0.5),
    }


def test_cosines_by_hand() -> None:
    same, other = cosines(Letters())([("a", "aa"), ("a", "b")])
    assert same == pytest.approx(1.0, abs=1e-4)
    # (1.01, 0.01, ...) and (0.01, 1.01, 0.01, ...): the product is 2 * 1.01 * 0.01 + 6 * 0.0001,
    # both squared lengths are 1.01^2 + 7 * 0.0001.
    assert other == pytest.approx((2 * 0.0101 + 0.0006) / (1.0201 + 0.0007), abs=1e-6)


def test_style_is_learnt_from_other_groups_only() -> None:
    words = ("tea", "rain", "dog", "street", "boat", "hill", "lamp", "green", "song", "bread")
    said = [(f"I wonder about {w}.", f"You should {w}.") for w in words * 2]
    found = by_style(pairs(*said))
    assert (found.judge, set(found.wins), found.counts) == (STYLE, {1.0}, {})
    # Each group's own words occur nowhere else: whoever learnt from the pair itself would know.
    alone = [(f"{w}a", f"{w}b") for w in words]
    assert by_style(pairs(*alone)).wins == (0.5,) * 10


def test_style_without_other_groups_is_missing_and_counted() -> None:
    found = by_style(pairs(("a b", "c"), ("a d", "c"), groups=1))
    assert found.wins == (None, None)
    assert found.counts == {"without pairs of other groups": 2}
    assert by_style(pairs(("a b", "c"), ("a d", "c"))).wins == (None, None)  # one pair in the other


def test_the_folds_do_not_depend_on_the_order_of_the_rows() -> None:
    said = [(f"I wonder {i}", f"You should {i * 7 % 5}") for i in range(30)]
    found = pairs(*said)
    assert by_style(found[::-1]).wins == by_style(found).wins[::-1]
