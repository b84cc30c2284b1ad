"""A chat without models: the order that is drawn, what the dialogue goes on with, the tally.

python -m pytest tests/test_winner_talk.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from empathy.errors import UserError
from empathy.records import Turn
from empathy.winner import tally
from empathy.winner.talk import Choice, Talk

TWO = ("winner", "sft")


class Heard:
    """Voices that say their name, and what each of them was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, list[str]]] = []

    def reply(self, name: str, turns: Sequence[Turn], number: int) -> str:
        self.shown.append((name, [turn.text for turn in turns]))
        return f"{name} {number}"


def talked(talk: Talk, *lines: str) -> list[str]:
    """What is written when these lines are read."""
    told: list[str] = []
    rest: Iterator[str] = iter(lines)
    talk.run(lambda prompt: next(rest, None), told.append)
    return told


def test_one_voice_hears_as_many_turns_as_it_was_trained_with() -> None:
    heard = Heard()
    told = talked(
        Talk(("winner",), heard.reply, False, 0, 3), "a", "", "b", "/new", "c", "/quit", "d"
    )
    assert told == ["winner> winner 1", "winner> winner 2", "-- a new conversation --",
                    "winner> winner 3"]  # fmt: skip
    assert [texts for _, texts in heard.shown] == [["a"], ["a", "winner 1", "b"], ["c"]]


def test_the_dialogue_goes_on_with_what_is_preferred() -> None:
    heard = Heard()
    talk = Talk(TWO, heard.reply, False, 0, 9)
    told = talked(talk, "a", "2", "b", "both", "=", "c", "")
    assert told[:2] == ["1 winner> winner 1", "2 sft> sft 1"]
    assert "'both' is none of 1, 2, =" in told
    assert heard.shown[-1] == ("sft", ["a", "sft 1", "b", "winner 2", "c"])
    assert [choice.preferred for choice in talk.choices] == ["sft", "=", None]


def test_blind_voices_bear_no_names_and_take_turns_in_an_order_of_the_seed() -> None:
    def orders(seed: int) -> list[tuple[str, str]]:
        talk = Talk(TWO, Heard().reply, True, seed, 1)
        told = talked(talk, *(line for _ in range(20) for line in ("a", "1")))
        assert {line.partition(">")[0] for line in told} == {"1", "2"}
        assert [choice.preferred for choice in talk.choices] == [o[0] for o in order_of(talk)]
        return order_of(talk)

    def order_of(talk: Talk) -> list[tuple[str, str]]:
        return [choice.order for choice in talk.choices]

    assert orders(1) == orders(1) != orders(2)
    assert {TWO, TWO[::-1]} == set(orders(1))


def rows(
    session: tally.Session, *preferred: str | None, conversations: int
) -> list[dict[str, object]]:
    return [
        session.row(Choice(1 + number % conversations, number, ("winner", "sft"), each))
        for number, each in enumerate(preferred)
    ]


SESSION = tally.Session("s1", "abc", "sft", True, 0, 0.7, 64)


def test_the_tally_worked_by_hand() -> None:
    # 3 wins, 1 loss, 2 ties of 6 answers: (3 + 2 / 2) / 6 = 67 %; one turn has no answer.
    some = rows(SESSION, "winner", "winner", "sft", "winner", "=", "=", None, conversations=1)
    found = tally.count(some, "winner")
    assert found[:4] == (3, 1, 2, 1)
    assert found.share is not None
    assert found.share.value == pytest.approx(4 / 6)
    assert (found.share.low, found.share.n, found.share.groups) == (None, 6, 1)
    (told,) = tally.told(found, "winner", "sft")
    assert told == (
        "winner preferred 3 times, sft 1 times, equal 2 times, 1 without an answer: 67 % for "
        "winner, ties half, over 1 conversation, which says nothing of how sure that is."
    )
    assert tally.told(tally.count([], "winner"), "winner", "sft") == [
        "No reply was preferred to another."
    ]


def test_an_interval_needs_ten_conversations_and_says_whether_it_holds_chance() -> None:
    # Two conversations, of which one is all wins and one all losses: 0 to 100 % without one.
    (few,) = tally.told(
        tally.count(rows(SESSION, "winner", "sft", conversations=2), "winner"), "winner", "sft"
    )
    assert "50 % for winner, ties half, 0 to 100 % as each of 2 conversations is left out" in few
    even = rows(SESSION, *["winner", "sft"] * 10, conversations=20)
    (told,) = tally.told(tally.count(even, "winner"), "winner", "sft")
    assert "95 % interval" in told
    assert told.endswith("over 20 conversations, which includes chance.")
    sure = tally.count(rows(SESSION, *["winner"] * 20, conversations=20), "winner")
    assert sure.share is not None
    assert sure.share.low is not None
    assert sure.share.low > 0.5
    assert "chance" not in tally.told(sure, "winner", "sft")[0]


def test_a_kept_file_holds_choices_and_adds_up_what_is_alike(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    assert tally.read(path) == []
    tally.append(path, rows(SESSION, "winner", "sft", conversations=2))
    other = tally.Session("s2", "abc", "base", True, 0, 0.7, 64)
    tally.append(path, rows(other, "winner", conversations=1))
    kept = tally.read(path)
    assert [SESSION.alike(row) for row in kept] == [True, True, False]
    assert set(kept[0]) == {
        *("session", "winner", "against", "blind", "seed", "temperature", "max_new_tokens"),
        *("conversation", "turn", "order", "preferred"),
    }
    path.write_text("no json")
    with pytest.raises(UserError, match=r"kept\.jsonl cannot be read: .*name another file"):
        tally.read(path)
    path.write_text(json.dumps({"name": "a patient"}))
    with pytest.raises(UserError, match="line 1, is no choice of a chat"):
        tally.read(path)
    with pytest.raises(UserError, match="cannot be written: Is a directory"):
        tally.append(tmp_path, [])
