"""Files of a sweep that can be read, but hold what no sweep wrote: each is named in a sentence.

python -m pytest tests/test_damaged_values.py
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cut_off import Disk, go_on
from test_resumption import sweep
from tiny_sweep import arguments

import launch
from sweeps import runner

ROOT = Path(launch.__file__).parent
WAIT_SECONDS = 240


@pytest.fixture
def cut_off(tmp_path: Path) -> Path:
    """The results folder of a sweep that did not end."""
    out = tmp_path / "out"
    go_on("in process", sweep("run_cap=2"), out, Disk())
    return out


def changed(path: Path, change: Callable[[Any], object]) -> None:
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")


def row(**parts: object) -> Callable[[Path], object]:
    """A history whose second line says something else."""

    def write(out: Path) -> None:
        path = out / "history.jsonl"
        first, second, *others = path.read_text("utf-8").splitlines()
        lines = [first, json.dumps({**json.loads(second), **parts}), *others]
        path.write_text("\n".join(lines) + "\n", "utf-8")

    return write


def manifest(**parts: object) -> Callable[[Path], object]:
    return lambda out: changed(out / "manifest.json", lambda content: content.update(parts))


def table(change: Callable[[str], str]) -> Callable[[Path], object]:
    def write(out: Path) -> None:
        path = out / "trials.csv"
        path.write_text(change(path.read_text("utf-8")), "utf-8")

    return write


def folder(name: str) -> Callable[[Path], object]:
    def make(out: Path) -> None:
        (out / name).unlink()
        (out / name).mkdir()

    return make


BOTH: dict[str, Callable[[Path], object]] = {
    "a step in words": row(step="two"),
    "no step": row(step=None),
    "a list of metrics": row(metrics=[1]),
    "a metric in words": row(metrics={"empathy": "high"}),
    "a trial that is a list": row(trial_id=["t000"]),
    "an evaluation that is a number": row(evaluation=3),
    "a history that is a folder": folder("history.jsonl"),
    "a state that nobody has": table(lambda text: text.replace(",completed,", ",finished,")),
    "a trial twice": table(lambda text: text + text.splitlines()[-1] + "\n"),
    "a table cut short": table(lambda text: text[: len(text) * 3 // 5].rsplit(",", 3)[0]),
}
STATUS = {
    **BOTH,
    "a metric that is a word": manifest(metric="empathy"),
    "a manifest that is a folder": folder("manifest.json"),
}
RESUME = {
    **BOTH,
    "settings that are a list": manifest(settings=[1]),
    "evaluation settings that are a list": manifest(settings={"evaluation": [1]}),
}


@pytest.mark.parametrize("damage", STATUS.values(), ids=STATUS)
def test_status_names_the_file(
    cut_off: Path, damage: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    damage(cut_off)
    assert launch.main(["--status", str(cut_off)]) == 2
    assert " is damaged (" in capsys.readouterr().err


@pytest.mark.parametrize("damage", RESUME.values(), ids=RESUME)
def test_a_resumption_names_the_file(
    cut_off: Path, damage: Callable[[Path], object], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(runner, "run", None)
    damage(cut_off)
    assert launch.main(["--sweep", "demo", "--out", str(cut_off), "--resume"]) == 2
    assert " is damaged (" in capsys.readouterr().err


LONG = "a" * 300


@pytest.mark.parametrize(
    "words",
    [
        ["--sweep", LONG],
        ["--sweep", "demo", "--dry-run", "--set", f"model=/{LONG}"],
        ["--sweep", "demo", "--dry-run", "--set", "data.corpora=[ufjf]", "--set",
         f"data.folder={LONG}"],
        ["--status", LONG],
        ["--compare", LONG],
    ],
)  # fmt: skip
def test_a_name_too_long_is_a_sentence(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch.main(words) == 2
    said = "".join(capsys.readouterr())
    assert "aaa..." in said
    assert "characters long" in said


@pytest.mark.parametrize("out", ["", "gs://bucket/prefix"])
def test_out_is_a_folder_or_a_bucket(out: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch.main(["--sweep", "demo", "--out", out]) == 2
    assert "--out " in capsys.readouterr().err


@pytest.mark.timeout(400)
def test_sigterm_while_ray_waits_for_the_preparation_is_a_stop(tmp_path: Path) -> None:
    """Ray looks for signals itself while it waits, and passes on KeyboardInterrupt alone."""
    out, said = tmp_path / "out", tmp_path / "said"
    words = [*arguments("tracking.mode=disabled"), "--address", "local", "--out", str(out)]
    with said.open("w") as file:
        driver = subprocess.Popen(
            [sys.executable, "launch.py", *words], cwd=ROOT, stdout=file, stderr=file
        )
    try:
        while driver.poll() is None and "loading weights" not in said.read_text("utf-8"):
            time.sleep(0.2)
        driver.send_signal(signal.SIGTERM)
        assert driver.wait(WAIT_SECONDS) == 143
    finally:
        driver.kill()
        driver.wait()
    told = said.read_text("utf-8")
    assert "Traceback" not in told
    assert told.splitlines()[-1].startswith("launch.py: stopped before anything was measured")
