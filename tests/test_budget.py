"""python -m pytest tests/test_budget.py"""

from __future__ import annotations

import threading

import pytest

from empathy.settings import LlmSettings, Prices
from empathy.verdicts.asking import question
from empathy.verdicts.budget import FRAME, Budget, forecast, most_tokens

JUDGE = LlmSettings(url="http://localhost:8000", model="m")


def test_a_forecast_counts_requests_and_multiplies_prices() -> None:
    frame = len(question("", "", "")[0]["content"])
    priced = JUDGE.model_copy(update={"prices": Prices(sent=0.5, received=2.0)})
    found = forecast(priced, 100, 400.0)
    # Two orders: 200 requests of (frame + 400) / 4 + FRAME tokens, and 16 back for each.
    tokens = round(200 * ((frame + 400) / 4 + FRAME))
    assert (found.requests, found.tokens_in, found.tokens_out) == (200, tokens, 3200)
    assert found.cost == pytest.approx((tokens * 0.5 + 3200 * 2.0) / 1e6)
    assert found.line().startswith(f"200 requests, about {tokens:,} tokens sent and at most 3,200 ")
    short = JUDGE.model_copy(update={"both_orders": False, "max_answer_tokens": 4})
    once = forecast(short, 100, 400.0)
    assert (once.requests, once.tokens_out) == (100, 400)


def test_without_prices_there_is_no_cost() -> None:
    found = forecast(JUDGE, 3, 10)
    assert found.cost is None
    assert "no prices given" in found.line()


def test_the_worst_case_is_a_token_a_byte() -> None:
    # "olá" has 4 bytes.
    assert most_tokens([{"role": "user", "content": "olá"}], 10) == 4 + FRAME + 10


def test_nothing_is_reserved_beyond_the_limit() -> None:
    budget = Budget(100)
    assert budget.reserve(60)
    assert not budget.reserve(41)
    budget.settle(60, 10)
    assert budget.reserve(90)
    assert not budget.reserve(1)
    assert budget.spent == 100


def test_without_a_limit_all_is_counted() -> None:
    budget = Budget(None)
    assert budget.reserve(10**9)
    assert budget.spent == 10**9


def test_threads_cannot_pass_the_limit_together() -> None:
    budget = Budget(500)
    granted: list[bool] = []
    threads = [
        threading.Thread(target=lambda: granted.extend(budget.reserve(1) for _ in range(200)))
        for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (sum(granted), budget.spent) == (500, 500)
