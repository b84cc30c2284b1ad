"""Who measures replies: two empathy scorers and a sentence encoder, and one reading by all three.

The built-in ones are `empathy.metrics.epitome` and `empathy.metrics.similarity`; anything that
meets the protocols below can stand in their place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # the report compares evaluations in a process that never loads torch
    from torch import Tensor

Asked = tuple[str, str]  # the client's words and a reply to them
Vector = NDArray[np.float32]


class Levels(Protocol):
    """What a scorer says of one reply: expected levels 0 to 2, and their sum 0 to 6."""

    @property
    def emotional_reactions(self) -> float: ...
    @property
    def interpretations(self) -> float: ...
    @property
    def explorations(self) -> float: ...
    @property
    def total(self) -> float: ...


class Scorer(Protocol):
    """Judges replies to posts; None for one that it cannot judge."""

    def score(self, posts: Sequence[str], replies: Sequence[str]) -> Sequence[Levels | None]: ...


class SentenceEncoder(Protocol):
    """Turns n texts into `[n, width]` vectors of unit length."""

    def embed(self, texts: Sequence[str]) -> Tensor: ...


class Readings(NamedTuple):
    """What the judges said. A blank reply is in none of the three, an unscorable one is None."""

    evaluating: Mapping[Asked, Levels | None]
    ranking: Mapping[Asked, Levels | None]
    vectors: Mapping[str, Vector]


@dataclass(frozen=True, slots=True)
class Judges:
    """Who measures. `ranking` may have chosen the training pairs, `evaluating` never did."""

    evaluating: Scorer
    ranking: Scorer
    encoder: SentenceEncoder

    def read(self, asked: Iterable[Asked]) -> Readings:
        """One reading of everything different, each judge called once; nothing blank is sent."""
        everything = sorted(set(asked))
        replied = [each for each in everything if each[1].strip()]
        texts = sorted({text for each in everything for text in each if text.strip()})
        vectors = self.encoder.embed(texts).detach().float().cpu().numpy()
        return Readings(
            _judged(self.evaluating, replied),
            _judged(self.ranking, replied),
            dict(zip(texts, vectors, strict=True)),
        )


def _judged(scorer: Scorer, replied: Sequence[Asked]) -> dict[Asked, Levels | None]:
    if not replied:
        return {}
    levels = scorer.score([post for post, _ in replied], [text for _, text in replied])
    return dict(zip(replied, levels, strict=True))
