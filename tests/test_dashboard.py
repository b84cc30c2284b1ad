"""A sweep's workspace and report on a W&B server: what is sent, made, updated and refused.

python -m pytest tests/test_dashboard.py
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from invented_study import write
from wandb_fixtures import login, package
from wandb_server import Kept, serving

import launch
from empathy.errors import UserError
from sweeps.dashboard.online import check, send
from sweeps.dashboard.subject import Subject, find
from sweeps.record.ledger import Trial, TrialsTable, read_record, write_trials
from sweeps.sweepfile import spec

__all__ = ["login", "package"]  # fixtures
pytestmark = pytest.mark.usefixtures("package")
MEANS = (1.0, 1.2, 2.0)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, login: None) -> Iterator[Kept]:
    """A server that takes everything, and the end of W&B's background process after it."""
    import wandb

    kept = Kept()
    with serving(kept) as address:
        monkeypatch.setenv("WANDB_BASE_URL", address)
        yield kept
        wandb.teardown()


def ended(root: Path, *overrides: str, name: str = "dpo_gemma", **more: Any) -> Path:
    """The results folder of a finished sweep."""
    return write(root / name, name, MEANS, *overrides, **more)


def subject(folder: Path) -> Subject:
    return find(None, [], str(folder))


def titles(view: dict[str, Any]) -> list[str]:
    """Names of a workspace's sections, or headings of a report."""
    told = json.loads(view["spec"])
    if "section" in told:
        return [each["name"] for each in told["section"]["panelBankConfig"]["sections"]]
    return [b["children"][0]["text"] for b in told["blocks"] if b["type"] == "heading"]


def test_a_workspace_and_a_report_are_made(server: Kept, tmp_path: Path) -> None:
    sent = send(subject(ended(tmp_path)))
    (workspace,), (report,) = server.workspaces, server.reports
    for each in (workspace, report):
        assert (each["entityName"], each["projectName"]) == ("team", "empathy")
        assert each["displayName"] == "Sweep dpo_gemma"
    assert sent.workspace.endswith(f"/team/empathy?nw={workspace['name'][3:-2]}")
    assert "/team/empathy/reports/Sweep-dpo_gemma--" in sent.report
    assert titles(workspace) == [
        "Leaderboard",
        "Which settings matter",
        "The Pareto front, and what the score was bought with",
        "Curves by parameter",
        "Our metrics, with 95 % intervals",
    ]
    assert titles(report)[:2] == ["What came out", "Leaderboard"]
    assert titles(report)[-1] == "Families: the trials on validation prompts"


def test_the_report_says_what_came_out(server: Kept, tmp_path: Path) -> None:
    send(subject(ended(tmp_path)))
    blocks = json.loads(server.reports[0]["spec"])["blocks"]
    texts = [each["content"] for each in blocks if each["type"] == "markdown-block"]
    assert texts[0].startswith("Trial t001 (learning rate 3e-4, LoRA rank 16) scored 2.00 \\[")
    assert "**t001** (winner) | 2.00 [" in texts[1]


def test_a_second_call_updates_both_and_makes_no_other(server: Kept, tmp_path: Path) -> None:
    folder = ended(tmp_path)
    first, second = send(subject(folder)), send(subject(folder))
    assert first == second
    assert len(server.views) == 2
    assert len(server.sent) == 4
    for sent in (server.workspaces, server.reports):
        assert "id" not in sent[0] or sent[0]["id"] is None
        assert sent[1]["id"] in server.views
    # Another sweep gets views of its own.
    send(subject(ended(tmp_path, name="dpo_llama")))
    assert len(server.views) == 4


def test_a_section_that_somebody_added_stays(server: Kept, tmp_path: Path) -> None:
    folder = ended(tmp_path)
    send(subject(folder))
    (view,) = (each for each in server.views.values() if each["type"] == "project-view")
    told = json.loads(view["spec"])
    bank = told["section"]["panelBankConfig"]
    bank["sections"] = [{**bank["sections"][0], "name": "Anna's own"}, *bank["sections"][1:]]
    view["spec"] = json.dumps(told)
    send(subject(folder))
    assert titles(server.workspaces[1]) == [*titles(server.workspaces[0]), "Anna's own"]


def test_a_report_with_the_same_title_of_another_project_is_left_alone(
    server: Kept, tmp_path: Path
) -> None:
    server.views["other"] = {
        "id": "other", "type": "runs", "name": "x", "displayName": "Study comparison",
        "description": "", "spec": "{}", "updatedAt": "2031-01-01T00:00:00",
    }  # fmt: skip
    send(subject(ended(tmp_path)))
    assert server.reports[0]["id"] is None


def test_no_reply_no_path_and_no_reason_of_a_failure_is_sent(server: Kept, tmp_path: Path) -> None:
    weights = {"name": "/srv/anna/model", "sha256": "ab12cd34"}
    folder = ended(tmp_path / "anna", weights=weights)
    trials = {trial.trial_id: trial for trial in read_record(folder).trials}
    trials["t003"] = Trial("t003", state="failed", reason="cannot open /srv/anna/patients.csv")
    write_trials(folder / "trials.csv", TrialsTable().text(trials))
    send(subject(folder))
    told = json.dumps(server.sent)
    assert "t003" in told
    for word in ("anna", "gemma says", "putting off", "patients.csv", str(tmp_path)):
        assert word not in told


def test_a_sweep_that_has_not_run_has_its_panels_ready(
    server: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    send(find("dpo_gemma", ["tracking.entity=others"], None))
    (workspace,) = server.workspaces
    assert workspace["entityName"] == "others"
    assert "DPO's training curves" in titles(workspace)
    run_set = json.loads(workspace["spec"])["section"]["runSets"][0]
    (kept,) = run_set["filters"]["filters"]
    assert (kept["key"], kept["op"]) == ({"section": "run", "name": "tags"}, "IN")
    assert kept["value"] == ["dpo_gemma"]
    assert "has not ended yet" in server.reports[0]["spec"]


def test_the_command_prints_where_they_are(
    server: Kept,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ended(tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    for arguments in (["--sweep", "dpo_gemma"], ["--out", "results/dpo_gemma"], []):
        assert launch.main(["--dashboard", *arguments]) == 0
        shown = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in shown] == ["workspace", "report"]
    assert len(server.views) == 2


def test_a_server_that_refuses_costs_a_sentence(server: Kept, tmp_path: Path) -> None:
    server.takes = False
    with pytest.raises(UserError, match="Weights & Biases did not take the dashboard"):
        send(subject(ended(tmp_path)))


@pytest.mark.usefixtures("login")
@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("data.corpora=[ufjf]", "used the corpus 'ufjf', which is private, and nothing of it is"),
        ("data.private=true", "which is private, and nothing of it is uploaded, not even numbers"),
        ("tracking={mode: disabled}", r"run with tracking\.mode=disabled, so nothing of it is"),
    ],
)
def test_what_must_not_leave_the_machine_is_refused(
    tmp_path: Path, override: str, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        check(subject(ended(tmp_path, override)))


@pytest.mark.usefixtures("login")
def test_a_name_that_w_and_b_cannot_search_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lr=3.yaml").write_text((spec.FOLDER / "demo.yaml").read_text("utf-8"), "utf-8")
    with pytest.raises(UserError, match="the sweep's name, lr=3, holds one of"):
        check(find(str(tmp_path / "lr=3.yaml"), [], None))


def test_without_a_login_one_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert launch.main(["--dashboard", "--out", str(ended(tmp_path))]) == 2
    shown = capsys.readouterr()
    assert shown.err == (
        "launch.py: --dashboard found no login: set WANDB_API_KEY or run `wandb login`, and leave "
        "WANDB_MODE unset or online\n"
    )


@pytest.mark.usefixtures("login")
def test_a_missing_package_is_named_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = subject(ended(tmp_path))
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    for name in ("reports", "reports.v2"):
        monkeypatch.delitem(sys.modules, f"wandb_workspaces.{name}", raising=False)
    with pytest.raises(UserError, match="which is not installed: pip install 'wandb-workspaces>="):
        check(found)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--dashboard", "--list"], "--dashboard draws what a sweep's runs log and trains nothing"),
        (["--dashboard", "--sweep", "demo", "--dry-run"], "--dashboard draws what a sweep's runs"),
        (["--dashboard", "--out", "s3://bucket/a"], "--dashboard draws what a sweep's runs log"),
        (["--dashboard", "--out", "nowhere"], "--dashboard finds no sweep in nowhere: give a"),
        (["--dashboard", "--sweep", "dmo"], "unknown sweep 'dmo'; did you mean 'demo'?"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert launch.main(arguments) == 2
    assert capsys.readouterr().err.startswith(f"launch.py: {sentence}")


def test_another_sweep_s_folder_is_refused(tmp_path: Path) -> None:
    folder = ended(tmp_path)
    with pytest.raises(UserError, match="holds results of sweep 'dpo_gemma', not of 'demo'"):
        find("demo", [], str(folder))
