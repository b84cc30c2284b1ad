"""The shell lines of README and CONTRIBUTING, and the programs that a shell makes of each.

A line is read by a real bash, in whose PATH `python`, `ray` and `make` are stand-ins that note how
they were called. What needs neither model nor cluster (a script, a token) they really run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md")
END = "\x1e"  # after each call, whose words end in zero bytes
STAND_IN = """#!/bin/bash
{{ printf '%s\\0' "$(basename "$0")" "$@"; printf '{end}'; }} >> "$CALLS"
case "$(basename "$0") $1" in
  "python launch.py" | "python -m") ;;
  "python "*) exec {python} "$@" ;;
  "ray get-auth-token") exec {python} -m ray.scripts.scripts "$@" ;;
esac
"""
PROGRAMS = ("python", "ray", "make")
LINKED = ("launch.py", "sweeps", "tests", "Makefile", "pyproject.toml", "constraints.txt")
"""What the commands expect to find where they are typed."""
Call = list[str]


def blocks(document: str) -> list[str]:
    """The fenced blocks of a document that are for a shell."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(r"^```(?:sh|shell|console)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(document: str) -> list[str]:
    """Every line of these blocks that is no comment, without the comment behind it."""
    lines = "".join(blocks(document)).replace("\\\n", " ").splitlines()
    bare = (re.sub(r"(^|\s)#\s.*$", "", line).strip() for line in lines)
    return [" ".join(line.split()) for line in bare if line]


def everywhere() -> list[str]:
    """The different commands of all documents, in their order."""
    return list(dict.fromkeys(line for document in DOCUMENTS for line in commands(document)))


def furnished(folder: Path) -> Path:
    """A folder in which the commands can be typed as in a clone."""
    for name in LINKED:
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    return folder


def typed(line: str, folder: Path, **environment: str) -> list[Call]:
    """The programs that the line calls, in order, each with its words; it must end well.

    `/shared` is a folder of this machine's, for who runs the tests owns no other.
    """
    bin_, calls = folder / ".bin", folder / ".calls"
    bin_.mkdir(exist_ok=True)
    for name in PROGRAMS:
        path = bin_ / name
        path.write_text(STAND_IN.format(python=sys.executable, end=END))
        path.chmod(0o755)
    calls.write_bytes(b"")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line.replace("/shared/", f"{folder}/shared/")],
        cwd=folder,
        env={**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "CALLS": str(calls),
             "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{line}: {done.stderr}"
    return [call.split("\0")[:-1] for call in calls.read_text("utf-8").split(END)[:-1]]


def made(target: str, folder: Path) -> list[Call]:
    """What the real `make` runs by Python for a target, everything being installed."""
    installed = folder / ".installed"
    installed.touch()
    calls = folder / ".calls"
    calls.write_bytes(b"")
    subprocess.run(
        ["make", "--no-print-directory", target, "RUN=.bin/python", f"STAMP={installed.name}"],
        cwd=folder,
        env={**os.environ, "CALLS": str(calls)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [call.split("\0")[:-1] for call in calls.read_text("utf-8").split(END)[:-1]]
