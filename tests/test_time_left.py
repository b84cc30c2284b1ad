"""How many steps are left, counted by hand.

python -m pytest tests/test_time_left.py
"""

from __future__ import annotations

from sweeps.record.ledger import Trial
from sweeps.record.observers import State
from sweeps.watching.time_left import Left, seconds_left, steps_left


def trials(*states: tuple[str, State, int | None]) -> list[Trial]:
    return [Trial(name, state=state, step=step) for name, state, step in states]


def test_nobody_knows_how_far_trials_go_before_one_has_ended() -> None:
    running = trials(("base", "completed", 0), ("t000", "running", 4), ("t001", "running", None))
    # Two more trials of 12 steps, and 8 and 12 of those that run.
    assert steps_left(running, 12, wanted=4, repeats=0) == Left(24 + 8 + 12, None)


def test_trials_are_expected_to_end_where_those_before_them_did() -> None:
    found = trials(
        ("t000", "stopped", 4), ("t001", "stopped", 4), ("t002", "completed", 12),
        ("t003", "failed", 2), ("t004", "running", 4), ("t005", "running", 2),
    )  # fmt: skip
    # One is not begun: (4 + 4 + 12) / 3. At 4 steps only the completed one got further: 8.
    # At 2 steps: (2 + 2 + 10) / 3. A failure says nothing of how far others go.
    about = 20 / 3 + 8 + 14 / 3
    assert steps_left(found, 12, wanted=7, repeats=0) == Left(12 + 8 + 10, about)


def test_finalists_train_to_the_end_however_trials_were_stopped() -> None:
    found = trials(
        ("t000", "stopped", 4), ("t001", "completed", 12), ("t001-s1", "running", None),
        ("t001-s2", "completed", 12),
    )  # fmt: skip
    assert steps_left(found, 12, wanted=2, repeats=4) == Left(12 + 2 * 12, 36)
    assert steps_left([], 12, wanted=0, repeats=0) == Left(0, 0)


def test_a_trial_beyond_all_that_ended_may_go_to_the_end() -> None:
    found = trials(("t000", "stopped", 4), ("t001", "running", 8))
    assert steps_left(found, 12, wanted=2, repeats=0) == Left(4, 4)


def test_seconds_follow_from_a_pace_that_was_measured() -> None:
    assert seconds_left(Left(30, 20), 4.0) == Left(7.5, 5.0)
    assert seconds_left(Left(30, None), 4.0) == Left(7.5, None)
    assert seconds_left(Left(30, 20), None) is None
