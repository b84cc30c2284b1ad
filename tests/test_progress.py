"""python -m pytest tests/test_progress.py"""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sweeps.record.observers import Everyone, Observer, SweepInfo
from sweeps.watching.account import Account
from sweeps.watching.progress import LiveView, PlainLines, clock, progress

SWEEP = SweepInfo("demo", "empathy", "maximize", {}, 8, 50, Path("out"))


def row(trial_id: str, step: int, value: float) -> dict[str, Any]:
    metrics = {"empathy": {"value": value, "low": value - 0.5, "high": value + 0.5, "n": 8}}
    return {"trial_id": trial_id, "step": step, "seconds": 1.0, "metrics": metrics, "curves": {}}


def play(view: Observer) -> None:
    view.sweep_started(SWEEP)
    view.stage("warm start", 0, 8)
    for done in range(1, 9):
        view.stage("warm start", done, 8)
    view.trial_started("sft", {})
    view.trial_reported(row("sft", 0, 1.5))
    view.trial_started("t000", {"beta": 0.123456, "schedule": "[cosine]"})
    view.trial_started("t001", {"beta": 0.2})
    view.trial_reported(row("t000", 25, 1.75))
    view.trial_reported(row("t001", 25, 2.25))
    view.trial_reported(row("t001", 50, 2.5))
    view.trial_ended("t000", "stopped", "at step 25")


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=120, color_system=None)


def text_of(screen: Console) -> str:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_plain_lines_say_every_event_and_quarters_of_a_stage() -> None:
    screen = console(terminal=False)
    view = PlainLines(screen, now=lambda: 7.0)
    play(view)
    view.sweep_ended({"best": {"trial": "t001"}})
    assert text_of(screen).splitlines() == [
        "[0:00] sweep demo: up to 8 trials of 50 steps, maximize empathy",
        "[0:00] warm start 0/8",
        "[0:00] warm start 2/8",
        "[0:00] warm start 4/8",
        "[0:00] warm start 6/8",
        "[0:00] warm start 8/8",
        "[0:00] sft started: baseline",
        "[0:00] sft step 0: empathy 1.50 [1.00, 2.00]",
        "[0:00] t000 started: beta 0.123, schedule [cosine]",
        "[0:00] t001 started: beta 0.2",
        "[0:00] t000 step 25: empathy 1.75 [1.25, 2.25]",
        "[0:00] t001 step 25: empathy 2.25 [1.75, 2.75]",
        "[0:00] t001 step 50: empathy 2.50 [2.00, 3.00]",
        "[0:00] t000 stopped: at step 25",
        "[0:00] sweep over: best trial t001",
    ]


def test_the_live_screen_shows_what_the_account_has_heard() -> None:
    screen, account = console(terminal=True), Account()
    view = LiveView(screen, account)
    everyone = Everyone([account, view])
    play(everyone)
    try:
        screen.file = io.StringIO()
        screen.print(view.render())
        drawn = text_of(screen)
    finally:
        everyone.close()
    places = [drawn.index(f"\n {trial_id}") for trial_id in ("sft", "t001", "t000")]
    assert places == sorted(places)
    assert "2.50 [2.00, 3.00]" in drawn
    assert "▆█" in drawn  # t001 rose from 2.25 to 2.5, all went from 1.5 to 2.5
    assert "50/50" in drawn
    assert "[cosine]" in drawn  # shown as it is, not taken for markup
    assert "2 of 8 begun: 1 running, 1 stopped" in drawn


def test_terminal_gets_the_table_and_a_pipe_gets_lines() -> None:
    for terminal, mark in ((True, "─"), (False, "t000 started")):
        screen = console(terminal)
        account = Account()
        view = Everyone([account, progress(account, screen)])
        play(view)
        view.sweep_ended({"best": None})
        assert mark in text_of(screen)


def test_a_closed_pipe_does_not_end_the_sweep(caplog: pytest.LogCaptureFixture) -> None:
    screen = console(terminal=False)
    screen.file.close()
    with caplog.at_level(logging.WARNING):
        play(progress(Account(), screen))
    (record,) = caplog.records
    assert "The progress display is off" in record.getMessage()


@pytest.mark.parametrize(("seconds", "told"), [(7.9, "0:07"), (751, "12:31"), (7384, "2:03:04")])
def test_clock(seconds: float, told: str) -> None:
    assert clock(seconds) == told
