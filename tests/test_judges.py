"""python -m pytest tests/test_judges.py"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from empathy.judges import Judges


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
    first, second, encoder = Listening(), Listening(), Listening()
    asked = [("post", "b"), ("post", "a"), ("post", "b"), ("post", " \n"), ("post", "")]
    readings = Judges(first, second, encoder).read(asked)
    assert first.heard == second.heard == [("post", "post", "a", "b")]
    assert encoder.heard == [("a", "b", "post")]
    assert set(readings.evaluating) == set(readings.ranking) == {("post", "a"), ("post", "b")}
    assert {text: vector.argmax() for text, vector in readings.vectors.items()} == {
        "a": 0, "b": 1, "post": 2,
    }  # fmt: skip
    assert readings.vectors["a"].dtype == "float32"


def test_only_blank_replies_call_no_scorer() -> None:
    scorer, encoder = Listening(), Listening()
    readings = Judges(scorer, scorer, encoder).read([("post", "")])
    assert scorer.heard == []
    assert readings.evaluating == {}
