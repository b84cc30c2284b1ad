"""Reports between a trial's workers and its client: without Ray, in its own event loop.

python -m pytest tests/test_exchange.py
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from sweeps.zero.exchange import Exchange, News, Worker

pytestmark = pytest.mark.timeout(20)
A_MOMENT = 0.02  # seconds


def news(step: int) -> News:
    return {"step": step}


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def test_workers_wait_until_the_next_report_is_wanted() -> None:
    async def test() -> None:
        exchange = Exchange()
        worker = asyncio.create_task(exchange.tell(news(2)))
        assert await exchange.ask(1.0) == news(2)
        await asyncio.sleep(A_MOMENT)
        assert not worker.done()  # its client has the report, and decides
        client = asyncio.create_task(exchange.ask(1.0))
        assert await worker
        again = asyncio.create_task(exchange.tell(news(4)))
        assert await client == news(4)
        await asyncio.sleep(A_MOMENT)
        assert not again.done()
        again.cancel()

    run(test())


def test_no_report_within_the_time_is_none_and_still_wanted() -> None:
    async def test() -> None:
        exchange = Exchange()
        assert await exchange.ask(A_MOMENT) is None
        worker = asyncio.create_task(exchange.tell(news(2)))
        assert await exchange.ask(1.0) == news(2)
        await asyncio.sleep(A_MOMENT)
        assert not worker.done()  # what was wanted before the report is not wanted after it
        worker.cancel()

    run(test())


def test_a_report_that_was_lost_with_its_worker_comes_again() -> None:
    async def test() -> None:
        exchange = Exchange()
        dead = asyncio.create_task(exchange.tell(news(2)))
        await asyncio.sleep(A_MOMENT)
        heir = asyncio.create_task(exchange.tell(news(2)))
        assert [await exchange.ask(1.0), await exchange.ask(1.0)] == [news(2), news(2)]
        await asyncio.sleep(A_MOMENT)
        assert not heir.done()
        client = asyncio.create_task(exchange.ask(1.0))
        assert await heir
        client.cancel()
        dead.cancel()

    run(test())


def test_a_stopped_trial_s_workers_hear_that_nothing_is_wanted() -> None:
    async def test() -> None:
        exchange = Exchange()
        worker = asyncio.create_task(exchange.tell(news(2)))
        assert await exchange.ask(1.0) == news(2)
        assert not await exchange.over()
        await exchange.close()
        assert await worker is False
        assert await exchange.over()

    run(test())


def test_workers_are_waited_for_since_they_came_or_finished_a_step_or_a_report_was_wanted() -> None:
    async def test() -> None:
        exchange = Exchange()
        assert await exchange.wait() is None
        first, second = (Worker(rank, None, "here") for rank in range(2))

        async def waited(*actions: Coroutine[Any, Any, object]) -> None:
            """That each action begins the time anew."""
            for action in actions:
                before = await exchange.wait()
                assert before is not None
                assert before.seconds >= A_MOMENT
                await action
                after = await exchange.wait()
                assert after is not None
                assert after.seconds < before.seconds
                await asyncio.sleep(A_MOMENT)

        await exchange.enter(first)
        await asyncio.sleep(A_MOMENT)
        await waited(exchange.enter(second), exchange.stepped(3), exchange.ask(0.0))
        found = await exchange.wait()
        assert found is not None
        assert (found.step, found.workers) == (3, (first, second))
        await exchange.ask(A_MOMENT)  # wanted as before
        again = await exchange.wait()
        assert again is not None
        assert again.seconds > found.seconds
        await waited(exchange.close())
        await exchange.forget()
        assert await exchange.wait() is None

    run(test())


def test_a_worker_takes_the_place_of_one_that_was_lost() -> None:
    async def test() -> None:
        exchange = Exchange()
        for where in ("there", "here"):
            await exchange.enter(Worker(1, None, where))
        found = await exchange.wait()
        assert found is not None
        assert [worker.where for worker in found.workers] == ["here"]

    run(test())
