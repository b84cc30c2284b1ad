"""`--status`: a sweep as its results folder tells it, while it runs, and after it ended or died.

Nothing but that folder is read and nothing is written, so that any terminal may ask, on any machine
that sees the folder.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from empathy.errors import UserError
from sweeps.record.history import read_history
from sweeps.record.ledger import HISTORY, SUMMARY, TRIALS, by_step, read_trials
from sweeps.record.results_folder import PULSE, in_use
from sweeps.sweepfile.manifest import MANIFEST, Chosen, Driving, formed, read_json, read_manifest
from sweeps.watching.account import now, of_json
from sweeps.watching.snapshot import Pulse, Snapshot, stopped_at, winners

REPORT = "report.html"
SILENT = 60.0  # seconds without a sign of life after which a sweep on a drive without locks is dead


@dataclass
class _Manifest:
    sweep: str
    metric: Driving
    max_steps: int
    run_cap: int


@dataclass
class _Summary:
    best: Chosen | None = None
    tied: tuple[str, ...] = ()


def read(out: Path, at: datetime | None = None) -> Snapshot:
    """The sweep in `out`. Raises `UserError` for a folder that holds none, or damaged files."""
    at = at or now()
    running = in_use(out)  # first: a sweep that ends meanwhile has then written everything
    whole, pulse = read_manifest(out), _pulse(out / PULSE)
    manifest = formed(_Manifest, whole, out / MANIFEST)
    if running is None:
        running = pulse is not None and (at - pulse.at).total_seconds() < SILENT
    being = "running" if running else "ended" if whole.get("ended") else "cut off"
    trials = read_trials(out / TRIALS) if (out / TRIALS).exists() else ()
    best, tied = winners(_summary(out / SUMMARY)) if _over(out, being) else (None, ())
    return Snapshot(
        sweep=manifest.sweep,
        metric=manifest.metric.name,
        goal=manifest.metric.goal,
        max_steps=manifest.max_steps,
        being=cast(Any, being),
        trials=trials,
        curves={
            trial: tuple(steps.values())
            for trial, steps in by_step(read_history(out / HISTORY), manifest.metric.name).items()
        },
        now=at,
        pulse=pulse,
        wanted=(pulse and pulse.trials) or manifest.run_cap,
        best=best,
        tied=tied,
        resume=resume_command(out, pulse) if being == "cut off" else None,
        report=str(out / REPORT) if being == "ended" and (out / REPORT).exists() else None,
        rungs=stopped_at(trials),
    )


def resume_command(out: Path, pulse: Pulse | None = None, address: str | None = None) -> str:
    """What to type to go on with the sweep in `out`."""
    address = address or (pulse.address if pulse else None)
    where = [] if address in (None, "local") else ["--address", address]
    folder = str(out) if out.parent != Path() else f"./{out}"  # a bare name may be a sweep's
    return shlex.join(["python", "launch.py", "--sweep", folder, "--resume", *map(str, where)])


def sweep_in(folder: Path, option: str = "--status") -> Path:
    """The folder itself if it holds a sweep, else that of its sweeps which was written to last.

    A running sweep writes all the time, so that it comes first. Raises `UserError`, which says what
    `option` wants, where there is none.
    """
    if (folder / MANIFEST).exists():
        return folder
    signs = [
        path
        for name in (MANIFEST, PULSE)
        for path in folder.glob(f"*/{name}")
        if not path.parent.name.startswith(".")
    ]
    if not signs:
        raise UserError(
            f"{option} finds no sweep in {folder}: give a results folder, such as results/demo"
        )
    return max(signs, key=lambda path: path.stat().st_mtime).parent


def as_json(snapshot: Snapshot) -> str:
    """The snapshot for programs."""
    return json.dumps(snapshot.as_dict(), indent=2, ensure_ascii=False)


def _pulse(path: Path) -> Pulse | None:
    """The last sign of life; None where there is none, or one of another version."""
    try:
        return of_json(json.loads(path.read_text("utf-8")))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _summary(path: Path) -> dict[str, Any]:
    summary: dict[str, Any] = read_json(path, dict)
    formed(_Summary, summary, path)
    return summary


def _over(out: Path, being: str) -> bool:
    return being == "ended" and (out / SUMMARY).exists()
