"""Damage done to a results folder: one sentence names the file.

python -m pytest tests/test_comparison_intact.py
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from invented_study import BEST, write

import launch
from empathy.errors import UserError
from sweeps.comparison import intact
from sweeps.comparison.folders import read

Damage = Callable[[str], str]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("study") / "a", "dpo_gemma", (1.0, 1.2, 2.0))


def becomes(text: str) -> Damage:
    return lambda _: text


def without(*names: str) -> Damage:
    """The object without these entries."""
    return lambda text: json.dumps(
        {name: each for name, each in json.loads(text).items() if name not in names}
    )


def guarded(guards: object) -> Damage:
    """The manifest with other guards in its settings."""

    def damage(text: str) -> str:
        found = json.loads(text)
        return json.dumps({**found, "settings": {**found["settings"], "guards": guards}})

    return damage


def to_line(start: str, characters: int = 0) -> Damage:
    """The text up to the line that starts so, and so many characters of it."""
    return lambda text: text[: text.index(f"\n{start},") + 1 + characters]


def first_score_missing(text: str) -> str:
    found = json.loads(text)
    del found["scores"]["empathy"][0]
    return json.dumps(found)


@pytest.mark.parametrize(
    ("file", "damage", "why"),
    [
        ("manifest.json", becomes("{"), "Expecting property name"),
        ("manifest.json", becomes("[]"), "Input should be a dictionary):"),
        ("manifest.json", becomes("{}"), "sweep: "),
        ("manifest.json", without("settings"), "settings: "),
        ("manifest.json", guarded({"enforce": "perhaps"}), "settings.guards.enforce is no guard"),
        ("manifest.json", guarded({"limits": {"words": {"most": 1}}}), "settings.guards.limits.wo"),
        ("manifest.json", guarded(3), "settings.guards is no guard"),
        ("summary.json", becomes(""), "Expecting value"),
        ("summary.json", becomes("[]"), "Input should be a dictionary"),
        ("summary.json", becomes("{}"), "trials: "),
        ("summary.json", without("best"), "best: "),
        ("samples.json", becomes("3"), "Input should be a valid list"),
        ("samples.json", becomes("[{}]"), "0: prompt: "),
        ("trials.csv", becomes(""), "it has no line for base"),
        ("trials.csv", to_line(BEST), f"it has no line for {BEST}"),
        ("trials.csv", to_line(BEST, 12), "a line is cut short"),
        ("trials.csv", to_line(BEST, 30), "a line is cut short"),
        ("trials.csv", lambda text: text.rstrip(), "its last line is cut short"),
        ("trials.csv", lambda text: text.replace("stopped", "stop"), "no trial is 'stop'"),
        (f"trials/{BEST}/test.json", becomes("[]"), "list indices"),
        (f"trials/{BEST}/test.json", becomes('{"metrics": []}'), "'list' object"),
        (f"trials/{BEST}/test.json", first_score_missing, "not as many scores as prompts"),
    ],
)
def test_a_damaged_file_is_named_in_one_sentence(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    file: str, damage: Damage, why: str,
) -> None:  # fmt: skip
    folder = tmp_path / "a"
    shutil.copytree(whole, folder)
    path = folder / file
    path.write_text(damage(path.read_text()))
    assert launch.main(["--compare", str(folder), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"launch.py: {path} is damaged ({why}")
    assert told.endswith("): copy the results folder again\n")
    assert told.count("\n") == 1


def test_bytes_that_are_no_text_are_damage_too(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    shutil.copytree(whole, folder)
    (folder / "samples.json").write_bytes(b"[\xff]")
    with pytest.raises(UserError, match=r"samples\.json is damaged \('utf-8' codec"):
        intact.check(folder)


def test_whole_files_pass_and_missing_ones_are_not_judged(whole: Path, tmp_path: Path) -> None:
    assert read(whole).best_trial == BEST
    intact.check(tmp_path)
