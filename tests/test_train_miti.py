"""python -m pytest tests/test_train_miti.py"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from invented_mi import write_gold, write_mi
from safetensors.torch import load_file

from empathy.__main__ import main
from empathy.errors import UserError
from empathy.scorers import miti_training
from empathy.scorers.miti_examples import Example
from empathy.scorers.miti_training import Recipe
from empathy.scorers.train_miti import gold_file, trained


def test_the_experts_file_is_optional(tmp_path: Path) -> None:
    data = write_mi(tmp_path)
    assert gold_file(data, None) is None
    usual = write_gold(data)
    assert gold_file(data, None) == usual
    assert gold_file(tmp_path / "other", usual) == usual
    with pytest.raises(UserError, match=r"--gold .*none is no file; name 'MI Dataset\.csv'"):
        gold_file(data, tmp_path / "none")


def test_a_finished_run_is_read_and_another_recipe_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def fake(
        examples: object, recipe: Recipe, seed: int, report: miti_training.Report
    ) -> dict[str, torch.Tensor]:
        calls.append(recipe.epochs)
        report(1, 1)
        return {"head.bias": torch.zeros(15)}

    monkeypatch.setattr(miti_training, "train", fake)
    some = [Example("Go.", "Direct", "g", "weak")]
    first = trained(some, Recipe(), tmp_path)
    assert trained(some, Recipe(), tmp_path) == first
    assert trained(some, Recipe(epochs=9), tmp_path) != first
    assert trained([some[0]._replace(label="Warn")], Recipe(), tmp_path) != first
    assert calls == [3, 9, 3]
    assert load_file(first).keys() == {"head.bias"}


def test_mistakes_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train-miti", "--data", str(tmp_path), "--epochs", "0"]) == 2
    assert capsys.readouterr().err == "error: --epochs is 0; it must be at least 1\n"
    assert main(["train-miti", "--data", str(tmp_path)]) == 2
    assert "advise_train.txt is missing; fetch the authors' file" in capsys.readouterr().err
