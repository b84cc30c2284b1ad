"""A real sweep of the tiny family, tracked offline: what its runs carry, and that every key that a
dashboard reads is one that they log.

python -m pytest tests/test_dashboard_runs.py
"""

from __future__ import annotations

import base64
import io
import json
import warnings
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tiny_sweep import SETTINGS, arguments
from wandb_offline import OfflineRun, asked, columns, read_all

import launch
from sweeps.dashboard.subject import Subject, find
from sweeps.record.ledger import Record, read_record
from sweeps.record.observers import of_search
from sweeps.sweepfile import spec
from sweeps.watching.tracked import OURS, ends

pytest.importorskip("wandb_workspaces.workspaces", exc_type=ImportError)

pytestmark = pytest.mark.timeout(600)

SMALL = (
    *("run_cap=2", "early_terminate=null", "finalists={top: 1, seeds: 2}"),
    "evaluation.crisis_prompts=0",
)
TRL = {
    *("loss", "grad_norm", "rewards/margins", "rewards/accuracies", "rewards/chosen"),
    *("rewards/rejected", "logps/chosen", "logps/rejected"),
}


@dataclass
class Done:
    """The sweep, its runs as W&B's own reader sees them, and what it printed."""

    out: Path
    record: Record
    runs: dict[str, OfflineRun]
    said: str

    @property
    def sweep(self) -> OfflineRun:
        return self.runs["sweep"]


@pytest.fixture(scope="module")
def done(session_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    out = tmp_path_factory.mktemp("tiny")
    command = [*arguments(*SMALL), "--address", "inprocess", "--out", str(out)]
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setenv("EMPATHY_CACHE", str(session_cache))
        warnings.simplefilter("ignore")  # of W&B about itself
        said = io.StringIO()
        with redirect_stderr(said):
            assert launch.main(command) == 0
    return Done(out, read_record(out), read_all(out), said.getvalue())


def views(subject: Subject) -> dict[str, dict[str, Any]]:
    """The workspace and the report as they would be sent."""
    from sweeps.dashboard import page, workspace

    made = {"workspace": workspace, "report": page}
    return {
        name: {"spec": each.specification(subject, "team")._to_model().spec.model_dump_json(
            by_alias=True, exclude_none=True)}
        for name, each in made.items()
    }  # fmt: skip


def test_every_run_says_what_it_is(done: Done) -> None:
    jobs = {name: run.started["job_type"] for name, run in done.runs.items()}
    assert jobs.pop("sweep") == "sweep"
    assert (jobs.pop("base"), jobs.pop("sft")) == ("baseline", "baseline")
    assert (jobs.pop("t000"), jobs.pop("t001")) == ("trial", "trial")
    assert list(jobs.values()) == ["finalist"]
    for run in done.runs.values():
        assert run.started["run_group"] == done.record.manifest["run_id"]
        assert run.started["tags"] == ["demo", "tiny", "dpo"]
        known = {name: run.config[name] for name in ("family", "objective", "base_model")}
        assert known == {"family": "tiny", "objective": "dpo", "base_model": "tiny-llama"}
        assert run.config["sweep"]["training"]["max_steps"] == 4


def test_trials_carry_dpo_s_curves_and_our_metrics_with_intervals(done: Done) -> None:
    for trial in done.record.trials:
        run = done.runs[trial.trial_id]
        for name, figure in trial.metrics.items():
            assert run.summary[f"empathy/{name}"] == pytest.approx(figure.value)
            ends = [run.summary.get(f"empathy/{name}_{end}") for end in ("low", "high")]
            assert ends == [figure.low, figure.high]
        if trial.parameters:
            assert run.logged >= TRL
            steps = [row["_step"] for row in run.history]
            assert steps == ([2, 4] if of_search(trial.trial_id) else [4])
            assert {name: run.config[name] for name in trial.parameters} == trial.parameters
    sft = done.runs["sft"].summary
    assert sft["empathy/empathy_low"] <= sft["empathy/empathy"] <= sft["empathy/empathy_high"]


def test_the_sweep_s_own_run_holds_leaderboard_plots_and_the_verdict(done: Done) -> None:
    summary = done.record.summary
    assert summary is not None
    run = done.sweep
    plots = {f"plots/{name}_table" for name in ("scores", "front", "curves")}
    assert {"leaderboard", *plots} <= run.logged
    path = run.folder / "files" / run.summary["leaderboard.path"]
    table = json.loads(path.read_text("utf-8"))
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    assert [row["trial"] for row in rows][:2] == ["base", "sft"]
    assert {row["trial"] for row in rows} == {trial.trial_id for trial in done.record.trials}
    best = next(row for row in rows if row["trial"] == summary["best"]["trial"])
    assert best["test_empathy"] == pytest.approx(summary["best"]["metrics"]["empathy"]["value"])
    assert best["learning_rate"] == pytest.approx(summary["best"]["parameters"]["learning_rate"])
    assert (run.summary["winner"], run.summary["trials"]) == (best["trial"], 2)
    lead = summary["differences"]["vs_sft"]["empathy"]
    for end in ("low", "high"):
        assert run.summary[f"test/winner_minus_sft/empathy_{end}"] == pytest.approx(lead[end])


def test_no_reply_is_in_any_run(done: Done) -> None:
    replies = {text for each in done.record.samples for text in each["replies"].values()}
    content = b"".join(path.read_bytes() for path in (done.out / "wandb").rglob("*")
                       if path.is_file())  # fmt: skip
    assert b"empathy/empathy" in content
    assert not [text for text in replies if len(text) > 12 and text.encode() in content]


def test_how_to_send_them_is_said_at_the_end(done: Done) -> None:
    assert f"wandb sync {done.out}/wandb/offline-run-*" in done.said


def subjects(done: Done) -> dict[str, Subject]:
    """The sweep before it ran, while it runs, and when it has ended."""
    ended = find(None, [], str(done.out))
    before = Subject(spec.load("demo", [*SETTINGS, *SMALL]))
    return {"before": before, "meanwhile": while_it_runs(ended), "ended": ended}


def while_it_runs(ended: Subject) -> Subject:
    assert ended.record is not None
    return Subject(ended.spec, Record(ended.record.manifest, (), (), None, ()))


def without_interval(done: Done) -> set[str]:
    """The ends of numbers that so few dialogues have here, in replies of eight tokens, that there
    is no interval: before it ran nobody can know."""
    figures = [(n, f) for trial in done.record.trials for n, f in trial.metrics.items()]
    able = {name for name, figure in figures if figure.low is not None}
    return {end for name, _ in figures if name not in able for end in ends(f"{OURS}{name}")}


@pytest.mark.parametrize("when", ["before", "meanwhile", "ended"])
@pytest.mark.parametrize("kind", ["workspace", "report"])
def test_every_key_of_every_panel_is_one_that_its_runs_log(
    done: Done, when: str, kind: str
) -> None:
    found = asked(views(subjects(done)[when])[kind])
    assert len(found) > 20
    empty = {}
    for each in found:
        runs = [run for run in done.runs.values() if each.takes(run)]
        assert runs, each.title
        logged = {key for run in runs for key in run.logged}
        known = {key for run in runs for key in run.config}
        if missing := (each.logged - logged - without_interval(done)) | (each.config - known):
            empty[each.title] = missing
    assert empty == {}


def test_the_table_of_runs_shows_what_they_log(done: Done) -> None:
    for subject in subjects(done).values():
        logged, config = columns(views(subject)["workspace"])
        assert {"empathy/empathy", "empathy/empathy_low"} <= logged
        assert logged <= done.runs["t000"].logged
        assert config == {"beta", "learning_rate", "lora_rank"}
        assert config <= set(done.runs["t000"].config)


def test_the_runs_that_stay_in_sight_are_base_and_sft(done: Done) -> None:
    told = json.loads(views(subjects(done)["ended"])["workspace"]["spec"])
    (run_set,) = told["section"]["runSets"]
    pinned = [base64.b64decode(each).decode() for each in run_set["pinnedRunIds"]]
    ids = [done.runs[name].started["run_id"] for name in ("base", "sft")]
    assert pinned == [f"Run:v1:{each}:empathy:team" for each in ids]
    assert run_set["baselineRunId"] == run_set["pinnedRunIds"][1]


def test_the_panels_that_were_asked_for_are_there(done: Done) -> None:
    for kind in ("workspace", "report"):
        told = views(subjects(done)["ended"])[kind]["spec"]
        for view in ("Parallel Coordinates Plot", "Parameter Importance", "Scatter Plot",
                     "Run History Line Plot", "Bar Chart"):  # fmt: skip
            assert f'"viewType":"{view}"' in told
    panels = asked(views(subjects(done)["ended"])["report"])
    of_families = [each for each in panels if each.config & {"family", "base_model"}]
    asked_of = [one for each in of_families for some in each.filters for one in some]
    assert {one["key"]["name"] for one in asked_of} == {"jobType"}  # of whichever sweep
    curves = {key for each in panels for key in each.logged}
    assert curves >= TRL
