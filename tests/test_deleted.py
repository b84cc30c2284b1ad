"""Replies with and without their evidence to pairs.

python -m pytest tests/test_deleted.py
"""

from __future__ import annotations

from empathy.pairs import SAME
from empathy.records import Dialogue, Turn
from empathy.schemes.deleted import deleted
from empathy.settings import DataSettings

REPLY = "I am so sorry for you. Did you sleep at all?"


def rated(name: str, levels: str, rest: str | None, reply: str = REPLY) -> Dialogue:
    turns = (Turn("client", f"I failed it again {name}."), Turn("counsellor", reply))
    evidence = {} if rest is None else {"without_evidence": rest}
    return Dialogue(name, f"post {name}", "epitome", turns, metadata={"levels": levels, **evidence})


def test_a_strong_reply_is_chosen_over_what_is_left_of_it() -> None:
    (pair,) = deleted([rated("a", "2 0 1", "Did you sleep at all?")], DataSettings()).pairs
    assert (pair.chosen, pair.rejected) == (REPLY, "Did you sleep at all?")
    assert (pair.prompt.client_text, pair.scheme) == ("I failed it again a.", "deleted")


def test_what_makes_no_pair_is_counted() -> None:
    made = deleted(
        [
            rated("a", "2 0 0", "Did you sleep at all?"),
            rated("b", "1 1 1", "Did you sleep at all?"),
            rated("c", "0 0 2", None),
            rated("d", "0 2 2", "Did you?"),
            rated("e", "2 2 2", "", "So sorry."),
            rated("f", "2 0 0", f" {REPLY}"),
        ],
        DataSettings(min_words=3),
    )
    assert (len(made.pairs), made.prompts) == (1, 6)
    assert made.skipped == {
        "no mechanism at level 2": 1,
        "no evidence marked, or too little left without it": 1,
        "under 3 words without the evidence": 1,
        "human reply under 3 words": 1,
        SAME: 1,
    }
