"""The wall clock may jump: it stamps files, and nothing is measured or decided by it.

python -m pytest tests/test_clock.py
"""

from __future__ import annotations

import ast
import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cut_off import CutOffError, Disk, go_on
from fake_study import FakeStudy, stand_in
from test_resumption import sweep, told

from empathy.settings import StudySettings, TrainingSettings
from sweeps.pool import host as hosts
from sweeps.pool.host import LaneHost
from sweeps.search.in_process import InProcess

ROOT = Path(__file__).parent.parent
WALL = {"time": {"time", "time_ns", "localtime", "gmtime"}, "datetime": {"now", "utcnow", "today"}}
STAMPS = {
    "sweeps/record/observers.py": "when the sweep was started: a part of its run id",
    "sweeps/record/resumption.py": "when it was resumed, for the manifest",
    "sweeps/sweepfile/manifest.py": "when it ended, for the manifest",
    "sweeps/watching/account.py": "signs of life, which other processes read",
    "empathy/verdicts/chat.py": "the date in a Retry-After header; never more than a minute",
}


def asks_the_wall_clock(path: Path) -> bool:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if name in WALL.get(
                module, ()
            ):
                return True
            case ast.ImportFrom(module="time", names=names):
                if any(alias.name in WALL["time"] for alias in names):
                    return True
    return False


def test_the_wall_clock_is_asked_for_stamps_alone() -> None:
    sources = [*(ROOT / "empathy").rglob("*.py"), *(ROOT / "sweeps").rglob("*.py")]
    found = {str(path.relative_to(ROOT)) for path in sources if asks_the_wall_clock(path)}
    assert found == set(STAMPS)


class Rows:
    """An observer that keeps reports."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def trial_reported(self, row: dict[str, Any]) -> None:
        self.rows.append(row)

    def __getattr__(self, event: str) -> Any:
        return lambda *_: None


def search(out: Path) -> list[dict[str, Any]]:
    """All reports of a sweep on a host without a model, by trial and step."""
    chosen = sweep("run_cap=3", "early_terminate=null", "method=random")
    settings = StudySettings(
        family="tiny", lanes=1, training=TrainingSettings(max_steps=chosen.training.max_steps)
    )
    host = LaneHost(settings.model_dump(mode="json"), chosen.report_steps, str(out))
    seen: Any = Rows()
    try:
        assert host.prepared(10) is not None
        InProcess(chosen, host, seen).run(lanes=1)
    finally:
        host.close()
    found: list[dict[str, Any]] = seen.rows
    return found


@pytest.mark.timeout(60)
def test_a_clock_that_jumps_back_changes_no_report_and_no_duration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "empathy.study", stand_in(FakeStudy))
    monkeypatch.setattr(hosts, "GRACE", 0.02)
    steady = search(tmp_path / "steady")
    hours = itertools.count()
    monkeypatch.setattr(time, "time", lambda: 2e9 - 3600.0 * next(hours))
    jumping = search(tmp_path / "jumping")
    assert time.time() > time.time()
    seconds = [(row["trial_id"], row.pop("seconds")) for row in jumping]
    assert jumping == [{k: v for k, v in row.items() if k != "seconds"} for row in steady]
    for (trial, before), (same, after) in itertools.pairwise(seconds):
        assert 0 <= before < 60
        assert trial != same or before <= after


def test_a_sweep_that_was_started_tomorrow_goes_on_all_the_same(tmp_path: Path) -> None:
    go_on("in process", sweep(), tmp_path / "whole", Disk())
    out, disk = tmp_path / "out", Disk()
    with pytest.raises(CutOffError):
        go_on("in process", sweep(), out, disk, 11)
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    manifest["started"] = "2099-01-01T00:00:00+00:00"
    (out / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    go_on("in process", sweep(), out, disk)
    assert told(out) == told(tmp_path / "whole")
