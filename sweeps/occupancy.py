"""How busy a device was, and how long a lane lay idle between two trials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any


class Occupancy:
    """Adds up passes and gaps. All times are seconds of one monotonic clock, given by the caller.

    Not thread-safe: the host holds its lock around each call.
    """

    def __init__(self) -> None:
        self._freed: dict[int, float] = {}
        self._idle: list[float] = []
        self._busy = 0.0
        self._first: float | None = None
        self._start = self._last = 0.0

    def freed(self, lane: int, at: float) -> None:
        """The lane's trial has ended; whether another follows will be seen."""
        self._freed[lane] = at

    def began(self, lanes: Iterable[int], at: float) -> None:
        """A step or an evaluation of these lanes begins; a freed one among them was idle so far."""
        if self._first is None:
            self._first = at
        self._start = at
        for lane in lanes:
            if lane in self._freed:
                self._idle.append(at - self._freed.pop(lane))

    def ended(self, at: float) -> None:
        """What began last is over."""
        self._busy += at - self._start
        self._last = at

    def as_dict(self) -> dict[str, Any]:
        """The busy share of the time from the first step to the last report, and lanes' idle times.

        A lane that no trial followed on was not idle between trials. What was never measured is
        None.
        """
        wall = 0.0 if self._first is None else self._last - self._first
        return {
            "training_seconds": wall,
            "busy_seconds": self._busy,
            "busy_share": self._busy / wall if wall > 0 else None,
            "lane_changes": len(self._idle),
            "lane_idle_median_seconds": median(self._idle) if self._idle else None,
            "lane_idle_max_seconds": max(self._idle, default=None),
        }


def in_words(found: Mapping[str, Any] | None) -> str:
    """What `as_dict` found, for readers; "" where nothing was trained."""
    if not found or found["busy_share"] is None:
        return ""
    told = f"While trials trained, the device was busy for {found['busy_share']:.0%} of the time"
    if found["lane_idle_median_seconds"] is None:
        return f"{told}."
    return (
        f"{told}; a lane waited {found['lane_idle_median_seconds']:.2g} s for its next trial "
        f"(median of {found['lane_changes']}; at most {found['lane_idle_max_seconds']:.2g} s)."
    )
