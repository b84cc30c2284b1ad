"""A tiny sweep on AnnoMI's real dialogues, where those are: none of their words may stay behind.

EMPATHY_DATA=... python -m pytest tests/test_real_data.py
"""

from __future__ import annotations

import json
import os
import re
import warnings
from pathlib import Path

import pytest
from tiny_sweep import arguments

import launch
from empathy.corpora import annomi, sample
from empathy.records import Dialogue
from empathy.splits import by_split

pytestmark = pytest.mark.timeout(240)
WORDS = 7  # in a row that no invented text shares with a real one by chance


@pytest.fixture(scope="module")
def folder() -> Path:
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("EMPATHY_DATA") or beside)
    if not (folder / "annomi" / annomi.SIMPLE).is_file():
        pytest.skip("the real AnnoMI files are not here; EMPATHY_DATA says where")
    return folder.resolve()


@pytest.fixture(scope="module")
def out(folder: Path, session_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of two short trials."""
    out = tmp_path_factory.mktemp("annomi")
    changes = ("data.corpora=[annomi]", "run_cap=2", "early_terminate=null")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setenv("EMPATHY_CACHE", str(session_cache))
        patch.setenv("EMPATHY_DATA", str(folder))
        warnings.simplefilter("ignore")  # of W&B about itself
        command = [*arguments(*changes), "--address", "inprocess", "--out", str(out)]
        assert launch.main(command) == 0
    return out


def test_the_manifest_counts_annomi_s_dialogues_and_prompts(out: Path, folder: Path) -> None:
    data = json.loads((out / "manifest.json").read_text("utf-8"))["data"]
    assert (data["corpora"], data["dialogues"]) == (["annomi"], 133)
    for split, part in by_split(annomi.load(folder)).items():
        assert data[split]["dialogues"] == len(part)
    assert (data["train"]["prompts"], data["validation"]["prompts"]) == (16, 12)
    assert data["train"]["available"] > 1000
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert (summary["trials"], summary["best"]["metrics"]["empathy"]["n"]) == (2, 12)


def runs(text: str) -> set[str]:
    """Every row of so many words in a text, whatever stands between the words."""
    words = re.findall(r"[a-z']+", text.lower())
    return {" ".join(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)}


def spoken(dialogues: list[Dialogue]) -> set[str]:
    return {run for each in dialogues for turn in each.turns for run in runs(turn.text)}


def test_no_real_sentence_is_in_any_file_of_the_results(out: Path, folder: Path) -> None:
    real, invented = spoken(annomi.load(folder)), spoken(sample.load(None))
    assert len(real) > 50_000
    files = [path for path in out.rglob("*") if path.is_file()]
    assert {"report.html", "samples.json", "trials.csv"} <= {path.name for path in files}
    told = {path: runs(path.read_bytes().decode("utf-8", "replace")) for path in files}
    assert told[out / "samples.json"] & invented  # what is looked for would be found
    assert {path.name: sorted(found & real) for path, found in told.items() if found & real} == {}
