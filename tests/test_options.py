"""The command lines' own mistakes: one sentence each, and a closed pipe is none.

python -m pytest tests/test_options.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import launch
from empathy.__main__ import main
from empathy.options import quiet_pipe

ROOT = Path(launch.__file__).parent


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--sweep", "demo", "--address", "moon"], "launch.py: argument --address: invalid choice"),
        (
            [],
            "launch.py: one of --list, --sweep, --compare, --status, --check-cluster or",
        ),
    ],
)
def test_a_launch_option_s_error_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    with pytest.raises(SystemExit) as stop:
        launch.main(arguments)
    told = capsys.readouterr().err
    assert (stop.value.code, told.count("\n")) == (2, 1)
    assert told.startswith(sentence)


@pytest.mark.parametrize("arguments", [["fetsh"], ["fetch"], ["fetch", "mi", "--moon"]])
def test_a_command_s_error_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    told = capsys.readouterr().err
    assert (stop.value.code, told.count("\n")) == (2, 1)
    assert told.startswith("python -m empathy")


def test_a_reader_that_leaves_early_is_no_error() -> None:
    # The reading end is closed before anything is written, as by `head` of fewer lines.
    code = (
        "import os, sys; read, write = os.pipe(); os.close(read); os.dup2(write, 1);"
        "import launch; sys.exit(launch.main(['--list']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (141, "")


def test_another_broken_pipe_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        quiet_pipe(work)
