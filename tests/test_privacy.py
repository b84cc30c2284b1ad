"""Private dialogues stay: online tracking is refused, auto never becomes it, folders are closed.

.venv/bin/python -m pytest tests/test_privacy.py
"""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from invented_study import write

import launch
from empathy.errors import UserError
from empathy.finals import _samples
from empathy.privacy import close, holds_private, private_among
from empathy.settings import DataSettings
from sweeps.comparison.contrasts import findings
from sweeps.comparison.folders import read_all
from sweeps.comparison.report import write_comparison
from sweeps.planning import card_text, data_step
from sweeps.report.cautions import data_warnings
from sweeps.sweepfile import spec
from sweeps.sweepfile.privacy import closed, private_corpora, tracking_mode

PRIVATE = "data.corpora=[sample, ufjf]"


def test_online_tracking_of_private_dialogues_is_refused() -> None:
    with pytest.raises(UserError, match=r"tracking\.mode is 'online', but corpus 'ufjf' is priv"):
        spec.load("demo", [PRIVATE, "tracking.mode=online"])


@pytest.mark.parametrize(
    ("corpora", "asked", "becomes"),
    [
        (PRIVATE, "auto", "offline"),
        (PRIVATE, "disabled", "disabled"),
        ("data.corpora=[sample]", "auto", "auto"),
        ("data.corpora=[sample]", "online", "online"),
    ],
)
def test_auto_is_offline_for_private_dialogues(corpora: str, asked: str, becomes: str) -> None:
    sweep = spec.load("demo", [corpora, f"tracking.mode={asked}"])
    assert tracking_mode(sweep) == becomes
    assert private_corpora(sweep) == (["ufjf"] if "ufjf" in corpora else [])


def test_private_words_go_to_no_llm_judge_unless_allowed() -> None:
    judge = "judges.llm={url: 'http://localhost:8000', model: m}"
    with pytest.raises(UserError, match=r"judges\.llm is given, but corpus 'ufjf' is private"):
        spec.load("demo", [PRIVATE, judge])
    allowed = spec.load("demo", [PRIVATE, judge, "judges.llm.allow_private=true"])
    assert allowed.judges.llm is not None
    spec.load("demo", ["data.corpora=[sample]", judge])


MARKED = ("data.corpora=[sample]", "data.private=true")


def test_any_corpus_can_be_marked_as_private() -> None:
    sweep = spec.load("demo", MARKED)
    assert private_corpora(sweep) == ["sample"]
    assert tracking_mode(sweep) == "offline"
    with pytest.raises(UserError, match=r"is 'online', but corpus 'sample' is private"):
        spec.load("demo", [*MARKED, "tracking.mode=online"])
    with pytest.raises(UserError, match=r"judges\.llm is given, but corpus 'sample' is private"):
        spec.load("demo", [*MARKED, "judges.llm={url: 'http://localhost:8000', model: m}"])


def test_a_corpus_that_nobody_knows_counts_as_private() -> None:
    assert private_among(["sample", "gone"]) == ["gone"]
    assert holds_private({"corpora": ["ufjf"]})
    assert holds_private({"corpora": ["sample"], "private": True})
    assert not holds_private({"corpora": ["sample"], "private": False})


def test_a_private_sweep_closes_its_folders_and_what_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, cache = tmp_path / "out", tmp_path / "cache"
    for folder in (out, cache):
        folder.mkdir(mode=0o755)
    monkeypatch.setenv("EMPATHY_CACHE", str(cache))
    with closed(spec.load("demo", ["data.corpora=[sample]"]), out):
        assert mode(out) == mode(cache) == 0o755  # a public one is left as it is
    before = os.umask(0o022)
    try:
        with closed(spec.load("demo", [PRIVATE]), out):
            (out / "file").touch()
        (out / "after").touch()
    finally:
        os.umask(before)
    assert mode(out) == mode(cache) == 0o700
    assert (mode(out / "file"), mode(out / "after")) == (0o600, 0o644)


def test_the_data_card_of_private_words_is_its_owner_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_step, "card_of", lambda sweep: {})
    for module in (data_step, card_text):
        monkeypatch.setattr(module, "as_text", lambda card: "counts")
    before = os.umask(0o022)
    try:
        for name, given in (("public", []), ("private", ["--set", "data.private=true"])):
            words = ["--sweep", "demo", *given, "--data", "--out", str(tmp_path / name)]
            assert launch.main(words) == 0
    finally:
        os.umask(before)
    modes = {path.name: mode(path) for path in tmp_path.iterdir()}
    assert modes == {
        "public.data_card.json": 0o644, "public.data_card.txt": 0o644,
        "private.data_card.json": 0o600, "private.data_card.txt": 0o600,
    }  # fmt: skip


def test_a_comparison_with_private_words_is_its_owner_s(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        for name, given in (("public", []), ("private", ["data.private=true"])):
            folder = write(tmp_path / name, "dpo_gemma", (1.0, 1.2, 2.0), *given)
            write_comparison(findings(read_all([folder])), tmp_path / f"{name} compared")
    finally:
        os.umask(before)
    assert mode(tmp_path / "public compared" / "comparison.html") == 0o644
    assert mode(tmp_path / "private compared") == 0o700
    assert {mode(path) for path in (tmp_path / "private compared").iterdir()} == {0o600}


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_folder_that_stays_open_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", lambda *_: None)  # as on a drive that knows no owners
    with pytest.raises(UserError, match="stays open to others, as some drives do"):
        close(tmp_path)

    def denied(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", denied)
    with pytest.raises(UserError, match=r"cannot be closed to others \(Operation not permitted\)"):
        close(tmp_path)


def test_private_words_are_learnt_by_a_model_whose_replies_are_shown_to_nobody() -> None:
    study: Any = SimpleNamespace(settings=SimpleNamespace(data=DataSettings(corpora=("ufjf",))))
    assert _samples(study, {"sft": {"shown": ["what a patient said"]}}) == []


def test_the_report_of_private_words_says_what_its_files_are_worth() -> None:
    manifest = {"settings": {"data": {"corpora": ["ufjf"]}}, "data_cautions": ["c"]}
    (first, second) = data_warnings(manifest)
    assert "as sensitive as the words" in first
    assert second == "c"
    assert data_warnings({"settings": {"data": {"corpora": ["sample"]}}}) == []
