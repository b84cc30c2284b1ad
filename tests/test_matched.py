"""High-quality exchanges matched with low ones, with vectors made by hand.

python -m pytest tests/test_matched.py
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from empathy.records import Dialogue, Turn
from empathy.schemes.matched import Vectors, matched
from empathy.settings import DataSettings

# Unit vectors: cosines with "I smoke." are 0.8, 0.6, 0 and 1.
PLACES = {
    "I smoke.": (1.0, 0.0),
    "I smoke too.": (0.8, 0.6),
    "I smoked once.": (0.6, 0.8),
    "I drink.": (0.0, 1.0),
    "I smoke, and I run.": (1.0, 0.0),
}


def embed(texts: Sequence[str]) -> Vectors:
    return np.array([PLACES[text] for text in texts], np.float32).reshape(-1, 2)


def session(said: str, reply: str, quality: str, topic: str = "smoking") -> Dialogue:
    turns = (Turn("client", said), Turn("counsellor", reply))
    facts = {"mi_quality": quality, "topic": topic}
    return Dialogue(f"{quality} {said}", f"g {said}", "annomi", turns, metadata=facts)


HIGH = session("I smoke.", "What does it give you?", "high")
NEAR = session("I smoke too.", "Stop it today.", "low")
FAR = session("I smoked once.", "Good for you.", "low")
ELSEWHERE = session("I smoke, and I run.", "Run more then.", "low", topic="exercise")


def settings(similarity: float = 0.5, min_words: int = 1) -> DataSettings:
    return DataSettings(match_similarity=similarity, min_words=min_words)


def test_the_reply_to_the_most_similar_client_of_the_topic_is_rejected() -> None:
    (pair,) = matched([FAR, HIGH, ELSEWHERE, NEAR], embed, settings()).pairs
    assert (pair.chosen, pair.rejected) == ("What does it give you?", "Stop it today.")
    assert (pair.prompt.client_text, pair.scheme) == ("I smoke.", "matched")


@pytest.mark.parametrize(("similarity", "pairs"), [(0.79, 1), (0.81, 0)])
def test_the_similarity_asked_for_is_kept(similarity: float, pairs: int) -> None:
    made = matched([HIGH, NEAR], embed, settings(similarity))
    assert len(made.pairs) == pairs
    assert made.skipped == ({} if pairs else {"no client as similar as 0.81": 1})


def test_one_shared_topic_of_several_is_enough() -> None:
    both = session("I smoke, and I run.", "Run more then.", "low", "Exercise; smoking ")
    (pair,) = matched([HIGH, NEAR, both], embed, settings()).pairs
    assert pair.rejected == "Run more then."


def test_what_makes_no_pair_is_counted_on_both_sides() -> None:
    drinker = session("I drink.", "Tell me more about it.", "high", "drinking")
    low = session("I drink.", "Well.", "low")
    terse = session("I smoke, and I run.", "Well.", "low")
    made = matched([HIGH, drinker, low, terse], embed, settings(min_words=3))
    assert (made.pairs, made.prompts) == ((), 0)
    assert made.skipped == {
        "high: client's turn under 3 words": 2,
        "low: client's turn under 3 words": 1,
        "low: human reply under 3 words": 1,
    }


def test_without_low_sessions_there_is_nothing_to_match() -> None:
    made = matched([HIGH], embed, settings())
    assert str(made) == (
        "matched: 0 pairs from 1 prompts (1 skipped: no low-quality exchange of its topic)"
    )
    unrated = Dialogue("x", "x", "sample", HIGH.turns)
    assert matched([unrated], embed, settings()).prompts == 0
