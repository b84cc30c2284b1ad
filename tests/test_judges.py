"""python -m pytest tests/test_judges.py"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from empathy.judges import Asked, Judges, scored


class Fixed(NamedTuple):
    """The same levels whatever was said."""

    emotional_reactions: float = 1.0
    interpretations: float = 0.0
    explorations: float = 0.0
    total: float = 1.0


class Listening:
    """A scorer and an encoder that keep what they are given."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, ...]] = []

    def score(self, posts: Sequence[str], replies: Sequence[str]) -> list[Fixed]:
        self.heard.append((*posts, *replies))
        return [Fixed() for _ in posts]

    def embed(self, texts: Sequence[str]) -> torch.Tensor:
        self.heard.append(tuple(texts))
        return torch.eye(len(texts), dtype=torch.float64)


def test_everything_is_read_once_and_nothing_blank() -> None:
    first, second, referee, encoder = Listening(), Listening(), Listening(), Listening()
    asked = [Asked("post", reply) for reply in ("b", "a", "b", " \n", "")]
    readings = Judges(first, second, encoder, referee).read(asked)
    assert first.heard == second.heard == referee.heard == [("post", "post", "a", "b")]
    assert encoder.heard == [("a", "b", "post")]
    assert (
        set(readings.evaluating)
        == set(readings.ranking)
        == set(readings.refereeing)
        == {
            Asked("post", "a"),
            Asked("post", "b"),
        }
    )
    assert {text: vector.argmax() for (text, _), vector in readings.vectors.items()} == {
        "a": 0, "b": 1, "post": 2,
    }  # fmt: skip
    assert readings.vectors["a", "en"].dtype == "float32"


class Coding(Listening):
    """A coder that keeps what it is given and reads English alone."""

    languages = frozenset({"en"})

    def code(self, replies: Sequence[str]) -> list[tuple[str, ...]]:
        self.heard.append(tuple(replies))
        return [("Other",)] * len(replies)


def test_the_coder_hears_replies_once_and_of_its_language() -> None:
    deaf, coder = Listening(), Coding()
    asked = [Asked("p", "a"), Asked("p", "a"), Asked("q", ""), Asked("p", "b", "pt")]
    readings = Judges(deaf, deaf, deaf, deaf, coder).read(asked)
    assert coder.heard == [("a",)]
    assert readings.coding == {Asked("p", "a"): ("Other",)}
    assert Judges(deaf, deaf, deaf, deaf).read(asked).coding == {}
    (told,) = Judges(deaf, deaf, deaf, deaf, coder).unread(["pt"])
    assert told.endswith(
        "MITI coder does not read: their replies have no MI adherence, and count as not scored"
    )


def test_only_blank_replies_call_no_scorer() -> None:
    scorer, encoder = Listening(), Listening()
    readings = Judges(scorer, scorer, encoder, scorer).read([Asked("post", "")])
    assert scorer.heard == []
    assert readings.evaluating == {}


class English(Listening):
    """Reads English alone."""

    languages = frozenset({"en"})


def test_a_judge_hears_only_the_languages_that_it_reads() -> None:
    first, second, encoder = English(), Listening(), English()
    asked = [Asked("sim", "não", "pt"), Asked("yes", "no"), Asked("yes", "no", "pt")]
    readings = Judges(first, second, encoder, Listening()).read(asked)
    assert first.heard == [("yes", "no")]
    assert encoder.heard == [("no", "yes")]
    assert second.heard == [("sim", "yes", "yes", "não", "no", "no")]
    # The same words in another language are another question, and have no answer.
    assert readings.evaluating == {asked[0]: None, asked[1]: Fixed(), asked[2]: None}
    assert set(readings.vectors) == {("no", "en"), ("yes", "en")}


def test_levels_stand_in_the_order_asked() -> None:
    asked = [Asked("a", "b", "pt"), Asked("a", "b"), Asked("a", "c", "pt"), Asked("a", "d")]
    assert scored(English(), asked) == [None, Fixed(), None, Fixed()]
    alone = English()
    assert scored(alone, asked[:1]) == [None]
    assert alone.heard == []


def test_what_no_judge_reads_is_said_with_its_number() -> None:
    panel = Judges(English(), Listening(), English(), Listening())
    assert panel.unread(["en", "en"]) == []
    first, second = panel.unread(["pt", "en", "pt"])
    assert first.startswith("2 prompts are in the language 'pt', which the evaluating scorer does")
    assert "sentence encoder does not read: their replies have no relevance" in second


def test_what_was_read_in_part_is_said() -> None:
    panel = Judges(Listening(), Listening(), Listening(), Listening())
    assert panel.cut() == []
    panel.encoder.truncated = 3  # type: ignore[attr-defined]  # a stub counts so
    assert panel.cut() == [
        "3 texts are longer than the sentence encoder reads: a part of each was not seen"
    ]
