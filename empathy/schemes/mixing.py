"""Pairs of several schemes -> one preference set in the proportions that a sweep asks for."""

from __future__ import annotations

import hashlib
from collections import Counter
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

    Each scheme gives at most what it has. Which of its pairs, a stable hash of their words says,
    one of each group before a second of any: a smaller mix is part of a larger one. A scheme
    without any pair is not waited for: the others keep their proportions. `at_most` bounds the
    whole.
    """
    shares = {each.scheme: Fraction(str(weights[each.scheme])) for each in made if each.pairs}
    rates = [Fraction(len(each.pairs)) / shares[each.scheme] for each in made if each.pairs]
    if at_most is not None and shares:
        rates.append(Fraction(at_most) / sum(shares.values()))
    rate = min(rates, default=Fraction(0))
    used = {each.scheme: _some(each.pairs, int(rate * shares.get(each.scheme, 0))) for each in made}
    return Mix(tuple(made), used)


def _some(pairs: Sequence[PreferencePair], count: int) -> tuple[PreferencePair, ...]:
    """`count` of the pairs by stable hash, going round the groups, in the order they came in."""
    turn: Counter[str] = Counter()
    order = []
    for index in sorted(range(len(pairs)), key=lambda index: _digest(pairs[index])):
        group = pairs[index].prompt.group
        order.append((turn[group], index))  # sorted by turn alone, which keeps the hashes' order
        turn[group] += 1
    order.sort(key=lambda place: place[0])
    return tuple(pairs[index] for _, index in sorted(order[:count], key=lambda place: place[1]))


def _digest(pair: PreferencePair) -> bytes:
    parts = (pair.scheme, pair.prompt.prompt_id, pair.chosen, pair.rejected)
    return hashlib.sha256("\0".join(parts).encode()).digest()
