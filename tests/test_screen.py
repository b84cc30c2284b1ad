"""What a snapshot looks like: in words, at several widths, without colours.

python -m pytest tests/test_screen.py
"""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from sweeps.record.ledger import Figure, Trial
from sweeps.watching.screen import Screen, sparkline
from sweeps.watching.snapshot import Pulse, Snapshot, Stage, stopped_at

START = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
NOW = START + timedelta(seconds=252)


def trial(name: str, state: str, step: int | None, score: float | None = None) -> Trial:
    found = Trial(name, {"beta": 0.3, "learning_rate": 3.1e-4}, step=step)
    found.state = state  # type: ignore[assignment]  # a plain word
    found.reason = f"behind at step {step}" if state == "stopped" else None
    if name in ("base", "sft"):
        found.parameters = {}
    if score is not None:
        found.metrics = {"empathy": Figure(score, score - 0.3, score + 0.3, 12)}
    return found


TRIALS = (
    trial("base", "completed", 0, 1.35),
    trial("sft", "completed", 0, 0.55),
    trial("t000", "stopped", 4, 0.9),
    trial("t001", "completed", 12, 1.67),
    trial("t002", "running", 8, 1.2),
    trial("t003", "stopped", 4, 0.6),
    trial("t004", "running", None),
)
CURVES = {
    "base": (1.35,), "sft": (0.55,), "t000": (0.9,), "t001": (0.8, 1.2, 1.67),
    "t002": (0.7, 1.2), "t003": (0.6,),
}  # fmt: skip
PULSE = Pulse(
    at=NOW,
    since=START,
    address="inprocess",
    trials=8,
    repeats=2,
    lanes=4,
    hosts=1,
    training_since=START + timedelta(seconds=132),
    last_report=NOW - timedelta(seconds=20),
    reports=7,
    steps=28,
    occupancy={"busy_share": 0.92},
)
SNAPSHOT = Snapshot(
    sweep="demo",
    metric="empathy",
    goal="maximize",
    max_steps=12,
    being="running",
    trials=TRIALS,
    curves=CURVES,
    now=NOW,
    pulse=PULSE,
    wanted=8,
    rungs=stopped_at(TRIALS),
)


def text(snapshot: Snapshot, width: int = 80, rows: int | None = None, color: bool = False) -> str:
    screen = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        color_system="truecolor" if color else None,
        record=True,
    )
    screen.print(Screen(snapshot, rows))
    return screen.export_text(styles=color)


def test_the_screen_of_a_running_sweep() -> None:
    # 28 steps in the 100 s from the first trial to the last report. Left at most: of 8 trials 3
    # are not begun (36), 4 and 12 of those that run, 24 of the finalists: 76, less 20 s.
    # About: ended ones got to 4, 4 and 12. Not begun and at 0: 20/3 each, at 8: 4.
    drawn = text(SNAPSHOT)
    about = (4 * 20 / 3 + 4 + 24) / 0.28 - 20
    assert (SNAPSHOT.left or [0, 0])[1] == pytest.approx(about)
    time = "about 2 min 55 s to train, at most 4 min 11 s"
    assert drawn.startswith(f"demo  running  for 4 min 12 s, {time}")
    assert "5 of 8 begun: 2 running, 2 stopped, 1 completed" in drawn
    assert "28 of 120 at most, 0.28 a second" in drawn
    assert "stopped      2 at step 4: behind the others (ASHA)" in drawn
    assert "2 of 4 lanes on 1 device; busy 92 % of the time" in drawn
    assert "best so far  t001: beta 0.3, learning rate 3.1e-4" in drawn
    names = ("base", "sft", "t001", "t002", "t000", "t003", "t004")
    places = [drawn.rindex(f"\n {name}") for name in names]
    assert places == sorted(places)
    assert "1.67 [1.37, 1.97]" in drawn


def test_curves_share_one_scale_so_that_they_can_be_compared() -> None:
    # From 0.55 (SFT) to 1.67 (t001): 0.8 is 1.56 of 7 bars up, 1.2 is 4.06.
    drawn = text(SNAPSHOT)
    assert "▃▅█" in drawn
    assert sparkline([1.0, 2.0, 1.5, 1.0]) == "▁█▅▁"  # 1.5 is 3.5 of 7 bars up: the even one, 4
    assert sparkline([2.0, 2.0]) == "▁▁"
    assert sparkline([]) == ""


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_every_trial_has_one(width: int) -> None:
    drawn = text(SNAPSHOT, width)
    assert max(map(len, drawn.splitlines())) <= width
    for found in TRIALS:
        (line,) = (each for each in drawn.splitlines() if each.split()[:1] == [found.trial_id])
        assert ("baseline" if found.trial_id in ("base", "sft") else found.state) in line
        assert (width == 120 and bool(found.parameters)) is ("learning rate" in line)
    assert "…" not in drawn


def test_nothing_is_said_by_colour_alone() -> None:
    colourful = text(SNAPSHOT, color=True)
    assert "\x1b[" in colourful
    plain = Console(file=io.StringIO(), width=80, force_terminal=True, no_color=True, record=True)
    plain.print(Screen(SNAPSHOT))
    assert plain.export_text() == text(SNAPSHOT)


def test_time_is_not_known_before_every_lane_has_spoken_once_on_average() -> None:
    early = replace(SNAPSHOT, pulse=replace(PULSE, reports=3))
    assert early.left is None
    assert "time left not known yet" in text(early)
    assert "a second" not in text(early)
    none = replace(SNAPSHOT, pulse=None, wanted=None)
    assert "time left not known yet" in text(none)
    assert "5 begun" in text(none)


def test_no_time_is_told_that_has_run_out_or_is_over() -> None:
    late = replace(SNAPSHOT, now=NOW + timedelta(minutes=9))
    assert "the next reports are due" in text(late)
    done = tuple(trial(f"t{number:03d}", "stopped", 4) for number in range(8))
    trained = replace(SNAPSHOT, trials=done, pulse=replace(PULSE, repeats=0))
    assert text(trained).startswith("demo  running  for 4 min 12 s, all trials trained")


def test_what_goes_on_before_trials_is_shown() -> None:
    preparing = replace(
        SNAPSHOT, trials=(), curves={}, rungs={},
        pulse=Pulse(NOW, START, trials=8, lanes=4, hosts=1, stage=Stage("warm start", 5, 20)),
    )  # fmt: skip
    drawn = text(preparing)
    assert "now" in drawn
    assert "warm start" in drawn
    assert "5/20" in drawn
    assert "0 of 8 begun" in drawn
    waiting = replace(preparing, pulse=replace(PULSE, stage=Stage("loading", 0, None)))
    assert "loading ..." in text(waiting)


def test_a_sweep_that_was_cut_off_says_how_to_go_on() -> None:
    command = "python launch.py --sweep results/demo --resume"
    dead = replace(SNAPSHOT, being="cut off", resume=command)
    drawn = text(dead)
    assert "demo  cut off  after 4 min 12 s" in drawn
    assert "to train" not in drawn.splitlines()[0]
    assert "5 of 8 begun: 2 stopped, 1 completed, 2 not ended" in drawn
    assert command in drawn
    assert "running" not in drawn


def test_a_sweep_that_ended_names_its_winner_and_its_report() -> None:
    again = trial("t001-s1", "completed", 12, 1.6)
    ended = replace(
        SNAPSHOT, being="ended", best="t001", tied=("t002",), report="results/demo/report.html",
        trials=(*TRIALS, again),
    )  # fmt: skip
    drawn = text(ended)
    words = " ".join(drawn.split())
    assert "winner t001: beta 0.3" in words
    assert "report results/demo/report.html" in words
    assert "tied t002: not shown to be worse than the winner" in words
    states = {line.split()[0]: line.split()[-1] for line in drawn.splitlines() if " [" in line}
    assert (states["t001"], states["t002"], states["t000"]) == ("winner", "tied", "stopped")
    assert "1 of 2 finalists' trainings with other seeds have ended" in drawn
    assert "t001-s1" not in drawn


def test_failed_trials_say_why() -> None:
    def failed(number: int) -> Trial:
        found = trial(f"t1{number:02}", "failed", None)
        found.reason = "loss is [NaN] at step 2"
        return found

    drawn = text(replace(SNAPSHOT, trials=(*TRIALS, failed(0))))
    assert "failed       t100: loss is [NaN] at step 2" in drawn
    many = text(replace(SNAPSHOT, trials=(*TRIALS, *map(failed, range(5)))))
    assert "t102: loss" in many
    assert "t103: loss" not in many
    assert "and 2 more; --json tells them" in many


def test_the_metric_is_said_with_its_unit_and_where_it_should_go() -> None:
    told = "metric       empathy (0 to 6, more is better) on validation prompts"
    assert told in text(SNAPSHOT)
    drift = replace(SNAPSHOT, metric="log_ratio", goal="minimize")
    assert "log-ratio to SFT (nats per reply, less is better) on validation" in text(drift)


def test_numbers_of_test_prompts_stand_beside_the_winner_where_there_are_any() -> None:
    ended = replace(SNAPSHOT, being="ended", best="t001")
    assert "on test" not in text(ended)
    measured = {"t001": Figure(1.5, 1.2, 1.8), "sft": Figure(0.5, 0.3, 0.7)}
    tested = [
        replace(
            each, test={"empathy": measured[each.trial_id]} if each.trial_id in measured else {}
        )
        for each in TRIALS
    ]
    drawn = text(replace(ended, trials=tuple(tested)))
    lines = [" ".join(line.split()) for line in drawn.splitlines()]
    assert "on test t001 1.50 [1.20, 1.80]" in lines
    assert "sft 0.50 [0.30, 0.70]" in lines
    assert not any(line.startswith("base") and "baseline" not in line for line in lines)


def test_a_table_is_cut_to_the_terminal_and_says_so() -> None:
    drawn = text(SNAPSHOT, rows=4)
    assert "and 3 more trials below these" in drawn
    assert "t003" not in drawn


def test_json_holds_what_is_drawn() -> None:
    found = SNAPSHOT.as_dict()
    assert found["state"] == "running"
    assert found["steps"] == {"done": 24 + 4, "at_most": 120, "per_second": pytest.approx(0.28)}
    assert found["stopped_at"] == {"4": 2}
    assert found["seconds_left"]["at_most"] == pytest.approx(76 / 0.28 - 20)
    assert [each["trial"] for each in found["trials"]][:3] == ["base", "sft", "t001"]
    assert found["trials"][2]["curve"] == [0.8, 1.2, 1.67]
    assert found["trials"][-1]["score"] is None


def test_warnings_stay_on_the_screen() -> None:
    told = "3 of 4 lanes fit into the memory"
    warned = replace(SNAPSHOT, pulse=replace(PULSE, warnings=(told,)))
    assert f"warning      {told}\n" in "\n".join(map(str.rstrip, text(warned).splitlines()))
    assert warned.as_dict()["warnings"] == [told]
