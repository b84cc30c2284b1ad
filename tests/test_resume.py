"""A sweep whose driver is killed, and that goes on: on a tiny model, in this process and on Ray.

python -m pytest tests/test_resume.py
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from disks import fill, mounted
from safetensors import safe_open
from tiny_sweep import arguments

import launch
from empathy.lanes.engine import LaneEngine
from sweeps.record.ledger import Record, Trial, read_record, read_trials
from sweeps.record.observers import of_search

pytestmark = pytest.mark.timeout(400)
TRIALS, STEPS = 4, 6
WAIT_SECONDS = 240
CHOSEN = (
    "method=random",
    f"run_cap={TRIALS}",
    "early_terminate=null",
    f"training.max_steps={STEPS}",
    "resources.lanes=2",
    "finalists={top: 1, seeds: 2}",
    "evaluation.crisis_prompts=0",
    "evaluation.validation_prompts=6",
    "evaluation.test_prompts=6",
    "evaluation.max_new_tokens=4",
)
ROOT = Path(launch.__file__).parent


def command(out: Path, address: str, *more: str) -> list[str]:
    return [*arguments(*CHOSEN), "--out", str(out), "--address", address, *more]


@pytest.fixture(scope="module")
def whole(session_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Record:
    """The sweep that nobody disturbed."""
    out = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMPATHY_CACHE", str(session_cache))
        assert launch.main(command(out, "inprocess")) == 0
    return read_record(out)


def start(out: Path, address: str, errors: Path | None = None) -> subprocess.Popen[bytes]:
    """The same as a process of its own, to be killed. What it says goes to the file `errors`."""
    # W&B's service of this process would outlive the driver, and hold the ids of its runs.
    environment = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
    environment["PYTHONPATH"] = str(ROOT)
    with (errors or Path(os.devnull)).open("wb") as said:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "launch.py"), *command(out, address)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=said,
            # A shell's background jobs ignore Ctrl-C, and so would this one.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


def in_the_middle(out: Path) -> bool:
    """Whether a trial has ended and another, that has reported, has not."""
    trials = read_trials(out / "trials.csv") if (out / "trials.csv").exists() else ()
    searched = [trial for trial in trials if of_search(trial.trial_id)]
    states = {trial.state for trial in searched if trial.step}
    return {"completed", "running"} <= states and not any("-s" in t.trial_id for t in trials)


def wait_for_the_middle(driver: subprocess.Popen[bytes], out: Path) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not in_the_middle(out):
        assert driver.poll() is None, "the sweep ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.01)


def until_killed(out: Path, address: str) -> tuple[Trial, ...]:
    """Kill the driver in the middle of its sweep; returns the trials as it left them."""
    driver = start(out, address)
    try:
        wait_for_the_middle(driver, out)
        check_a_second_is_refused(out, address)
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    return read_trials(out / "trials.csv")


def until_stopped(out: Path, address: str, how: signal.Signals) -> tuple[int, str]:
    """Tell the driver to end in the middle of its sweep; returns its exit code and what it said."""
    errors = out.with_name("errors")
    driver = start(out, address, errors)
    try:
        wait_for_the_middle(driver, out)
        driver.send_signal(how)
        return driver.wait(WAIT_SECONDS), errors.read_text("utf-8")
    finally:
        driver.kill()
        driver.wait()


def check_a_second_is_refused(out: Path, address: str) -> None:
    assert launch.main(command(out, address)) == 2
    assert launch.main(command(out, address, "--resume")) == 2


@dataclass
class Counted:
    """Optimizer steps of all lanes that this process has trained."""

    steps: int = 0


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    found, step = Counted(), LaneEngine.step

    def counting(self: LaneEngine, lanes: Any) -> Any:
        found.steps += len(lanes)
        return step(self, lanes)

    monkeypatch.setattr(LaneEngine, "step", counting)
    return found


def check_all_is_as_if_undisturbed(
    record: Record, whole: Record, share: float | None = None
) -> None:
    """`share`: of a curve's own size, by which it may differ instead where that is more."""
    heard = [(row["trial_id"], row["step"]) for row in record.history]
    assert sorted(heard) == sorted((row["trial_id"], row["step"]) for row in whole.history)
    rows = {(row["trial_id"], row["step"]): row for row in record.history}
    for row in whole.history:
        found = rows[row["trial_id"], row["step"]]
        assert found["curves"] == pytest.approx(row["curves"], abs=1e-5, rel=share)
        for name, figure in row["metrics"].items():
            assert found["metrics"][name]["value"] == pytest.approx(figure["value"], abs=1e-5), name
    states = {
        trial.trial_id: (trial.state, trial.step, trial.parameters) for trial in record.trials
    }
    assert states == {t.trial_id: (t.state, t.step, t.parameters) for t in whole.trials}
    assert record.summary is not None
    assert whole.summary is not None
    for key in ("trials", "completed", "stopped_early", "failed", "tied"):
        assert record.summary[key] == whole.summary[key]
    assert record.summary["best"]["trial"] == whole.summary["best"]["trial"]


def check_tracked_once(out: Path, record: Record) -> None:
    """A W&B run for each trial, under the id that the first start gave it, and one of the sweep."""
    run_id = record.manifest["run_id"]
    folders = list(out.glob("wandb/offline-run-*"))
    ids = sorted(folder.name.split("-", 3)[-1] for folder in folders)
    assert ids == sorted(
        f"{run_id}-{name}" for name in (*(t.trial_id for t in record.trials), "sweep")
    )


@pytest.mark.parametrize("address", ["inprocess", pytest.param("local", marks=pytest.mark.slow)])
def test_a_sweep_whose_driver_was_killed_goes_on_to_the_same_end(
    address: str, whole: Record, tmp_path: Path, session_cache: Path, counted: Counted,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = tmp_path / "out"
    left = until_killed(out, address)
    assert capsys.readouterr().err.count("is being written by a sweep that still runs") == 2
    ended = {trial.trial_id: trial for trial in left if trial.state == "completed"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ray and W&B about themselves
        assert launch.main(command(out, address, "--resume")) == 0
        gc.collect()
    record = read_record(out)
    check_all_is_as_if_undisturbed(record, whole)
    check_tracked_once(out, record)
    for trial in record.trials:
        if trial.trial_id in ended:  # kept to the last digit
            assert trial.metrics == ended[trial.trial_id].metrics
            assert trial.seconds == ended[trial.trial_id].seconds
    assert len(record.manifest["resumed"]) == 1
    assert record.manifest["ended"] is not None
    assert not (out / "finals.json").exists()
    if address == "inprocess":
        kept = sum(trial.step or 0 for trial in left if trial.trial_id not in ("base", "sft"))
        assert kept >= STEPS + 2
        # A checkpoint may be one report ahead of what was heard, for each of the two lanes.
        everything = (TRIALS + 1) * STEPS
        assert everything - kept - 2 * 2 <= counted.steps <= everything - kept


def test_a_sweep_killed_in_its_finals_keeps_what_was_done(
    whole: Record, tmp_path: Path, session_cache: Path, counted: Counted,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from sweeps import runner
    from sweeps.pool import host

    out = tmp_path / "out"

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(host.LaneHost, "export", full)
        with pytest.raises(OSError, match="No space"):
            launch.main(command(out, "inprocess"))
    assert (out / "finals.json").exists()
    counted.steps = 0
    monkeypatch.setattr(host.LaneHost, "finals", full)  # what was examined is not examined again
    assert launch.main(command(out, "inprocess", "--resume")) == 0
    assert counted.steps == 0
    check_all_is_as_if_undisturbed(read_record(out), whole)
    assert (out / "winner").is_dir()
    # Once more there is nothing to do but the report, which needs no model.
    (out / "report.html").unlink()
    monkeypatch.setattr(runner, "_host", full)
    assert launch.main(["--sweep", str(out), "--resume"]) == 0
    assert (out / "report.html").exists()
    assert capsys.readouterr().out.endswith(f"{out / 'report.html'}\n")


def test_another_space_or_other_weights_are_refused_with_the_differences(
    whole: Record, tmp_path: Path, session_cache: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = tmp_path / "out"
    out.mkdir()
    manifest = {**whole.manifest, "ended": None}
    (out / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    other = ["--set", "parameters.beta.max=0.7", "--set", "tracking.mode=disabled"]
    assert launch.main([*command(out, "inprocess", "--resume"), *other]) == 2
    said = capsys.readouterr().err
    assert said.endswith(":\n  parameters.beta.max was 0.5, is 0.7\n")
    assert "Traceback" not in said
    manifest["weights"] = {**manifest["weights"], "sha256": "0" * 64}
    (out / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert launch.main(command(out, "inprocess", "--resume")) == 2
    said = capsys.readouterr().err
    assert f"\n  weights.sha256 was '{'0' * 57}"[:40] in said
    assert json.loads((out / "manifest.json").read_text("utf-8")) == manifest


CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}


@pytest.mark.parametrize(
    ("address", "how"),
    [
        ("inprocess", signal.SIGTERM),
        ("inprocess", signal.SIGINT),
        pytest.param("local", signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param("local", signal.SIGINT, marks=pytest.mark.slow),
    ],
)
def test_a_sweep_told_to_end_saves_its_lanes_says_how_to_go_on_and_does(
    address: str, how: signal.Signals, whole: Record, tmp_path: Path, session_cache: Path,
    counted: Counted, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = tmp_path / "out"
    code, said = until_stopped(out, address, how)
    assert code == CODES[how]
    assert said.splitlines()[-1].startswith("launch.py: stopped; to go on: ")
    assert " --resume" in said.splitlines()[-1]
    assert "Traceback" not in said
    assert not any(trial.state == "failed" for trial in read_trials(out / "trials.csv"))
    saved = sum(saved_steps(out))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ray and W&B about themselves
        assert launch.main(command(out, address, "--resume")) == 0
        gc.collect()
    check_all_is_as_if_undisturbed(read_record(out), whole)
    if address == "inprocess":  # not a step is lost, also of those between two reports
        assert counted.steps == (TRIALS + 1) * STEPS - saved


def saved_steps(out: Path) -> Iterator[int]:
    """How far each checkpoint has come."""
    for path in out.glob("trials/*/lane.safetensors"):
        with safe_open(path, "pt") as file:
            yield int(file.metadata()["step"])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk") as place:
        yield place


@pytest.mark.parametrize("address", ["inprocess", pytest.param("local", marks=pytest.mark.slow)])
def test_a_full_disk_is_one_sentence_and_the_sweep_goes_on_once_there_is_room(
    address: str, whole: Record, small_disk: Path, session_cache: Path,
) -> None:  # fmt: skip
    out, errors = small_disk / "out", small_disk.with_name("errors")
    driver = start(out, address, errors)
    try:
        wait_for_the_middle(driver, out)
        ballast = fill(small_disk)
        assert driver.wait(WAIT_SECONDS) == 2
    finally:
        driver.kill()
        driver.wait()
    said = errors.read_text("utf-8")
    last = said.splitlines()[-1]
    assert last.startswith(f"launch.py: {out}")
    assert "cannot be written: No space left on device; mend that" in last
    assert "Traceback" not in said
    ballast.unlink()
    assert not any(trial.state == "failed" for trial in read_trials(out / "trials.csv"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ray and W&B about themselves
        assert launch.main(command(out, address, "--resume")) == 0
        gc.collect()
    # A lane host of Ray has other threads; a log-probability of -27 has steps of 2e-6 in fp32.
    share = 1e-5 if address == "local" else None
    check_all_is_as_if_undisturbed(read_record(out), whole, share)
    assert not list(out.rglob(".tmp-*"))
