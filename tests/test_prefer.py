"""`python -m empathy prefer`: accuracies by hand, models, what is refused.

python -m pytest tests/test_prefer.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from plain_judges import plain_judges, write

from empathy.__main__ import main
from empathy.judges import Judges
from empathy.weights import Base

Row = dict[str, object]
# Marks: 2 against 1, 1 against 1. Letters: the first chosen reply and the second rejected one are
# about their prompts. Words: 1 against 2, 3 against 2.
ROWS: list[Row] = [
    {"prompt": "a", "chosen": "a!!", "rejected": "b b."},
    {"prompt": "a", "chosen": "b b b.", "rejected": "a a."},
]


@pytest.fixture(autouse=True)
def judged_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Judges, "shipped", plain_judges)


def preferred(path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    assert main(["prefer", str(path), "--json", *more]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def accuracies(found: dict[str, Any]) -> dict[str, float | None]:
    return {
        each["judge"]: each["accuracy"] and each["accuracy"]["value"]
        for each in found["agreements"]
    }


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_accuracies_and_ties_by_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    found = preferred(write(tmp_path / f"f.{kind}", ROWS), capsys)
    assert accuracies(found) == {
        "evaluating scorer": 0.75,
        "ranking scorer": 0.75,
        "n-gram referee": 0.75,
        "similar to prompt": 0.5,
        "longer wins": 0.5,
        "shorter wins": 0.5,
        "style only": None,  # one prompt is one group, and nothing is left to learn from
    }
    assert [each["ties"] for each in found["agreements"]] == [1, 1, 1, 0, 0, 0, 0]
    assert found["agreements"][-1]["counts"] == {"without pairs of other groups": 2}
    assert (found["rows"], found["groups"], found["model"]) == (2, 1, None)


def test_pairs_of_one_reply_are_ties_for_everybody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[Row] = [
        {"prompt": f"a {i}", "chosen": f"b {i}", "rejected": f"b {i}"} for i in range(12)
    ]
    found = preferred(write(tmp_path / "f.csv", rows), capsys, "--model", "tiny-llama")
    assert set(accuracies(found).values()) == {0.5}
    for each in found["agreements"]:
        assert (each["ties"], each["accuracy"]["n"]) == (12, 12)
        assert (each["accuracy"]["low"], each["accuracy"]["high"]) == (0.5, 0.5)


def test_what_is_not_judged_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row | {"language": language} for row, language in zip(ROWS, ("en", "pt"), strict=True)]
    rows += [{"prompt": "a", "chosen": " ", "rejected": "b", "language": "en"}]
    found = preferred(write(tmp_path / "f.csv", rows), capsys)
    assert found["left_out"] == {"blank chosen": 1}
    first = found["agreements"][0]
    assert (first["accuracy"]["n"], first["accuracy"]["unscored"]) == (1, 1)
    assert first["counts"] == {"in a language it does not read": 1}
    assert accuracies(found)["longer wins"] == 0.5  # length is in every language


def test_a_rule_that_solves_the_pairs_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[Row] = [
        {"prompt": f"a {i}", "chosen": f"a b {i}", "rejected": f"{i}"} for i in range(40)
    ]
    found = preferred(write(tmp_path / "f.csv", rows), capsys)
    assert found["notes"][0] == "'longer wins' alone tells these pairs apart, without any prompt"


def test_the_table_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "f.csv", [row | {"group": i} for i, row in enumerate(ROWS)])
    assert main(["prefer", str(path), "--model", "tiny-llama"]) == 0
    out, err = capsys.readouterr()
    lines = {" ".join(line.split()) for line in out.splitlines()}
    assert out.startswith("2 rows of 2 groups (column group)\nlanguage model: tiny-llama, random")
    assert "evaluating scorer scorer 0.75 (0.50, 1.00) 2 1" in lines
    assert "style only rule without prompt - - 0 0 2 without pairs of other groups" in lines
    assert sum("language model" in line for line in out.splitlines()) == 1 + 2
    assert "judging 2 pairs" in err


def test_a_model_with_an_adapter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tiny_base: Base
) -> None:
    torch.manual_seed(0)
    config = LoraConfig(
        r=2, task_type="CAUSAL_LM", target_modules=["q_proj"], init_lora_weights=False
    )
    get_peft_model(tiny_base.model, config).save_pretrained(str(tmp_path / "a"))
    path = write(tmp_path / "f.csv", ROWS)
    found = preferred(path, capsys, "--model", "tiny-llama", "--adapter", str(tmp_path / "a"))
    models = [each for each in found["agreements"] if each["kind"] == "language model"]
    assert [each["judge"] for each in models] == [
        "log-prob, sum",
        "log-prob, per token",
        "adapter: log-prob, sum",
        "adapter: log-prob, per token",
        "adapter: implicit reward",
    ]
    assert all(each["accuracy"]["n"] == 2 for each in models)
    assert (found["model"]["name"], found["model"]["family"]) == ("tiny-llama", "tiny")
    assert found["model"]["adapter"] == str(tmp_path / "a")


def test_what_the_model_does_not_see_is_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[Row] = [{"prompt": "word " * 600, "chosen": "a", "rejected": "b"}]
    found = preferred(write(tmp_path / "f.csv", rows), capsys, "--model", "tiny-llama")
    assert "1 pairs lost the beginning of their prompt, 0 replies their end" in found["notes"][0]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--adapter", "a"], "give --model BASE too"),
        (["--family", "tiny"], "give --model BASE too"),
        (["--model", "moon"], "unknown model 'moon'; give "),
        (["--model", "auto"], "auto needs --family"),
        (["--model", "tiny-llama", "--family", "moon"], "unknown family 'moon'; known: gemma"),
        (["--model", "tiny-bert", "--family", "tiny"], "unknown model 'tiny-bert'; family tiny"),
        (["--model", "package:moon"], "package moon is not installed"),
        (["--model", "tiny-llama", "--adapter", "gone"], "gone has no adapter_config.json"),
    ],
)
def test_mistakes_are_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    path = write(tmp_path / "f.csv", ROWS)
    assert main(["prefer", str(path), *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.count("\n") == 1


def test_a_broken_file_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "f.csv", [{"prompt": "a", "reply": "b"}])
    assert main(["prefer", str(path)]) == 2
    says = "f.csv has no column chosen, rejected; give CSV with a header, or JSONL, with prompt"
    assert says in capsys.readouterr().err
