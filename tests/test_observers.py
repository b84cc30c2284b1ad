"""python -m pytest tests/test_observers.py"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sweeps.record.observers import Everyone, Observer, Shielded, SweepInfo, lacking, scored

SWEEP = SweepInfo(
    "demo", "empathy", "maximize", {}, 1, 4, Path("out"), datetime(2030, 1, 2, tzinfo=UTC)
)
EVENTS = [
    "sweep_started", "stage", "trial_started", "trial_reported", "trial_ended", "sweep_ended",
    "close",
]  # fmt: skip


class Memory:
    """Notes the events it gets, and fails at one of them if told to."""

    def __init__(self, fails_at: str | None = None) -> None:
        self.seen: list[str] = []
        self._fails_at = fails_at

    def __getattr__(self, name: str) -> Any:
        def event(*_: object) -> None:
            self.seen.append(name)
            if name == self._fails_at:
                raise OSError("full")

        return event


def play(observer: Observer) -> None:
    observer.sweep_started(SWEEP)
    observer.stage("warm start", 1, 2)
    observer.trial_started("t000", {})
    observer.trial_reported({})
    observer.trial_ended("t000", "completed", None)
    observer.sweep_ended({})
    observer.close()


def test_everyone_gets_every_event_in_order() -> None:
    first, second = Memory(), Memory()
    play(Everyone([first, Shielded(second, "the second")]))
    assert first.seen == second.seen == EVENTS


def test_a_shielded_failure_is_one_warning_and_then_silence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failing, steady = Memory(fails_at="stage"), Memory()
    play(Everyone([Shielded(failing, "The display"), steady]))
    assert failing.seen == ["sweep_started", "stage"]
    assert steady.seen == EVENTS
    assert [record.getMessage() for record in caplog.records] == [
        "The display is off for the rest of this sweep: OSError('full')"
    ]


def test_an_unshielded_failure_is_an_error() -> None:
    with pytest.raises(OSError, match="full"):
        play(Everyone([Memory(fails_at="trial_reported")]))


@pytest.mark.parametrize("empathy", [{}, {"value": None}, {"value": float("nan")}])
def test_a_report_without_a_searched_number_says_which_and_where(empathy: dict[str, Any]) -> None:
    metrics = {"words": {"value": 9.0}} | ({"empathy": empathy} if empathy else {})
    row = {"step": 12, "curves": {"loss": 0.5}, "metrics": metrics}
    assert lacking(row, ["words", "empathy"]) == "no empathy measured at step 12"
    assert lacking(row, ["loss", "words"]) is None


def test_run_id_tells_runs_of_one_sweep_apart() -> None:
    assert SWEEP.run_id == "demo-20300102-000000"


def test_a_training_curve_that_is_the_metric_stands_among_the_metrics() -> None:
    row: dict[str, Any] = {"curves": {"loss": 0.5}, "metrics": {"empathy": {"value": 2.0}}}
    told = scored(row, "loss")
    assert told["metrics"]["loss"] == {"value": 0.5, "low": None, "high": None, "n": None}
    assert told["metrics"]["empathy"] == {"value": 2.0}
    assert "loss" not in row["metrics"]
    assert scored(row, "empathy") is row
    assert scored({}, "loss") == {}


def test_a_report_s_warnings_are_told_before_it_as_stages() -> None:
    told: list[Any] = []

    class Stages(Memory):
        def stage(self, *stage: Any) -> None:
            told.append(stage)

    memory = Stages()
    Everyone([memory]).trial_reported({"trial_id": "t000", "warnings": ["it hung", "twice"]})
    assert told == [("warning: t000: it hung", 1, None), ("warning: t000: twice", 1, None)]
    assert memory.seen == ["trial_reported"]
