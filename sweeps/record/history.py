"""history.jsonl read again: every report of every trial, in the order they came."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from empathy.cache import write_atomically
from sweeps.record.observers import Row
from sweeps.sweepfile.manifest import DamagedError

log = logging.getLogger(__name__)


def read_history(
    path: Path, read: Callable[[dict[str, Any]], Any] = dict
) -> tuple[dict[str, Any], ...]:
    """The reports in history.jsonl, each as `read` makes it: a file of hundreds of megabytes need
    not stand in memory. A last line torn by a crash is left out with a warning."""
    rows = []
    for number, line, last in _lines(path):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            if not last or line.endswith("\n"):
                raise DamagedError(path, f"line {number}: {type(error).__name__}") from error
            log.warning("%s: the last line was torn by a crash and is left out", path)
            break
        if not _is_report(row):
            raise DamagedError(path, f"line {number} is no report of a trial")
        rows.append(read(row))
    return tuple(rows)


def _is_report(row: object) -> bool:
    """Whether it has what every report has, in its form."""
    if not isinstance(row, dict) or not isinstance(row.get("trial_id"), str):
        return False
    told = row.get("metrics", {})
    return (
        type(row.get("step")) is int
        and isinstance(told, dict)
        and all(each is None or isinstance(each, int | float | dict) for each in told.values())
        and all(isinstance(row.get(name) or {}, dict) for name in ("curves", "evaluation"))
    )


def _lines(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Number, text and whether it is the last, line by line; none where there is no file."""
    if not path.exists():
        return
    if path.is_dir():
        raise DamagedError(path, "it is a folder")
    with path.open(encoding="utf-8", newline="\n") as file:
        try:
            line, number = file.readline(), 0
            while line:
                following, number = file.readline(), number + 1
                yield number, line, not following
                line = following
        except UnicodeDecodeError as error:
            raise DamagedError(path, type(error).__name__) from error


def without_prompts(row: Row) -> dict[str, Any]:
    """A report without the scores of each prompt, which are nearly all of it."""
    return {name: value for name, value in row.items() if name != "evaluation"}


def cut_torn_line(path: Path) -> None:
    """Cut off a last line that a crash has torn, with a warning, so that others can follow it."""
    content = path.read_bytes() if path.is_file() else b""
    whole, _, torn = content.rpartition(b"\n")
    if not torn:
        return
    log.warning("%s: the last line was torn by a crash and is cut off", path)
    kept = whole + b"\n" if whole else b""
    write_atomically(path, lambda temporary: temporary.write_bytes(kept))
