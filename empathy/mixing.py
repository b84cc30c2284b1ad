"""Pairs of several schemes -> one preference set in the proportions that a sweep asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from empathy.pairs import PairSet
from empathy.records import PreferencePair


@dataclass(frozen=True, slots=True)
class Mix:
    """What was made by each scheme, and what of it is used."""

    made: tuple[PairSet, ...]
    used: dict[str, tuple[PreferencePair, ...]]
    """By scheme, in the order of the settings; a scheme without a pair has an empty tuple."""

    @property
    def pairs(self) -> tuple[PreferencePair, ...]:
        """All pairs that are used, scheme by scheme."""
        return tuple(pair for some in self.used.values() for pair in some)

    def lines(self) -> dict[str, str]:
        """A line per scheme: what it made of what, and how much the mix leaves aside."""
        told = {}
        for each in self.made:
            aside = len(each.pairs) - len(self.used[each.scheme])
            told[each.scheme] = str(each) + (f"; the mix leaves {aside} aside" if aside else "")
        return told

    def __str__(self) -> str:
        return "; ".join(self.lines().values())


def mix(made: Sequence[PairSet], weights: Mapping[str, float], at_most: int | None = None) -> Mix:
    """The largest mix in which schemes stand to each other as their weights do.

    Each scheme gives at most what it has; which of its pairs, a stable hash of their words says,
    so a smaller mix is part of a larger one. A scheme without any pair is not waited for: the
    others keep their proportions. `at_most` bounds the whole.
    """
    shares = {each.scheme: Fraction(str(weights[each.scheme])) for each in made if each.pairs}
    rates = [Fraction(len(each.pairs)) / shares[each.scheme] for each in made if each.pairs]
    if at_most is not None and shares:
        rates.append(Fraction(at_most) / sum(shares.values()))
    rate = min(rates, default=Fraction(0))
    used = {each.scheme: _some(each.pairs, int(rate * shares.get(each.scheme, 0))) for each in made}
    return Mix(tuple(made), used)


def _some(pairs: Sequence[PreferencePair], count: int) -> tuple[PreferencePair, ...]:
    """`count` of the pairs by stable hash, in the order they came in."""
    by_hash = sorted(range(len(pairs)), key=lambda index: _digest(pairs[index]))
    return tuple(pairs[index] for index in sorted(by_hash[:count]))


def _digest(pair: PreferencePair) -> bytes:
    parts = (pair.scheme, pair.prompt.prompt_id, pair.chosen, pair.rejected)
    return hashlib.sha256("\0".join(parts).encode()).digest()
