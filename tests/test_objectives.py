"""What an objective and a loss refuse, and a whole supervised sweep on a tiny random model.

python -m pytest tests/test_objectives.py
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_sweep import arguments

import launch
from empathy.errors import UserError
from empathy.metrics import METRICS
from sweeps.planning.plan import plan
from sweeps.planning.plan_text import as_text
from sweeps.record.ledger import read_record
from sweeps.report.findings import answer, outcome
from sweeps.sweepfile import spec

SFT = """
description: supervised
metric: {name: empathy, goal: maximize}
parameters: {learning_rate: {values: [3e-3, 1e-2]}}
method: grid
family: tiny
objective: sft
"""


@pytest.fixture
def supervised(tmp_path: Path) -> str:
    path = tmp_path / "supervised.yaml"
    path.write_text(SFT, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("parameters.beta={value: 0.1}", r"parameters.beta is given, but objective is 'sft'"),
        ("training.beta=0.1", r"training.beta is given, but objective is 'sft'"),
        ("training.loss=ipo", r"training.loss is given, .* leave it out, or set objective to dpo"),
        ("training.label_smoothing=0.1", r"training.label_smoothing is given"),
        ("metric={name: rewards/accuracies, goal: maximize}", r"'rewards/accuracies', which obj"),
        ("objective=orpo", r"objective is 'orpo'; it must be 'dpo' or 'sft'"),
    ],
)
def test_supervised_training_has_no_preference_settings(
    supervised: str, override: str, sentence: str
) -> None:
    assert spec.load(supervised).objective == "sft"
    with pytest.raises(UserError, match=sentence):
        spec.load(supervised, [override])


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["training.loss=ppo"], r"training.loss is 'ppo'; it must be 'sigmoid', 'sigmoid_norm'"),
        (["training.label_smoothing=0.1"], r"is up to 0.1, but training.loss is 'sigmoid'; only"),
        (["training.loss=ipo", "training.label_smoothing=0.1"], r"training.loss is 'ipo'; only"),
        (
            ["training.loss=hinge", "parameters.label_smoothing={values: [0.1, 0.2]}"],
            r"parameters.label_smoothing is up to 0.2, but training.loss is 'hinge'",
        ),
        (["training.loss=robust"], r"training.label_smoothing is 0, but training.loss is 'robust'"),
        (
            ["training.loss=robust", "parameters.label_smoothing={values: [0, 0.1]}"],
            r"parameters.label_smoothing is 0, but training.loss is 'robust'",
        ),
        (
            ["training.loss=robust", "training.label_smoothing=0.5"],
            r"training.label_smoothing is 0.5; it must be less than 0.5",
        ),
        (
            ["training.loss=robust", "parameters.label_smoothing={min: 0.1, max: 0.5}"],
            r"parameters.label_smoothing.max holds 0.5; label_smoothing must be less than 0.5",
        ),
        (
            [
                *("training.loss=robust", "parameters.label_smoothing={min: 0.1, max: 0.4}"),
                *("parameters.beta={value: 0.1}", "metric={name: loss, goal: minimize}"),
            ],
            r"metric.name is 'loss', whose scale changes with label_smoothing",
        ),
    ],
)
def test_losses_and_label_smoothing_that_do_not_fit_are_refused(
    overrides: list[str], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        spec.load("demo", overrides)


BETA, FIXED = "parameters.beta={min: 0.01, max: 0.5}", "parameters.beta={value: 0.1}"


@pytest.mark.parametrize(
    "overrides",
    [
        ["metric={name: loss, goal: minimize}", BETA],
        ["metric={name: words, goal: minimize}", BETA],
        ["metric={name: words, goal: minimize}", FIXED],
        ["metric={name: empathy_referee, goal: maximize}", BETA],
        [
            *("metric={name: words, goal: minimize}", FIXED, "training.loss=robust"),
            "parameters.label_smoothing={min: 0.1, max: 0.4}",
        ],
        [
            *("metric={name: rewards/margins, goal: maximize}", "objective=sft"),
            "parameters={learning_rate: {min: 1e-4, max: 1e-3}}",
        ],
    ],
)
def test_every_metric_that_a_refusal_recommends_is_accepted(overrides: list[str]) -> None:
    with pytest.raises(UserError) as refusal:
        spec.load("demo", overrides)
    told = str(refusal.value).replace("take one of", "known:").rpartition("known: ")[2].split(", ")
    assert {"empathy", "pair_accuracy"} <= set(told)
    for name in told:
        metric = f"metric={{name: {name}, goal: {METRICS[name].goal}}}"
        assert spec.load("demo", [*overrides, metric]).metric.name == name


def test_label_smoothing_can_be_searched_for_the_loss_that_has_it() -> None:
    smoothing = "parameters.label_smoothing={distribution: uniform, min: 0.05, max: 0.3}"
    sweep = spec.load("demo", ["training.loss=robust", smoothing])
    assert "label_smoothing" in sweep.searched
    assert spec.trial_settings(sweep, {"label_smoothing": 0.2}).label_smoothing == 0.2
    assert plan(sweep).objective == "dpo on preference pairs, loss robust"


def test_a_supervised_plan_samples_no_train_pair() -> None:
    pairs = ["data={corpora: [sample], candidates: 4, max_prompts: 30, held_out_pairs: 8}"]
    dpo = spec.load("demo", pairs)
    parameters = "parameters={learning_rate: {min: 1e-4, max: 1e-3}}"
    sft = spec.load("demo", [*pairs, "objective=sft", parameters])
    assert plan(dpo).replies_at_most - plan(sft).replies_at_most == 30 * 4
    assert "objective   sft on the human replies, without preference pairs" in as_text(plan(sft))


def test_a_supervised_sweep_runs_to_its_report(tmp_path: Path) -> None:
    out = tmp_path / "out"
    overrides = (
        *("objective=sft", "parameters={learning_rate: {min: 1e-3, max: 1e-2}}", "run_cap=2"),
        *("early_terminate=null", "tracking.mode=disabled", "finalists.seeds=1"),
    )
    command = [*arguments(*overrides), "--address", "inprocess", "--out", str(out)]
    assert launch.main(command) == 0
    record = read_record(out)
    assert [trial.state for trial in record.trials] == ["completed"] * 4
    last = record.history[-1]
    assert set(last["curves"]) == {"loss", "grad_norm", "logps/chosen"}
    # the same held-out pairs judge both objectives; no train pair was made
    assert {"pair_accuracy", "log_ratio", "win_rate_sft"} <= set(last["metrics"])
    assert record.manifest["pairs"].keys() == {"validation", "test"}
    assert record.manifest["imitated_truncated"]["of"] == 16
    assert {each["level"] for each in record.manifest["preflight"]} == {"ok", "warning"}
    assert {"revision", "quantization"} <= set(record.manifest["weights"])
    told = " ".join(answer(outcome(record)))
    assert "DPO" not in told
    assert "against" in told
    assert "the row SFT is the warm start that they began with" in told
    assert "DPO" not in (out / "report.md").read_text("utf-8").split("## How each number")[0]
    assert (out / "winner" / "adapter_model.safetensors").exists()
