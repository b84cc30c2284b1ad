"""python -m pytest tests/test_report_pareto.py"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from invented_sweep import found, write

from sweeps.record.ledger import Figure
from sweeps.report.findings import Outcome
from sweeps.report.report import write_report
from sweeps.report.report_pareto import View, pareto_view
from sweeps.sweepfile.limits import Limit
from sweeps.sweepfile.manifest import read_manifest, write_json
from sweeps.verdict.guards import Guarded, bounds

DRIFTS = {"t000": 2.0, "t002": 9.0, "t003": 18.0, "t005": 19.0}
"""Of the trials trained to the end; their scores are 2.05, 2.6, 2.9 and 2.78."""


def drifted(tmp_path: Path) -> Outcome:
    outcome = found(tmp_path)
    trials = {
        name: replace(trial, metrics={**trial.metrics, "log_ratio": Figure(DRIFTS[name])})
        if name in DRIFTS
        else trial
        for name, trial in outcome.trials.items()
    }
    return replace(outcome, trials=trials)


def view(outcome: Outcome, metric: Mapping[str, Any]) -> tuple[View | None, list[go.Figure]]:
    drawn: list[go.Figure] = []
    return pareto_view(outcome, metric, lambda figure, name: drawn.append(figure)), drawn


def test_a_sweep_of_one_metric_is_shown_against_the_drift(tmp_path: Path) -> None:
    told, (chart,) = view(drifted(tmp_path), {})
    assert told is not None
    assert not told.searched
    assert [aim.name for aim in told.aims] == ["empathy", "log_ratio"]
    # t005 scores less than t003 and is farther off.
    assert [line.trial.trial_id for line in told.front] == ["t003", "t002", "t000"]
    assert told.front[0].values == ["2.90 [2.60, 3.20]", "18.0, no interval"]
    assert told.trials == 4
    line, *dots = chart.data
    assert list(line.x) == [2.0, 9.0, 18.0]
    assert len(dots) == 4
    assert {dot.text[0] for dot in dots} == {"t003", "t002", "t000", ""}


def test_several_searched_metrics_make_one_front_and_a_chart_for_each_pair(tmp_path: Path) -> None:
    also = [
        {"name": n, "goal": g} for n, g in (("relevance", "maximize"), ("log_ratio", "minimize"))
    ]
    told, charts = view(drifted(tmp_path), {"also": also})
    assert told is not None
    assert told.searched
    assert len(charts) == 2
    assert [len(line.values) for line in told.front] == [3, 3, 3]


def test_a_trial_that_an_enforced_guard_bars_is_not_on_the_front(tmp_path: Path) -> None:
    limits = bounds({"log_ratio": Limit(max=15.0)}, sft={}, human={})
    forced, only_told = (Guarded(enforce, {"validation": limits}) for enforce in (True, False))
    told, (chart,) = view(replace(drifted(tmp_path), guarded=forced), {})
    assert told is not None
    assert [line.trial.trial_id for line in told.front] == ["t002", "t000"]  # not t003, at 18
    assert (told.trials, told.barred) == (4, 2)
    assert len(chart.data) == 1 + 4  # the barred ones were measured and stay in sight
    watched, _ = view(replace(drifted(tmp_path), guarded=only_told), {})
    assert watched is not None
    assert watched.barred == 0
    assert watched.front[0].trial.trial_id == "t003"


def test_where_drift_was_not_measured_there_is_no_such_chart(tmp_path: Path) -> None:
    assert view(found(tmp_path), {}) == (None, [])


def test_pages_show_the_front_of_a_list(tmp_path: Path) -> None:
    write(tmp_path)
    manifest = read_manifest(tmp_path)
    also = [{"name": "relevance", "goal": "maximize"}]
    manifest["settings"]["metric"] = {"name": "empathy", "goal": "maximize", "also": also}
    write_json(tmp_path / "manifest.json", manifest)
    write_report(tmp_path)
    for name in ("report.html", "report.md"):
        text = (tmp_path / name).read_text("utf-8")
        assert "The Pareto front" in text
        assert "1 of 4 trials trained to the end is on the front" in text  # equal relevance
