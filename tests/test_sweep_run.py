"""The sweep's own W&B run: its leaderboard, its verdict, and what a server gets of it.

python -m pytest tests/test_sweep_run.py
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from invented_study import write
from wandb_fixtures import service
from wandb_runs import serving

from sweeps.record.ledger import Figure, Record, Trial, read_record
from sweeps.record.observers import SweepInfo
from sweeps.watching.sweep_run import headline, leaderboard
from sweeps.watching.tracking import Tracker

__all__ = ["service"]  # a fixture


def record(*trials: Trial) -> Record:
    manifest = {"metric": {"name": "empathy", "goal": "maximize"}, "settings": {}}
    return Record(manifest, trials, (), None, ())


def scored(name: str, value: float, **more: float) -> Trial:
    figure = Figure(value, value - 0.1, value + 0.1)
    return Trial(name, dict(more), "completed", None, 4, 2.0, {"empathy": figure})


def test_the_leaderboard_has_base_and_sft_first_then_the_best() -> None:
    failed = Trial("t002", {"beta": 0.3}, "failed", "cannot open /srv/anna", 2)
    table = leaderboard(
        record(
            scored("base", 1.0),
            scored("sft", 1.5),
            failed,
            scored("t000", 2.0, beta=0.1),
            scored("t001", 3.0, beta=0.2),
        )
    )
    assert table.columns == [
        *("trial", "state", "step", "seconds", "beta"),
        *("empathy", "empathy_low", "empathy_high"),
    ]
    assert [row[0] for row in table.rows] == ["base", "sft", "t001", "t000", "t002"]
    assert table.rows[2] == ["t001", "completed", 4, 2.0, 0.2, 3.0, 2.9, 3.1]
    assert table.rows[4] == ["t002", "failed", 2, None, 0.3, None, None, None]  # nor why
    assert table.rows[0][4] is None


def test_the_headline_says_who_won_and_by_how_much() -> None:
    figure = {"value": 2.0, "low": 1.5, "high": 2.5, "n": 8}
    summary = {
        "trials": 2, "completed": 1, "stopped_early": 1, "failed": 0,
        "baselines": {"base": {"metrics": {"empathy": {**figure, "value": 1.0}}}},
        "best": {"trial": "t001", "metrics": {"empathy": figure}},
        "tied": ["t001", "t000"],
        "differences": {"vs_sft": {"empathy": {"value": 0.5, "low": None, "high": None}}},
    }  # fmt: skip
    told = headline(summary)
    assert (told["winner"], told["tied"], told["stopped_early"]) == ("t001", 1, 1)
    assert (told["test/winner/empathy"], told["test/winner/empathy_low"]) == (2.0, 1.5)
    assert told["test/base/empathy"] == 1.0
    assert told["test/winner_minus_sft/empathy"] == 0.5
    assert "test/winner_minus_sft/empathy_low" not in told
    assert "tied" not in headline({"best": summary["best"]}), "nobody has counted them"
    nobody = headline({"baselines": {}, "best": None, "trials": 1})
    assert nobody == {"trials": 1}


@pytest.mark.usefixtures("service")
def test_a_server_gets_the_tables_and_neither_artifact_nor_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = write(tmp_path / "anna" / "dpo_gemma", "dpo_gemma", (1.0, 1.2, 2.0))
    held = read_record(out)
    told, started = held.manifest, datetime.fromisoformat(held.manifest["started"])
    assert held.summary is not None
    home = tmp_path / "home"
    monkeypatch.setenv("WANDB_DATA_DIR", str(home))
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    with serving() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        tracking = Tracker("online", "empathy", None, init_timeout_seconds=30.0)
        tracking.sweep_started(
            SweepInfo(told["sweep"], "empathy", "maximize", told["settings"], 1, 4, out, started)
        )
        tracking.sweep_ended(held.summary)
        assert tracking.mode == "online"
        sent = [(each.path, each.unpacked) for each in server.sent]
    assert not home.exists()  # where W&B keeps what it makes artifacts of
    assert b"rtifact(" not in b"".join(body for _, body in sent)
    assert b"anna" not in b"".join(path.encode() + body for path, body in sent)
    tables = [body for path, body in sent if "leaderboard" in path]
    assert json.loads(tables[0])["columns"][0] == "trial"
