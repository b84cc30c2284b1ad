"""Numbers with intervals as rows of one picture: where each lies, in per cent of its width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import NamedTuple

from empathy.uncertainty import Estimate
from sweeps.record.wording import number


class Tick(NamedTuple):
    """A mark on the axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Axis:
    """The range that a picture shows."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Where a value lies, 0 to 100."""
        return round(100 * (value - self.low) / (self.high - self.low), 2)

    def ticks(self, metric: str, *, signed: bool = False) -> list[Tick]:
        """Three to six round values, as the metric is written."""
        step = _step(self.high - self.low)
        first, last = ceil(self.low / step), floor(self.high / step)
        values = [step * index for index in range(first, last + 1)]
        return [Tick(self.at(value), number(value + 0.0, metric, signed=signed and value != 0))
                for value in values]  # fmt: skip


def axis(estimates: Iterable[Estimate], *, zero: bool = False) -> Axis:
    """The range that holds all intervals with a margin, and 0 where differences are shown."""
    ends = [*_ends(estimates), *([0.0] if zero else [])]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    margin = 0.06 * (high - low) or 0.5
    return Axis(low - margin, high + margin)


def _ends(estimates: Iterable[Estimate]) -> Iterator[float]:
    for each in estimates:
        yield from (end for end in (each.value, each.low, each.high) if end is not None)


def _step(width: float) -> float:
    """The distance of ticks: 1, 2 or 5 times a power of ten, the least that gives six at most."""
    power = 10.0 ** floor(log10(width / 6))
    steps: Sequence[float] = (power, 2 * power, 5 * power, 10 * power)
    return next(step for step in steps if width / step <= 6)
