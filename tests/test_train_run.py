"""A ZeRO trial's Train run and who holds it: without Ray, its workers are played by a list.

python -m pytest tests/test_train_run.py
"""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from empathy.errors import UserError
from sweeps.pool.leases import StaleLeaseError
from sweeps.zero import launcher, train_run
from sweeps.zero.launcher import Launcher
from sweeps.zero.train_run import Spread, TrainRun
from sweeps.zero.zero_work import Job

pytestmark = pytest.mark.timeout(20)
SPREAD = Spread("cpu", 2, {"stage": 2}, (2, 4), "/nowhere", silence=60.0)


def news(step: int, **more: Any) -> dict[str, Any]:
    return {"step": step, "seconds": 1.0, "curves": {"loss": 0.5}, "done": step == 4, **more}


class Play:
    """Workers that tell a list of news, a host that measures them, and what was done to both."""

    def __init__(self, told: list[dict[str, Any] | None], saved: Path) -> None:
        self.told, self.saved = told, saved
        self.ended = threading.Event()
        self.error: Exception | None = None
        self.jobs: list[Job] = []
        self.measured: list[int] = []
        self.closed = 0
        self.hung: list[str] = []
        self.last = False
        """Ray Train does not replace the workers that hung."""

    # -- the exchange, as its actor is called --

    def ask(self, timeout: float) -> dict[str, Any] | None:
        return self.told.pop(0) if self.told else None

    def close(self) -> None:
        self.closed += 1
        self.ended.set()

    # -- the host --

    def hand_over(self) -> str:
        return "folder"

    def checkpoint(self, trial_id: str) -> str:
        return str(self.saved)

    def measure(self, trial_id: str, seconds: float, curves: Any) -> dict[str, Any]:
        step = self.step
        self.measured.append(step)
        return {"step": step, "curves": curves, "metrics": {"empathy": {}}, "done": step == 4}

    # -- Ray Train --

    def fit(self) -> None:
        if self.error is not None:
            raise self.error
        self.ended.wait(10)

    step = 0


class Hung:
    """Plays `Hangs`: says what the play has of them."""

    def __init__(self, play: Play, silence: float) -> None:
        assert silence == SPREAD.silence
        self._play, self.number = play, 0
        self.untold: list[str] = []

    def ended(self, exchange: Any) -> bool:
        found = self._play.hung[:1]
        del self._play.hung[:1]
        self.number += len(found)
        self.untold += found
        if found and self._play.last:
            self._play.ended.set()
        return bool(found)


def called(function: Any) -> Any:
    return SimpleNamespace(remote=function)


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    play = Play([], tmp_path / "lane.safetensors")
    play.saved.touch()
    exchange = SimpleNamespace(ask=called(play.ask), close=called(play.close))
    host = SimpleNamespace(
        hand_over=called(play.hand_over),
        checkpoint=called(play.checkpoint),
        measured=called(play.measure),
    )
    actor = SimpleNamespace(options=lambda **_: called(lambda: exchange))
    ray = SimpleNamespace(get=lambda it: it, kill=lambda it: None, remote=lambda it: actor)

    def trainer(job: Job, spread: Spread) -> Play:
        play.jobs.append(job)
        return play

    monkeypatch.setattr(train_run, "ray", ray)
    monkeypatch.setattr(train_run, "somewhere", lambda desk, name, call: call(host))
    monkeypatch.setattr(train_run, "_trainer", trainer)
    monkeypatch.setattr(train_run, "Hangs", lambda silence: Hung(play, silence))
    return play


def reported(run: TrainRun, play: Play, step: int) -> dict[str, Any]:
    play.step = step
    return run.report()


def test_reports_are_measured_and_the_last_one_comes_when_the_devices_are_free(play: Play) -> None:
    play.told += [news(2), news(4)]
    run = TrainRun(None, "t000", {}, SPREAD)
    row = reported(run, play, 2)
    assert (row["trial_id"], row["step"], row["done"]) == ("t000", 2, False)
    assert row["seconds"] >= 1.0
    assert not play.ended.is_set()
    assert (
        not play.saved.exists()
    )  # an earlier trial's of that name, from which workers would go on
    assert reported(run, play, 4)["done"]
    assert play.ended.is_set()
    run.leave()
    assert play.closed == 1
    assert len(play.jobs) == 1


def test_what_a_client_has_heard_is_not_told_twice(play: Play) -> None:
    play.told += [news(2), news(2), news(4)]
    run = TrainRun(None, "t000", {}, SPREAD, resume=True, heard=2)
    assert reported(run, play, 4)["step"] == 4
    assert play.measured == [4]
    assert play.saved.exists()
    assert play.jobs[0].heard == 2


def test_the_last_report_is_told_again_for_without_it_the_trial_would_not_end(play: Play) -> None:
    play.told += [news(4)]
    run = TrainRun(None, "t000", {}, SPREAD, resume=True, heard=4)
    assert reported(run, play, 4)["done"]


def test_a_trial_that_diverged_is_not_measured_and_frees_its_devices(play: Play) -> None:
    play.told += [news(2, failed="not finite after step 2")]
    row = TrainRun(None, "t000", {}, SPREAD).report()
    assert row["done"]
    assert row["failed"] == "not finite after step 2"
    assert (row["metrics"], row["curves"]) == ({}, {"loss": 0.5})
    assert play.measured == []
    assert play.ended.is_set()


@pytest.mark.parametrize(("trial", "steps"), [("t000", (2, 4)), ("t000-s1", (4,))])
def test_nobody_measures_a_finalist_s_fresh_seeds_on_their_way(
    play: Play, trial: str, steps: tuple[int, ...]
) -> None:
    play.told += [news(4)]
    reported(TrainRun(None, trial, {}, SPREAD), play, 4)
    assert (play.jobs[0].save_at, play.jobs[0].report_at) == ((2, 4), steps)


def test_what_a_user_can_mend_is_raised_and_frees_the_devices(play: Play) -> None:
    play.told += [{"refused": "3 pairs cannot be divided"}]
    with pytest.raises(UserError, match="3 pairs cannot be divided"):
        TrainRun(None, "t000", {}, SPREAD).report()
    assert play.ended.is_set()


def test_why_the_workers_ended_is_the_last_line(play: Play) -> None:
    play.error = RuntimeError("Training failed:\nTraceback\nOutOfMemoryError: too little\n")
    with pytest.raises(RuntimeError, match=r"^OutOfMemoryError: too little$"):
        TrainRun(None, "t000", {}, SPREAD).report()
    play.error = None
    play.ended.set()
    with pytest.raises(RuntimeError, match="its workers ended without a report"):
        TrainRun(None, "t000", {}, SPREAD).report()


def test_a_hang_is_a_warning_and_another_the_end(play: Play) -> None:
    play.told += [None, news(2)]
    play.hung += ["worker 1 does not answer"]
    run = TrainRun(None, "t000", {}, SPREAD)
    row = reported(run, play, 2)
    went_on = "worker 1 does not answer; the trial went on from its checkpoint"
    assert row["warnings"] == [went_on]
    assert not row["done"]
    assert not play.ended.is_set()
    play.hung += ["worker 0 does not answer"]
    row = reported(run, play, 2)
    assert row["failed"] == "worker 0 does not answer"
    assert (row["step"], row["done"], row["metrics"], row["curves"]) == (2, True, {}, {})
    assert "warnings" not in row
    assert play.ended.is_set()


def test_workers_that_hang_too_often_for_ray_train_are_named(play: Play) -> None:
    play.told.append(None)
    play.hung.append("worker 1 does not answer")
    play.last = True
    with pytest.raises(RuntimeError, match=r"^worker 1 does not answer$"):
        TrainRun(None, "t000", {}, SPREAD).report()


class Held:
    """A Train run that only knows whether it was left."""

    def __init__(self, desk: Any, trial_id: str, *_: Any, **how: Any) -> None:
        self.trial_id, self.how, self.left = trial_id, how, 0

    def report(self) -> dict[str, Any]:
        return {"trial_id": self.trial_id, **self.how}

    def leave(self) -> None:
        self.left += 1


def test_a_new_incarnation_ends_the_old_one_whose_token_is_stale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launcher, "TrainRun", Held)
    held = Launcher(None, SPREAD)
    first, other = held.join("t000", {}, False, 0), held.join("t001", {}, False, 0)
    old = held._runs[first]
    second = held.join("t000", {}, True, 2)
    assert (old.left, held._runs[other].left) == (1, 0)  # type: ignore[attr-defined]  # of `Held`
    with pytest.raises(StaleLeaseError, match="has ended"):
        held.report(first)
    held.leave(first)  # a late goodbye ends nobody's run
    assert held.report(second) == {"trial_id": "t000", "resume": True, "heard": 2}
    held.release("t001")
    assert list(held._runs) == [second]
