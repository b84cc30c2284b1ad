"""The comparison as a W&B report: what may be sent, what is, and to whom.

python -m pytest tests/test_comparison_online.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from invented_study import study, sweep
from wandb_fixtures import login, package, service
from wandb_server import Kept, serving

from empathy.errors import UserError
from sweeps.comparison.contrasts import Findings, findings
from sweeps.comparison.folders import read_all
from sweeps.comparison.online import check, document, send, specification
from sweeps.comparison.report import rendered

__all__ = ["login", "package", "service"]  # fixtures


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return findings(read_all(study(tmp_path_factory.mktemp("anna"))))


def as_model(report: Any) -> Any:
    """What `save` would send, which has no public name."""
    return report._to_model()


def one(root: Path, *overrides: str) -> Findings:
    return findings([sweep(root / "a", "dpo_gemma", (1.0, 1.2, 2.0), *overrides)])


def test_markdown_is_cut_at_its_headings() -> None:
    cut = document("# Title\n\nWhat it is.\n\n## One\n\n- a\n\n### Deeper\n\nb\n\n## Two\n\nc\n")
    assert (cut.title, cut.description) == ("Title", "What it is.")
    assert cut.sections == (("One", "- a\n\n### Deeper\n\nb"), ("Two", "c"))


@pytest.mark.usefixtures("package")
def test_the_specification_needs_no_server_and_holds_answers_and_tables(found: Findings) -> None:
    report = specification(document(rendered(found, "md")), "empathy", "team")
    made: dict[str, Any] = json.loads(as_model(report).model_dump_json(by_alias=True))
    assert (made["displayName"], made["project"]["name"]) == ("Study comparison", "empathy")
    blocks = made["spec"]["blocks"]
    headings = [each["children"][0]["text"] for each in blocks if each["type"] == "heading"]
    assert headings[:2] == [
        "Does DPO beat SFT, the warm start it began with?",
        "Does DPO beat ordinary fine-tuning (SFT) continued for as long?",
    ]
    assert headings[-2:] == ["What was compared, and its cost", "How each number is made"]
    texts = [each["content"] for each in blocks if each["type"] == "markdown-block"]
    assert texts[0].startswith("**In part.** DPO beats SFT in gemma and llama;")
    assert any("| gemma | 1.00 [" in text for text in texts)


def test_no_path_and_no_reply_is_sent(found: Findings, tmp_path: Path) -> None:
    assert "anna" not in rendered(found, "md")
    assert "gemma says" not in rendered(found, "md")
    weights = {"name": "/srv/anna/model", "sha256": "ab12cd34"}
    local = findings([sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0), weights=weights)])
    assert "anna" not in rendered(local, "md")
    assert "local weights ab12cd34" in rendered(local, "md")


@pytest.mark.usefixtures("login", "package")
def test_what_may_be_sent_passes(found: Findings) -> None:
    check(found)


@pytest.mark.usefixtures("login")
def test_private_corpora_never_leave_the_machine(tmp_path: Path) -> None:
    private = one(tmp_path, "data.corpora=[ufjf]")
    with pytest.raises(UserError, match="used the corpus 'ufjf', which is private, and nothing"):
        check(private)


@pytest.mark.usefixtures("login")
def test_a_corpus_that_was_marked_as_private_stays_too(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"used the corpus '\w+', which is private, and nothing"):
        check(one(tmp_path, "data.private=true"))


@pytest.mark.usefixtures("login")
def test_a_sweep_that_was_not_tracked_is_not_sent(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"run with tracking\.mode=disabled, so nothing of it is"):
        check(one(tmp_path, "tracking={mode: disabled}"))


def test_without_a_login_nothing_is_tried(found: Findings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    with pytest.raises(UserError, match="--wandb found no login: set WANDB_API_KEY or run"):
        check(found)


@pytest.mark.usefixtures("login")
def test_a_missing_package_is_named_with_its_command(
    found: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    monkeypatch.delitem(sys.modules, "wandb_workspaces.reports.v2", raising=False)
    monkeypatch.delitem(sys.modules, "wandb_workspaces.reports", raising=False)
    with pytest.raises(UserError, match="which is not installed: pip install 'wandb-workspaces>="):
        check(found)


@pytest.mark.usefixtures("login", "package", "service")
def test_a_server_takes_the_report_and_gives_its_address(
    found: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept()
    with serving(kept) as address:
        monkeypatch.setenv("WANDB_BASE_URL", address)
        assert send(found) == f"{address}/team/empathy/reports/Study-comparison--abc"
    (sent,) = kept.reports
    assert (sent["entityName"], sent["projectName"], sent["type"]) == ("team", "empathy", "runs")
    assert "DPO beats SFT in gemma and llama" in sent["spec"]
    assert "anna" not in json.dumps(sent)


@pytest.mark.usefixtures("login", "package", "service")
def test_a_server_that_refuses_costs_a_sentence(
    found: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Kept(takes=False)) as address:
        monkeypatch.setenv("WANDB_BASE_URL", address)
        with pytest.raises(UserError, match=r"stands on disk, but Weights & Biases did not take"):
            send(found)
