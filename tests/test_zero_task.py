"""What ZeRO trials are handed, and how their checkpoints are measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from fake_study import FakeStudy, stand_in
from tiny_models import examples

from empathy import zero_task
from empathy.errors import UserError
from empathy.lanes.adapters import adapt, plain_parameters
from empathy.lanes.engine import Task
from empathy.lanes.rows import Example
from empathy.settings import StudySettings, TrainingSettings, TrialSettings
from empathy.weights import Base
from sweeps.zero.zero_host import ZeroHost


def test_what_is_handed_over_is_read_again(tiny_base: Base, tmp_path: Path) -> None:
    """The model as it is by then, adapted and with other weights than the checkpoint's."""
    adapt(tiny_base.model, tiny_base.family.lora_targets, 4)
    parameters = plain_parameters(tiny_base.model)
    next(iter(parameters.values())).data += 1
    pairs = [Example(each.prompt, each.replies) for each in examples(5)]
    reference = torch.arange(10.0).view(5, 2)
    zero_task.hand_over(tiny_base, Task(pairs, reference, "ipo", 7, 4, 2, True), tmp_path / "zero")
    found = zero_task.read(tmp_path / "zero")
    assert (found.task.examples, found.task.loss) == (pairs, "ipo")
    assert (found.task.max_steps, found.task.batch_size) == (7, 4)
    assert found.task.gradient_accumulation == 2
    assert found.task.balanced
    assert torch.equal(found.task.reference, reference)
    assert found.targets == list(tiny_base.family.lora_targets)
    again = dict(found.load().named_parameters())
    assert again.keys() == parameters.keys()
    for name, parameter in parameters.items():
        assert torch.equal(again[name], parameter)
    assert found.tokenizer().pad_token_id == tiny_base.tokenizer.pad_token_id


@pytest.mark.parametrize(
    ("model", "replies", "told"),
    [("bert", 2, "cannot train a bert model"), ("llama", 1, "learns from pairs alone")],
)
def test_what_zero_cannot_learn_is_refused(model: str, replies: int, told: str) -> None:
    with pytest.raises(UserError, match=told):
        zero_task.refuse(model, replies)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ZeroHost:
    monkeypatch.setitem(sys.modules, "empathy.study", stand_in(FakeStudy))
    settings = StudySettings(family="tiny", lanes=1, training=TrainingSettings(max_steps=8))
    made = ZeroHost(settings.model_dump(mode="json"), [4, 8], str(tmp_path))
    assert made.prepared(10) is not None
    return made


@pytest.mark.parametrize(("step", "done"), [(4, False), (8, True)])
def test_a_checkpoint_is_measured_like_a_lane(host: ZeroHost, step: int, done: bool) -> None:
    path = Path(host.checkpoint("t000"))
    path.parent.mkdir(parents=True)
    held: dict[str, Any] = {"step": step, "settings": TrialSettings().model_dump()}
    path.write_text(json.dumps(held))
    row = host.measured("t000", 2.5, {"loss": 0.5})
    assert (row["trial_id"], row["step"], row["done"]) == ("t000", step, done)
    assert (row["seconds"], row["curves"]) == (2.5, {"loss": 0.5})
    assert row["metrics"]["empathy"] == row["evaluation"]["metrics"]["empathy"]
    assert "failed" not in row
    assert host.measured("t000", 3.0, {})["step"] == step  # its lane was given back
    host.close()
