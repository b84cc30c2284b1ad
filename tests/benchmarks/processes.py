"""What the processes under this one take, by their names: from /proc, so on Linux alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

KIB = 1024
TICKS = os.sysconf("SC_CLK_TCK")  # in a second


class Process(NamedTuple):
    """One process at a moment."""

    pid: int
    parent: int
    name: str
    """Its command line's first word, as Ray sets it for its workers: ray::LaneTrial."""
    cpu: float
    """Processor seconds so far, all threads."""


def below(root: int) -> list[Process]:
    """The process itself and all that descend from it, as far as they still live."""
    everybody = [each for path in Path("/proc").glob("[0-9]*") if (each := _read(path))]
    found = {root}
    while True:
        more = {each.pid for each in everybody if each.parent in found} - found
        if not more:
            return [each for each in everybody if each.pid in found]
        found |= more


def memory(pid: int) -> dict[str, float]:
    """Resident MiB of a process, by `rss`, and by `pss`, its share of what several share."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kib = {name.lower(): float(rest.split()[0]) for name, rest in (row.split(":") for row in rows)}
    return {name: kib[name] / KIB for name in ("rss", "pss")}


def _read(path: Path) -> Process | None:
    try:
        head, _, rest = (path / "stat").read_text().rpartition(")")
        words = (path / "cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
    except OSError:  # it has ended meanwhile
        return None
    fields = rest.split()
    cpu = (int(fields[11]) + int(fields[12])) / TICKS
    name = words.split()[0] if words.split() else head.partition("(")[2]
    return Process(int(path.name), int(fields[1]), name.rpartition("/")[2], cpu)
