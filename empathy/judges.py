"""Who measures replies: empathy scorers, a sentence encoder, a MITI coder; one reading by all.

The built-in ones are `epitome`, `similarity` and `miti` in `empathy.metrics`, and
`empathy.verdicts.ngrams`; anything that meets the protocols below can stand in their place.

A judge says in an attribute `languages` (a set of two-letter codes) what it reads; one without it
reads every language. What a judge cannot read gets no number from it: None, never a zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # the report compares evaluations in a process that never loads torch
    from torch import Tensor

Vector = NDArray[np.float32]


class Asked(NamedTuple):
    """The client's words, a reply to them, and the language of both."""

    post: str
    reply: str
    language: str = "en"


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


class SentenceCoder(Protocol):
    """Says what each sentence of a reply does: a MITI label each; None for a reply without any."""

    def code(self, replies: Sequence[str]) -> Sequence[Sequence[str] | None]: ...


class SentenceEncoder(Protocol):
    """Turns n texts into `[n, width]` vectors of unit length."""

    def embed(self, texts: Sequence[str]) -> Tensor: ...


class Readings(NamedTuple):
    """What the judges said. A blank reply is in none of them, an unscorable one is None.

    `vectors` go by (text, language), and only texts in a language of the encoder have one.
    """

    evaluating: Mapping[Asked, Levels | None]
    ranking: Mapping[Asked, Levels | None]
    refereeing: Mapping[Asked, Levels | None]
    vectors: Mapping[tuple[str, str], Vector]
    coding: Mapping[Asked, Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class Judges:
    """Who measures. `ranking` may have chosen the training pairs, `evaluating` may have driven the
    search; `referee`, of another kind, did neither and says who wins. Without a `coder` nothing is
    known of motivational interviewing."""

    evaluating: Scorer
    ranking: Scorer
    encoder: SentenceEncoder
    referee: Scorer
    coder: SentenceCoder | None = None

    @classmethod
    def shipped(cls) -> Judges:
        """The scorers of this package and the packaged encoder, on the CPU. Loads torch."""
        from empathy.metrics.epitome import EmpathyScorer
        from empathy.metrics.miti import MitiScorer
        from empathy.metrics.similarity import Encoder
        from empathy.verdicts.ngrams import NgramScorer

        return cls(
            evaluating=EmpathyScorer.load("evaluate"),
            ranking=EmpathyScorer.load("rank"),
            encoder=Encoder.load(),
            referee=NgramScorer.load(),
            coder=MitiScorer.load(),
        )

    def read(self, asked: Iterable[Asked]) -> Readings:
        """One reading of everything different, each judge called once; nothing blank is sent."""
        everything = sorted(set(asked))
        replied = [each for each in everything if each.reply.strip()]
        readable = [each for each in everything if reads(self.encoder, each.language)]
        said = {(text, each.language) for each in readable for text in each[:2] if text.strip()}
        return Readings(
            _judged(self.evaluating, replied),
            _judged(self.ranking, replied),
            _judged(self.referee, replied),
            self._vectors(sorted(said)),
            self._coding(replied),
        )

    def _vectors(self, said: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Vector]:
        if not said:
            return {}
        vectors = self.encoder.embed([text for text, _ in said]).detach().float().cpu().numpy()
        return dict(zip(said, vectors, strict=True))

    def _coding(self, replied: Sequence[Asked]) -> dict[Asked, Sequence[str] | None]:
        """What the sentences of each reply do, of the languages that the coder reads."""
        if self.coder is None:
            return {}
        told = [each for each in replied if reads(self.coder, each.language)]
        return dict(zip(told, self.coder.code([each.reply for each in told]), strict=True))

    def unread(self, languages: Iterable[str]) -> list[str]:
        """A sentence per judge and language that it cannot read: how many texts, what is missing.

        `languages` has one entry per prompt.
        """
        return [
            f"{count} prompts are in the language '{language}', which the {name} does not read: "
            f"their replies have no {lacking}, and count as not scored"
            for name, judge, lacking in (
                ("evaluating scorer", self.evaluating, "empathy"),
                ("ranking scorer", self.ranking, "second empathy score and no rank among others"),
                ("sentence encoder", self.encoder, "relevance"),
                ("referee", self.referee, "wins"),
                ("MITI coder", self.coder, "MI adherence"),
            )
            for language, count in sorted(Counter(languages).items())
            if judge is not None and not reads(judge, language)
        ]

    def cut(self) -> list[str]:
        """A sentence per judge that has read only a part of some texts, since they are too long."""
        return [
            f"{count} texts are longer than the {name} reads: a part of each was not seen"
            for name, judge in (
                ("evaluating scorer", self.evaluating),
                ("ranking scorer", self.ranking),
                ("sentence encoder", self.encoder),
            )
            if (count := getattr(judge, "truncated", 0))
        ]


def reads(judge: Scorer | SentenceEncoder | SentenceCoder, language: str) -> bool:
    """Whether a judge can say anything about texts in this language."""
    languages = languages_of(judge)
    return languages is None or language in languages


def languages_of(judge: object) -> frozenset[str] | None:
    """The languages that a judge reads; None for all."""
    found: frozenset[str] | None = getattr(judge, "languages", None)
    return found


def scored(scorer: Scorer, asked: Sequence[Asked]) -> list[Levels | None]:
    """Levels in the order of `asked`, of which the scorer only sees what it can read."""
    told = [each for each in asked if reads(scorer, each.language)]
    levels = iter(scorer.score([e.post for e in told], [e.reply for e in told]) if told else ())
    return [next(levels) if reads(scorer, each.language) else None for each in asked]


def _judged(scorer: Scorer, replied: Sequence[Asked]) -> dict[Asked, Levels | None]:
    return dict(zip(replied, scored(scorer, replied), strict=True))
