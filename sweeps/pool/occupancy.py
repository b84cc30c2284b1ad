"""How busy a device was, and how long a lane lay idle between two trials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
        self.under_way: float | None = None
        """When what is not over yet began."""

    def freed(self, lane: int, at: float) -> None:
        """The lane's trial has ended; whether another follows will be seen."""
        self._freed[lane] = at

    def began(self, lanes: Iterable[int], at: float) -> None:
        """A step or an evaluation of these lanes begins; a freed one among them was idle so far."""
        if self._first is None:
            self._first = at
        self._start = self.under_way = at
        for lane in lanes:
            if lane in self._freed:
                self._idle.append(at - self._freed.pop(lane))

    def ended(self, at: float) -> None:
        """What began last is over."""
        self._busy += at - self._start
        self._last, self.under_way = at, None

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
    """What `as_dict` found, of one host or of each by its name; "" where nothing was trained."""
    hosts = [found] if found and "busy_share" in found else list((found or {}).values())
    busy = [each for each in hosts if each.get("busy_share") is not None]
    if not busy:
        return ""
    told = f"While trials trained, {_shares([each['busy_share'] for each in busy])}"
    idle = [each for each in busy if each["lane_idle_median_seconds"] is not None]
    if idle:
        told += _idle(idle)
    others = len(hosts) - len(busy)
    return f"{told}." + (f" Not counted: {others} that died or never trained." if others else "")


def _shares(shares: Sequence[float]) -> str:
    if len(shares) == 1:
        return f"the device was busy for {100 * shares[0]:.0f} % of the time"
    low, high = min(shares), max(shares)
    each = f"{100 * low:.0f} to {100 * high:.0f} %"
    return f"{len(shares)} devices were busy for {each} of the time each"


def _idle(hosts: Sequence[Mapping[str, Any]]) -> str:
    longest = max(each["lane_idle_max_seconds"] for each in hosts)
    if len(hosts) > 1:
        return f"; a lane waited at most {longest:.2g} s for its next trial"
    (host,) = hosts
    return (
        f"; a lane waited {host['lane_idle_median_seconds']:.2g} s for its next trial "
        f"(median of {host['lane_changes']}; at most {longest:.2g} s)"
    )


def in_few_words(found: Mapping[str, Any] | None) -> str:
    """How busy devices have been so far, for a screen; "" where nothing was trained yet."""
    hosts = [found] if found and "busy_share" in found else list((found or {}).values())
    shares = [each["busy_share"] for each in hosts if each.get("busy_share") is not None]
    if not shares:
        return ""
    low, high = min(shares), max(shares)
    ends = dict.fromkeys(f"{100 * share:.0f}" for share in (low, high))
    return f"busy {' to '.join(ends)} % of the time"
