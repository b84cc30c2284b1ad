"""Which variables and options surely reach `ray start`.

python -m pytest tests/test_start_commands.py
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sweeps.planning.start_commands import option, starts

MODE = "RAY_AUTH_MODE=token"
WITH = [
    f"{MODE} ray start --head",
    f"cd / && A=b {MODE} C=d ray start --head",
    f"export {MODE}; ray start --head",
    f"export {MODE} A=b\nray start --head",
    f"cd / && export {MODE} && ray start --head",
    f"env A=b {MODE} ray start --head",
    f"({MODE} ray start --head)",
    f"echo $(date | cut -c 1); {MODE} ray start --head --x=$(hostname | cut -c 1)",
    f"true # not now;\n{MODE} ray start --head",
    "RAY_AUTH_MODE='token' \\\n ray start --head",
]
WITHOUT = [
    "ray start --head",
    f"echo {MODE}; ray start --head",
    f"{MODE}; ray start --head",
    f"# {MODE}\nray start --head",
    f"{MODE} true; ray start --head",
    f"{MODE} true && ray start --head",
    "RAY_AUTH_MODE=tokens ray start --head",
    f"X{MODE} ray start --head",
    f"export {MODE}; export RAY_AUTH_MODE=disabled; ray start --head",
    f"export {MODE}; unset RAY_AUTH_MODE; ray start --head",
    f"false && export {MODE}; ray start --head",
    f"true || export {MODE}; ray start --head",
    f"(export {MODE}); ray start --head",
    f"export {MODE} & ray start --head",
    f"export {MODE} | cat; ray start --head",
    f"ray start --head {MODE}",
]


def mode(command: str) -> str | None:
    (start,) = starts(command)
    return start.variables.get("RAY_AUTH_MODE")


@pytest.mark.parametrize("command", WITH)
def test_with_a_token(command: str) -> None:
    assert mode(command) == "token"


@pytest.mark.parametrize("command", WITHOUT)
def test_without(command: str) -> None:
    assert mode(command) != "token"


@pytest.mark.parametrize("command", [*WITH, *WITHOUT])
def test_bash_thinks_so_too(command: str, tmp_path: Path) -> None:
    ray = tmp_path / "ray"
    ray.write_text('#!/bin/sh\nprintf %s "$RAY_AUTH_MODE"\n')
    ray.chmod(0o700)
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(
        ["bash", "-c", command], env=path, capture_output=True, text=True, check=True
    )
    assert (done.stdout.splitlines()[-1:] == ["token"]) == (command in WITH)


@pytest.mark.parametrize(
    "command",
    [
        f"echo {MODE} ray start",
        f"bash -c '{MODE} ray start'",
        "ray stop",
        f"echo > x {MODE} ray start",
    ],
)
def test_no_start(command: str) -> None:
    assert starts(command) == []


def test_the_last_of_an_option_counts() -> None:
    assert option("--dashboard-host", ["--head", "--dashboard-host=127.0.0.1"]) == "127.0.0.1"
    assert option("--dashboard-host", ["--dashboard-host", "127.0.0.1", "--head"]) == "127.0.0.1"
    assert option("--dashboard-host", ["--dashboard-host=127.0.0.1", "--dashboard-host=::"]) == "::"
    assert option("--dashboard-host", ["--head"]) is None
