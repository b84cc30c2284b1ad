"""An empathy scorer of another kind, that no search ever sees: counted letters and words. No torch.

It shares neither encoder nor tokenizer with the scorers of `empathy.metrics.epitome`, so a policy
that has learnt their blind spots meets others here. Hashed word and character n-grams of the reply
are weighted by TF-IDF, and a multinomial logistic regression per mechanism gives the levels; the
expected ones are added, as there. It was trained on the training posts of EPITOME, both halves:
it shares the raters' taste with those scorers. It never reads the post, so of two replies to one
prompt it judges the words alone. `weights/NGRAMS.md` beside those scorers' card says how good it
is. `empathy.scorers.train_judge` trains it.
"""

from __future__ import annotations

import importlib.resources
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from empathy.corpora.epitome import LEVELS, MECHANISMS

WEIGHTS: Final = "ngrams.safetensors"
WORDS: Final = range(1, 3)  # n-grams of words
LETTERS: Final = range(2, 6)  # n-grams of characters, within words and their blanks
BINS: Final = 2**15  # of each of the two kinds

_WORD = re.compile(r"\w+|[?!]")  # a question mark is the best sign of an exploration
Floats = NDArray[np.float64]


class Row(NamedTuple):
    """The bins of one text that are not zero, and what stands in them."""

    bins: NDArray[np.int64]
    values: Floats


class NgramLevels(NamedTuple):
    """Expected level of each mechanism, 0 (none) to 2 (strong)."""

    emotional_reactions: float
    interpretations: float
    explorations: float

    @property
    def total(self) -> float:
        """The sum of the three, 0 to 6."""
        return self.emotional_reactions + self.interpretations + self.explorations


class NgramScorer:
    """The trained scorer. `idf` is `[2 * BINS]`; `weights` `[mechanisms, levels, 2 * BINS]` and
    `biases` `[mechanisms, levels]` give the logits."""

    languages = frozenset({"en"})

    def __init__(self, tensors: Mapping[str, NDArray[np.floating]]) -> None:
        self._idf, self._weights, self._biases = (
            np.asarray(tensors[name], dtype=np.float64) for name in ("idf", "weights", "biases")
        )
        assert self._weights.shape == (len(MECHANISMS), LEVELS, 2 * BINS), self._weights.shape

    @classmethod
    def load(cls) -> NgramScorer:
        """The shipped scorer."""
        resource = importlib.resources.files("empathy.metrics.weights") / WEIGHTS
        with importlib.resources.as_file(resource) as path:
            return cls.from_file(path)

    @classmethod
    def from_file(cls, path: Path) -> NgramScorer:
        """A scorer from the file that `empathy.scorers.train_judge` writes."""
        from safetensors.numpy import load_file

        return cls(load_file(path))

    def score(self, posts: Sequence[str], replies: Sequence[str]) -> list[NgramLevels | None]:
        """Expected levels of each reply; None for one without any word or mark that is counted.

        The posts are not read. Raises ValueError when the two sequences differ in length.
        """
        told = [reply for _, reply in zip(posts, replies, strict=True)]
        chances = self.probabilities(told)  # [n, mechanisms, levels]
        levels = chances @ np.arange(LEVELS)
        return [
            NgramLevels(*row) if _WORD.search(reply) else None
            for reply, row in zip(told, levels.tolist(), strict=True)
        ]

    def probabilities(self, replies: Sequence[str]) -> Floats:
        """Probability of each level, `[n, mechanisms, levels]`."""
        chances = np.empty((len(replies), len(MECHANISMS), LEVELS))
        for index, reply in enumerate(replies):
            row = weighted(counted(reply), self._idf)
            logits = self._weights[:, :, row.bins] @ row.values + self._biases
            powers = np.exp(logits - logits.max(-1, keepdims=True))
            chances[index] = powers / powers.sum(-1, keepdims=True)
        return chances


def counted(text: str) -> Row:
    """1 + log of how often each bin was hit, words in the first BINS bins, letters in the others.

    Sublinear, since the tenth "sorry" says little more than the third.
    """
    words = _WORD.findall(text.lower())
    hits = Counter(_bin(each) for each in _word_ngrams(words))
    hits.update(BINS + _bin(each) for each in _letter_ngrams(words))
    bins = np.array(sorted(hits), dtype=np.int64)
    return Row(bins, 1 + np.log(np.array([hits[each] for each in bins.tolist()], dtype=np.float64)))


def weighted(row: Row, idf: Floats) -> Row:
    """Times inverse document frequency; the halves of words and of letters get length 1 each, so
    that neither kind, nor a long reply, weighs more by having more of them."""
    values = row.values * idf[row.bins]
    for half in (row.bins < BINS, row.bins >= BINS):
        length = float(np.linalg.norm(values[half]))
        if length:
            values[half] /= length
    return Row(row.bins, values)


def _word_ngrams(words: Sequence[str]) -> Iterator[str]:
    for n in WORDS:
        for start in range(len(words) - n + 1):
            yield " ".join(words[start : start + n])


def _letter_ngrams(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        padded = f" {word} "
        for n in LETTERS:
            for start in range(max(1, len(padded) - n + 1)):
                yield padded[start : start + n]


def _bin(ngram: str) -> int:
    """The same on every machine and in every version of Python, unlike `hash`."""
    return zlib.crc32(ngram.encode()) % BINS
