"""`--status` reads a sweep from its folder: made up, and a real one that runs and is killed.

python -m pytest tests/test_status.py
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import invented_sweep
import pytest
from running_sweep import LAUNCH, environment, reported, start, wait_until

import launch
from empathy.errors import UserError
from sweeps.record.ledger import Ledger
from sweeps.record.observers import Past, SweepInfo
from sweeps.record.results_folder import PULSE, continued, in_use
from sweeps.sweepfile.manifest import note, read_manifest, write_json
from sweeps.watching import status
from sweeps.watching.account import Account, Heartbeat, as_json, of_json
from sweeps.watching.snapshot import Pulse, Snapshot, Stage

START = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_an_ended_sweep_is_read_from_its_files(tmp_path: Path) -> None:
    invented_sweep.write(tmp_path)
    (tmp_path / "report.html").write_text("<p>", "utf-8")
    found = status.read(tmp_path)
    assert (found.being, found.best, found.wanted) == ("ended", "t003", 8)
    assert found.tied == ("t005",)
    assert found.report == str(tmp_path / "report.html")
    assert found.curves["t003"] == (2.1, 2.6, 2.9)
    assert found.rungs == {4: 2, 8: 1}
    assert found.resume is None
    assert found.left is None


def test_a_sweep_that_holds_its_folder_runs_and_one_that_does_not_was_cut_off(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    invented_sweep.write(out)
    write_json(out / "manifest.json", read_manifest(out) | {"ended": None})
    with continued(out):
        assert in_use(out) is True
        assert status.read(out).being == "running"
        assert status.read(out).best is None
    assert in_use(out) is False
    found = status.read(out)
    assert (found.being, found.best) == ("cut off", None)
    assert found.resume == f"python launch.py --sweep {out} --resume"


def test_on_a_drive_without_locks_signs_of_life_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    invented_sweep.write(tmp_path)
    note(tmp_path, {"ended": None})
    write_json(tmp_path / PULSE, as_json(Pulse(START, START)))
    monkeypatch.setattr(status, "in_use", lambda out: None)
    assert status.read(tmp_path, START + timedelta(seconds=30)).being == "running"
    assert status.read(tmp_path, START + timedelta(minutes=5)).being == "cut off"


@pytest.mark.parametrize(
    ("out", "address", "told"),
    [
        ("results/demo", "local", "python launch.py --sweep results/demo --resume"),
        ("demo", "local", "python launch.py --sweep ./demo --resume"),  # not the sweep `demo`
        ("a b", "auto", "python launch.py --sweep './a b' --resume --address auto"),
    ],
)
def test_the_command_to_go_on(out: str, address: str, told: str) -> None:
    assert status.resume_command(Path(out), address=address) == told
    assert status.resume_command(Path(out), Pulse(START, START, address=address)) == told


def test_signs_of_life_are_the_same_when_they_are_read(tmp_path: Path) -> None:
    pulse = Pulse(
        START, START, "local", 8, 2, 4, 1, Stage("warm start", 3, None), START, None, 5, 20,
        {"busy_share": 0.5}, ("one",),
    )  # fmt: skip
    assert of_json(json.loads(json.dumps(as_json(pulse)))) == pulse
    invented_sweep.write(tmp_path)
    (tmp_path / PULSE).write_text('{"of": "another version"}', "utf-8")
    assert status.read(tmp_path).pulse is None


def row(trial: str, step: int, value: float) -> dict[str, Any]:
    return {"trial_id": trial, "step": step, "seconds": 1.0, "curves": {},
            "metrics": {"empathy": {"value": value}}}  # fmt: skip


class Clock:
    """A clock that goes on by ten seconds whenever it is asked."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=10)
        return self.now


def resumed(out: Path) -> SweepInfo:
    past = Past("t000", {"beta": 0.3}, "running", None, (row("t000", 4, 1.0),))
    return SweepInfo("demo", "empathy", "maximize", {}, 8, 12, out, resumed=True, past=(past,))


def test_steps_of_an_earlier_start_are_done_but_tell_no_pace(tmp_path: Path) -> None:
    account = Account(Clock())
    account.expect(trials=2, lanes=1, hosts=1)
    account.sweep_started(resumed(tmp_path))
    account.trial_started("base", {})
    account.trial_reported(row("base", 0, 1.5))
    account.trial_ended("base", "completed", None)
    assert account.pulse().training_since is None
    account.trial_started("t000", {"beta": 0.3})
    account.trial_reported(row("t000", 8, 1.2))
    pulse = account.pulse()
    assert (pulse.reports, pulse.steps) == (1, 4)
    assert pulse.training_since is not None
    assert pulse.last_report is not None
    assert pulse.pace == 4 / (pulse.last_report - pulse.training_since).total_seconds()
    found = account.snapshot()
    assert found is not None
    assert found.steps == (8, 24)
    assert found.curves["t000"] == (1.0, 1.2)


def test_memory_and_folder_give_the_same_snapshot(tmp_path: Path) -> None:
    """Played to both, as the runner does."""
    told: dict[str, Snapshot | None] = {}
    account = Account()
    heartbeat = Heartbeat(account)

    class Both(Ledger):
        """A ledger whose sweep is heard by an account as well."""

        def __getattribute__(self, name: str) -> Any:
            own = super().__getattribute__(name)
            if name not in ("sweep_started", "trial_started", "trial_reported", "trial_ended"):
                return own

            def both(*arguments: Any) -> None:
                own(*arguments)
                getattr(account, name)(*arguments)
                getattr(heartbeat, name)(*arguments)

            return both

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(invented_sweep, "Ledger", Both)
        invented_sweep.write(tmp_path)
    told["memory"] = account.snapshot()
    heartbeat.close()
    note(tmp_path, {"ended": None})
    with continued(tmp_path):
        told["folder"] = status.read(tmp_path)
    memory, folder = told["memory"], told["folder"]
    assert memory is not None
    assert folder is not None
    assert folder.curves == memory.curves
    assert folder.rungs == memory.rungs
    assert [(t.trial_id, t.state, t.step) for t in folder.ordered()] == [
        (t.trial_id, t.state, t.step) for t in memory.ordered()
    ]
    assert folder.pulse is not None
    assert memory.pulse is not None
    assert (folder.pulse.steps, folder.pulse.reports) == (memory.pulse.steps, memory.pulse.reports)


def test_of_a_folder_of_sweeps_the_latest_is_shown(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--status finds no sweep in .*: give a results folder"):
        status.sweep_in(tmp_path)
    for name in ("a", "b", ".c.old"):
        invented_sweep.write(tmp_path / name)
    assert status.sweep_in(tmp_path) == tmp_path / "b"
    assert status.sweep_in(tmp_path / "a") == tmp_path / "a"
    shutil.rmtree(tmp_path / "b")
    assert status.sweep_in(tmp_path) == tmp_path / "a"


def test_status_is_printed_as_text_and_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    invented_sweep.write(tmp_path / "results" / "invented")
    monkeypatch.chdir(tmp_path)
    assert launch.main(["--status"]) == 0
    assert capsys.readouterr().out.startswith("invented  ended\n")
    assert launch.main(["--status", "results/invented", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["best"] == "t003"


def asked(out: Path, *more: str) -> str:
    """What another process is told."""
    done = subprocess.run(
        [*LAUNCH, "--status", str(out), *more],
        env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def test_another_terminal_sees_a_sweep_run_and_what_a_kill_has_left(tmp_path: Path) -> None:
    out = tmp_path / "out"
    driver = start(out)
    try:
        wait_until(lambda: reported(out), driver)
        shown, told = asked(out), json.loads(asked(out, "--json"))
        assert driver.poll() is None
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    assert shown.startswith("demo  running  ")
    assert told["state"] == "running"
    assert told["steps"]["at_most"] == 4 * 80
    assert told["steps"]["per_second"] > 0
    assert told["seconds_left"]["at_most"] > 0
    assert told["lanes"] == 2
    curves = {each["trial"]: each["curve"] for each in told["trials"]}
    assert {"base", "sft", "t000", "t001"} <= set(curves)
    assert curves["t000"]
    dead = asked(out)
    assert dead.startswith("demo  cut off  after ")
    assert f"--sweep {out} --resume" in " ".join(dead.split())
    assert json.loads(asked(out, "--json"))["seconds_left"] is None
