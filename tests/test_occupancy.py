"""Occupancy, by hand: a clock that the test sets."""

from __future__ import annotations

import pytest

from sweeps.pool.occupancy import Occupancy, in_words


def test_the_busy_share_is_passes_over_the_time_from_first_to_last() -> None:
    seen = Occupancy()
    for start, end in ((100.0, 103.0), (104.0, 108.0), (109.0, 110.0)):
        seen.began([0], start)
        seen.ended(end)
    found = seen.as_dict()
    assert (found["training_seconds"], found["busy_seconds"]) == (10.0, 8.0)
    assert found["busy_share"] == pytest.approx(0.8)


def test_a_lane_is_idle_from_its_trial_s_end_to_the_next_one_s_first_pass() -> None:
    seen = Occupancy()
    seen.began([0, 1, 2], 0.0)
    seen.ended(1.0)
    seen.freed(0, 1.25)
    seen.freed(1, 1.5)
    seen.freed(2, 1.5)  # nobody follows on it
    seen.began([0], 1.75)
    seen.ended(2.0)
    seen.began([0, 1], 3.0)
    seen.ended(4.0)
    found = seen.as_dict()
    assert found["lane_changes"] == 2
    assert found["lane_idle_median_seconds"] == 1.0  # of 0.5 and 1.5
    assert found["lane_idle_max_seconds"] == 1.5


def test_what_was_not_measured_is_none() -> None:
    found = Occupancy().as_dict()
    assert found["busy_share"] is None
    assert found["lane_idle_median_seconds"] is None
    assert found["lane_idle_max_seconds"] is None
    assert found["lane_changes"] == 0


def test_readers_are_told_what_was_measured_and_no_more() -> None:
    seen = Occupancy()
    assert in_words(None) == in_words(seen.as_dict()) == ""
    seen.began([0], 0.0)
    seen.ended(3.0)
    seen.began([0], 4.0)
    seen.ended(5.0)
    busy = "While trials trained, the device was busy for 80 % of the time"
    assert in_words(seen.as_dict()) == f"{busy}."
    seen.freed(0, 5.0)
    seen.began([0], 5.25)
    seen.ended(6.25)
    assert in_words(seen.as_dict()) == (
        "While trials trained, the device was busy for 80 % of the time; a lane waited 0.25 s for "
        "its next trial (median of 1; at most 0.25 s)."
    )


def test_of_several_hosts_readers_are_told_the_range_and_how_many_are_missing() -> None:
    first, second = Occupancy(), Occupancy()
    first.began([0], 0.0)
    first.ended(3.0)
    first.began([0], 4.0)
    first.ended(5.0)
    one = {"host 0": {"state": "ready", **first.as_dict()}}
    assert in_words(one) == in_words(first.as_dict())
    second.began([0], 0.0)
    second.ended(1.0)
    second.freed(0, 1.0)
    second.began([0], 2.5)
    second.ended(3.0)
    hosts = one | {"host 1": second.as_dict(), "host 2": {"state": "ended", "reason": "it died"}}
    assert in_words(hosts) == (
        "While trials trained, 2 devices were busy for 50 to 80 % of the time each; a lane waited "
        "1.5 s for its next trial (median of 1; at most 1.5 s). Not counted: 1 that died or never "
        "trained."
    )
