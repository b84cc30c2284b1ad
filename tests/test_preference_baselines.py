"""Rules that see no model, on pairs whose answer is known.

python -m pytest tests/test_preference_baselines.py
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from empathy.preference_baselines import LONGER, SHORTER, STYLE, baselines, solved, style_margins
from empathy.records import PreferencePair, Prompt, Turn

WORDS = [
    *("tea", "rain", "dog", "street", "boat", "hill"),
    *("lamp", "green", "song", "bread", "wall", "chair"),
]


def pairs(replies: Iterable[tuple[str, str]], groups: int = 100) -> list[PreferencePair]:
    said = (Turn("client", "Hm."),)
    return [
        PreferencePair(Prompt(f"p{i}", f"g{i % groups}", "toy", said, ""), chosen, rejected, "t")
        for i, (chosen, rejected) in enumerate(replies)
    ]


def test_length_is_counted_in_words_and_a_tie_is_half() -> None:
    # Longer, longer, shorter, as long: 1 + 1 + 0 + 0.5 of 4.
    found = baselines([], pairs([("a b", "a"), ("a b c", "a"), ("a", "a b"), ("a b", "b a")]))
    assert {name: each.value for name, each in found.items()} == {LONGER: 0.625, SHORTER: 0.375}
    assert (found[LONGER].n, found[LONGER].groups) == (4, 4)


def test_nothing_held_out_is_missing_not_zero() -> None:
    assert baselines(pairs([("a b", "a")] * 3), []) == {}


def test_openers_are_style_and_other_words_are_not() -> None:
    train = pairs((f"I wonder about {w}.", f"You should {w}.") for w in WORDS[:6])
    held_out = pairs((f"I wonder about {w}.", f"You should {w}.") for w in WORDS[6:])
    found = baselines(train, held_out)
    assert found[STYLE].value == 1.0
    assert found[LONGER].value == 1.0
    turned = [(pair.rejected, pair.chosen) for pair in held_out]
    assert baselines(train, pairs(turned))[STYLE].value == 0.0
    # Words that no train pair tells apart leave nothing to go by.
    assert style_margins(train, pairs([("song bread", "wall chair")])) == [0.0]


def test_solved_needs_an_interval_that_is_all_above_three_quarters() -> None:
    longer = [("a b", "a")]
    assert solved(baselines([], pairs(longer * 40))[LONGER])
    assert not solved(baselines([], pairs(longer * 40))[SHORTER])
    # All right, yet of nine groups only: a range and no interval.
    few = baselines([], pairs(longer * 40, groups=9))[LONGER]
    assert (few.value, few.level, solved(few)) == (1.0, None, False)
    # 12 of 12 groups: Clopper and Pearson's lower end is 0.025 ** (1 / 12) = 0.735, under 0.75.
    dozen = baselines([], pairs(longer * 12))[LONGER]
    assert dozen.low == pytest.approx(0.735, abs=1e-3)
    assert not solved(dozen)
