"""A real HTTP server on loopback that stalls, errs, talks nonsense, limits rates and hangs up.

python -m pytest tests/test_chat.py
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from chat_server import Act, ChatServer, serving

from empathy.errors import UserError
from empathy.settings import LlmSettings
from empathy.verdicts.asking import question
from empathy.verdicts.budget import Budget, most_tokens
from empathy.verdicts.chat import LONGEST_WAIT, Chat, Reply, completion, wait

ASKED = question("I lost my job.", "Oh no.", "So what?")
MOST = most_tokens(ASKED, 16)


class Patience:
    """A clock that only notes how long one would have slept."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


def ask(
    server: ChatServer, budget: Budget | None = None, seconds: float = 10.0
) -> tuple[Reply, Chat, Patience]:
    patience = Patience()
    told = LlmSettings(url=server.url, model="judge", attempts=3, timeout_seconds=seconds)
    with Chat(told, budget or Budget(None), patience) as chat:
        return chat.ask(ASKED), chat, patience


def test_a_good_answer_costs_what_the_server_says() -> None:
    with serving(Act("A")) as server:
        reply, chat, patience = ask(server)
    assert reply == Reply("A", 42)
    assert (chat.budget.spent, chat.counts, patience.slept) == (42, {"requests": 1}, [])
    assert server.bodies == [
        {
            "model": "judge", "messages": ASKED, "stream": False, "max_tokens": 16,
            "temperature": 0.0, "path": "/v1/chat/completions",
        }
    ]  # fmt: skip
    assert "Authorization" not in server.headers[0]


def test_fields_that_some_servers_want_otherwise() -> None:
    with serving(Act("A")) as server:
        told = LlmSettings(url=server.url, model="m", temperature=None)
        renamed = told.model_copy(update={"tokens_field": "max_completion_tokens"})
        with Chat(renamed, Budget(None)) as chat:
            chat.ask(ASKED)
    assert server.bodies[0]["max_completion_tokens"] == 16
    assert not {"temperature", "max_tokens"} & set(server.bodies[0])


def test_a_rate_limit_is_waited_for_as_long_as_it_asks() -> None:
    with serving([Act(status=429, headers={"Retry-After": "7"}), Act("B")]) as server:
        reply, chat, patience = ask(server)
    assert reply.text == "B"
    assert patience.slept == [7.0]
    assert chat.counts == {"requests": 2, "retries": 1, "status 429": 1}
    assert chat.budget.spent == 42  # a refused request costs nothing


@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_a_broken_server_is_tried_again_and_then_left(status: int) -> None:
    with serving(Act(status=status)) as server:
        reply, chat, patience = ask(server)
    assert reply == Reply(None)
    assert chat.counts == {"requests": 3, "retries": 2, f"status {status}": 3}
    assert len(patience.slept) == 2
    assert 0.5 <= patience.slept[0] <= 1.5
    assert 1.0 <= patience.slept[1] <= 3.0


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_request_that_the_server_cannot_take_is_not_repeated(status: int) -> None:
    with serving(Act(status=status)) as server:
        reply, chat, _ = ask(server)
    assert reply == Reply(None)
    assert chat.counts == {"requests": 1, f"status {status}": 1}


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "check the key"), (403, "what the key may"), (404, "url and mod")]
)
def test_what_no_request_can_get_past_is_an_error_without_words(status: int, advice: str) -> None:
    quoting = json.dumps({"error": {"message": "bad: I lost my job."}}).encode()
    with (
        serving(Act(status=status, raw=quoting)) as server,
        pytest.raises(UserError, match=f"'judge' with status {status}; .*{advice}") as error,
    ):
        ask(server)
    assert "lost my job" not in str(error.value)


def test_a_stalling_server_times_out_and_what_it_may_bill_is_spent() -> None:
    with serving([Act(seconds=1.0), Act("A")]) as server:
        reply, chat, _ = ask(server, seconds=0.3)
    assert reply.text == "A"
    assert chat.counts == {"requests": 2, "retries": 1, "time-outs": 1}
    assert chat.budget.spent == MOST + 42


def test_a_server_that_sends_a_byte_now_and_then_times_out_too() -> None:
    with serving([Act(drip=True, seconds=2.0), Act("A")]) as server:
        reply, chat, _ = ask(server, seconds=0.4)
    assert (reply.text, chat.counts["time-outs"]) == ("A", 1)


def test_a_closed_connection_is_tried_again() -> None:
    with serving([Act(hang_up=True), Act("A")]) as server:
        reply, chat, _ = ask(server)
    assert reply.text == "A"
    assert chat.counts == {"requests": 2, "retries": 1, "no answer": 1}


def test_nobody_at_the_address_costs_nothing() -> None:
    with serving(Act()) as server:
        pass
    reply, chat, _ = ask(server)
    assert reply == Reply(None)
    assert (chat.counts["no answer"], chat.budget.spent) == (3, 0)


@pytest.mark.parametrize("raw", [b"<html>", b"[]", b'{"choices": []}', b'{"choices": [{}]}'])
def test_a_body_that_is_no_completion_is_an_empty_answer(raw: bytes) -> None:
    with serving(Act(raw=raw)) as server:
        reply, chat, _ = ask(server)
    assert reply.text == ""
    assert chat.counts == {"requests": 1, "unreadable": 1}
    assert chat.budget.spent == MOST  # nobody said what it cost


def test_an_endless_answer_is_cut_off() -> None:
    with serving([Act(raw=b" " * 2_000_000), Act("A")]) as server:
        reply, chat, _ = ask(server)
    assert (reply.text, chat.counts["no answer"]) == ("A", 1)


def test_the_budget_is_never_passed() -> None:
    with serving(Act("A")) as server:
        reply, chat, _ = ask(server, Budget(MOST - 1))
        assert (reply, server.bodies) == (Reply(None, refused=True), [])
        assert chat.budget.spent == 0
        assert ask(server, Budget(MOST))[0].text == "A"


def test_key_and_words_are_in_no_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_KEY", "sk-very-secret")
    with caplog.at_level(logging.DEBUG), serving([Act(status=500), Act("A")]) as server:
        told = LlmSettings(url=server.url, model="m", key_variable="JUDGE_KEY")
        with Chat(told, Budget(None), Patience()) as chat:
            assert chat.ask(ASKED).text == "A"
    assert server.headers[0]["Authorization"] == "Bearer sk-very-secret"
    assert "sk-very-secret" not in caplog.text
    assert "lost my job" not in caplog.text


def test_how_long_to_wait() -> None:
    assert wait({"retry-after": "3"}, 0) == 3.0
    assert wait({"retry-after": "100000"}, 0) == LONGEST_WAIT
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    assert 17.0 <= wait({"retry-after": soon}, 0) <= 20.0
    past = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    assert wait({"retry-after": past}, 0) == 0.0
    for headers in ({}, {"retry-after": "soon"}):
        assert 4.0 <= wait(headers, 3) <= 12.0  # 2^3 times 0.5 to 1.5
    assert wait({}, 50) == LONGEST_WAIT


def test_usage_that_is_no_number_is_unknown() -> None:
    body = {"choices": [{"message": {"content": None}}], "usage": {"total_tokens": True}}
    assert completion(json.dumps(body).encode()) == (None, None)
