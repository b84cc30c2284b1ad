"""python -m pytest tests/test_comparison_folders.py"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from invented_study import BEST, write

from empathy.errors import UserError
from sweeps.comparison.folders import read, read_all


def test_a_finished_sweep_comes_with_its_scores_per_prompt(tmp_path: Path) -> None:
    found = read(write(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0)))
    assert (found.name, found.family, found.objective) == ("dpo_gemma", "gemma", "dpo")
    assert found.best is not None
    assert [round(each.metrics["empathy"].value, 6) for each in
            (found.base, found.sft, found.best)] == [1.0, 1.2, 2.0]  # fmt: skip
    assert found.setting("evaluation.temperature") == 0.7
    assert found.setting("evaluation.no_such.thing") is None
    assert not found.summary.get("seeds")


def test_a_sweep_without_winner_is_read(tmp_path: Path) -> None:
    found = read(write(tmp_path / "a", "dpo_gemma", (1.0, 1.2, None)))
    assert (found.best, found.best_trial) == (None, None)


def test_a_path_of_weights_is_not_told(tmp_path: Path) -> None:
    weights = {"name": "/home/anna/st-mary/model", "sha256": "ab12cd34ef"}
    found = read(write(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0), weights=weights))
    assert found.weights == "local weights ab12cd34"


def test_what_is_no_folder_or_no_sweep_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere is no folder: give results folders of finished"):
        read(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"manifest\.json does not exist: give the folder of a s"):
        read(tmp_path)


def test_a_sweep_that_did_not_end_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    (folder / "summary.json").unlink()
    with pytest.raises(UserError, match="a holds sweep 'dpo_gemma', which did not end"):
        read(folder)


def test_the_same_folder_twice_is_refused_also_by_another_path(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    with pytest.raises(UserError, match="twice: name each results folder once"):
        read_all([folder, tmp_path / "." / "a" / ".." / "a"])


def test_a_copy_of_a_folder_is_the_same_run(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    shutil.copytree(folder, tmp_path / "b")
    with pytest.raises(UserError, match=r"a and .*b hold the same run, dpo_gemma-2030"):
        read_all([folder, tmp_path / "b"])


def test_a_missing_or_damaged_file_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    test = folder / "trials" / BEST / "test.json"
    whole = test.read_text()
    test.write_text(whole[:100])
    with pytest.raises(UserError, match=r"test\.json is damaged"):
        read(folder)
    test.write_text(json.dumps({"policy": "x"}))
    with pytest.raises(UserError, match=r"test\.json is damaged \('metrics'\)"):
        read(folder)
    test.unlink()
    with pytest.raises(UserError, match="cannot be compared prompt by prompt: copy the whole"):
        read(folder)
