"""Leases: one incarnation of a trial holds a lane, and nobody else's goodbye can end it."""

from __future__ import annotations

import pytest

from empathy.settings import TrialSettings
from sweeps.pool.leases import Lease, Leases, StaleLeaseError, trial_name


@pytest.fixture
def leases() -> Leases:
    return Leases()


def take(leases: Leases, trial: str) -> Lease:
    return leases.take(trial, TrialSettings(), resume=False)


def test_every_incarnation_of_a_trial_has_a_token_of_its_own(leases: Leases) -> None:
    taken = [take(leases, "t000") for _ in range(20)]
    assert len({lease.token for lease in taken}) == 20
    assert all(leases.get(lease.token) is lease for lease in taken)


def test_a_stale_token_is_refused_and_says_so(leases: Leases) -> None:
    lease = take(leases, "t000")
    assert leases.end(lease.token) is lease
    with pytest.raises(StaleLeaseError, match=f"lease {lease.token} has ended"):
        leases.get(lease.token)
    with pytest.raises(StaleLeaseError):
        leases.get("never given")


def test_ending_twice_ends_once(leases: Leases) -> None:
    lease = take(leases, "t000")
    assert leases.end(lease.token) is lease
    assert leases.end(lease.token) is None
    assert leases.end("never given") is None


def test_the_late_goodbye_of_the_first_leaves_the_second_alone(leases: Leases) -> None:
    first = take(leases, "t000")
    first.lane = 3
    leases.end(first.token)
    second = take(leases, "t000")
    second.lane = 3  # the same lane of the same trial
    assert leases.end(first.token) is None
    assert leases.of_trial("t000") == [second]
    assert leases.get(second.token) is second


def test_an_error_that_ended_a_lease_reaches_its_holder_alone(leases: Leases) -> None:
    broken, other = take(leases, "t000"), take(leases, "t001")
    leases.end(broken.token, MemoryError("too little"))
    with pytest.raises(MemoryError, match="too little"):
        leases.get(broken.token)
    assert leases.get(other.token) is other
    late = take(leases, "t002")
    leases.end(late.token)
    leases.end(late.token, MemoryError("after its end"))
    with pytest.raises(StaleLeaseError):
        leases.get(late.token)


def test_who_waits_and_who_sits_are_told_apart_oldest_first(leases: Leases) -> None:
    first, second, third = (take(leases, trial_name(number)) for number in range(3))
    second.lane = 0
    assert leases.waiting == [first, third]
    assert leases.seated == [second]
    first.lane = 1
    assert leases.seated == [first, second]
    leases.end(first.token)
    assert leases.waiting == [third]
    assert [lease.trial_id for lease in leases.seated] == ["t001"]


def test_trials_are_named_by_their_number() -> None:
    assert [trial_name(number) for number in (0, 12, 1234)] == ["t000", "t012", "t1234"]
