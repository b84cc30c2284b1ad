"""Who sits where, and what happens when hosts come and go: without Ray, in its own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import pytest
import ray
from ray.exceptions import RayActorError

from empathy.errors import UserError
from sweeps.pool import desk as desks
from sweeps.pool.desk import FAILURES, Desk, NoHostError
from sweeps.record.changes import other_facts

pytestmark = pytest.mark.timeout(30)
FACTS: dict[str, Any] = {"facts": {"weights": {"dtype": "bfloat16"}}}
OTHERS: dict[str, Any] = {"facts": {"weights": {"dtype": "float32"}}}


class Actor:
    """A host as the desk calls it. It is prepared when told so, and dies when told so."""

    def __init__(self) -> None:
        self.is_ready, self.is_dead, self.is_going = (asyncio.Event() for _ in range(3))
        self.error: Exception | None = None
        self.facts = FACTS
        self.released: list[str] = []
        self.stands_on = "node"

    def __getattr__(self, name: str) -> Any:
        return SimpleNamespace(remote=getattr(self, f"_{name}"))

    async def _prepared(self, timeout: float) -> dict[str, Any]:
        await self._first_of(self.is_ready)
        if self.error is not None:
            raise self.error
        return self.facts

    async def _draining(self, timeout: float) -> bool:
        await self._first_of(self.is_going, timeout)
        return self.is_going.is_set()

    async def _node(self) -> str:
        return self.stands_on

    def _drain(self) -> None:
        self.is_going.set()

    async def _stages(self, start: int) -> list[Any]:
        await self._first_of(asyncio.Event(), 0)
        return []

    async def _occupancy(self) -> dict[str, Any]:
        return {"busy_share": 0.5}

    def _release(self, trial: str) -> None:
        self.released.append(trial)

    async def _first_of(self, event: asyncio.Event, timeout: float | None = None) -> None:
        waits = [asyncio.ensure_future(each.wait()) for each in (event, self.is_dead)]
        await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()
        if self.is_dead.is_set():
            raise RayActorError


class Place:
    """A desk and the hosts that it has started."""

    def __init__(self, room: int = 2, patience: float = 5.0) -> None:
        self.actors: list[Actor] = []
        self.desk = Desk(self._start, other_facts, room, patience)

    def _start(self) -> Actor:
        self.actors.append(Actor())
        return self.actors[-1]

    async def ready(self, *numbers: int) -> None:
        for number in numbers:
            self.actors[number].is_ready.set()
        await settle()

    async def dies(self, number: int) -> None:
        self.actors[number].is_dead.set()
        await settle()

    async def hosts_of(self, *trials: str) -> list[int]:
        return [(await self.desk.seat(trial)).host for trial in trials]

    async def states(self) -> list[str]:
        return [each["state"] for each in (await self.desk.occupancy()).values()]


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
    await asyncio.sleep(0.02)


def run(
    test: Callable[[Place], Coroutine[Any, Any, None]], hosts: int, patience: float = 5.0
) -> None:
    async def play() -> None:
        place = Place(patience=patience)
        await place.desk.open(hosts)
        await test(place)

    asyncio.run(play())


HEED = Desk._heed


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_notices(self: Desk) -> None: ...

    monkeypatch.setattr(desks, "POLL", 0.01)
    monkeypatch.setattr(Desk, "_heed", no_notices)


def test_trials_sit_at_the_emptiest_host_and_wait_where_all_are_full() -> None:
    async def test(place: Place) -> None:
        await place.ready(0, 1)
        assert await place.hosts_of("t0", "t1", "t2", "t3") == [0, 1, 0, 1]
        waits = asyncio.create_task(place.desk.seat("t4"))
        await settle()
        assert not waits.done()
        await place.desk.release("t1")
        assert (await waits).host == 1
        assert [each.released for each in place.actors] == [["t1"], ["t1"]]

    run(test, hosts=2)


def test_the_search_begins_with_the_first_host_and_a_late_one_takes_those_who_wait() -> None:
    async def test(place: Place) -> None:
        assert await place.desk.prepared(0.02) is None
        await place.ready(1)
        assert await place.desk.prepared(0.02) == FACTS
        assert await place.hosts_of("t0", "t1") == [1, 1]
        waits = asyncio.create_task(place.desk.seat("t2"))
        await place.ready(0)
        assert (await waits).host == 0

    run(test, hosts=2)


def test_a_trial_that_comes_back_sits_where_it_sat() -> None:
    async def test(place: Place) -> None:
        await place.ready(0, 1)
        first = await place.desk.seat("t0")
        assert await place.hosts_of("t1", "t2") == [1, 0]
        again = await place.desk.seat("t0")
        assert (again.host, again.number) == (0, 3)
        await place.desk.leave(first)  # a late goodbye empties nobody's seat
        assert await place.hosts_of("t3") == [1]

    run(test, hosts=2)


def test_a_dead_host_is_replaced_and_a_host_that_is_told_to_go_gets_no_trial() -> None:
    async def test(place: Place) -> None:
        await place.ready(0, 1)
        seat = await place.desk.seat("t0")
        await place.dies(0)
        await place.desk.lost(seat)
        assert await place.hosts_of("t0") == [1]
        assert await place.states() == ["ended", "ready", "starting"]
        await place.ready(2)
        place.actors[1].is_going.set()
        await settle()
        assert await place.states() == ["ended", "draining", "ready", "starting"]
        assert await place.hosts_of("t0", "t1") == [2, 2]

    run(test, hosts=2)


def test_a_host_that_a_trial_lost_for_a_moment_is_ready_again() -> None:
    async def test(place: Place) -> None:
        await place.ready(0)
        await place.desk.lost(await place.desk.seat("t0"))
        assert place.actors[0].released == ["t0"]
        assert await place.hosts_of("t0") == [0]

    run(test, hosts=1)


def test_without_a_host_for_too_long_a_seat_is_refused_and_the_next_at_once() -> None:
    async def test(place: Place) -> None:
        await place.ready(0)
        await place.dies(0)
        for _ in range(2):
            with pytest.raises(NoHostError, match=r"no lane host is left .*host 0: "):
                await place.desk.seat("t0")
        await place.ready(1)  # the replacement
        assert await place.hosts_of("t0") == [1]

    run(test, hosts=1, patience=0.1)


def test_what_a_user_can_mend_is_raised_at_once_and_other_errors_once_nobody_prepares() -> None:
    async def mend(place: Place) -> None:
        place.actors[0].error = UserError("no such corpus")
        await place.ready(0)
        with pytest.raises(UserError, match="no such corpus"):
            await place.desk.prepared(0.02)

    async def broken(place: Place) -> None:
        place.actors[0].error = MemoryError("too little")
        await place.ready(0)
        with pytest.raises(MemoryError, match="too little"):
            await place.desk.prepared(0.02)
        await place.ready(1)
        assert await place.desk.prepared(0.02) == FACTS
        assert await place.states() == ["unfit", "ready"]

    run(mend, hosts=2)
    run(broken, hosts=2)


def test_a_host_with_other_weights_than_the_first_trains_nothing() -> None:
    async def test(place: Place) -> None:
        await place.ready(1)
        place.actors[0].facts = OTHERS
        await place.ready(0)
        assert await place.hosts_of("t0", "t1") == [1, 1]
        assert (await place.desk.occupancy())["host 0"] == {
            "state": "unfit",
            "reason": "weights.dtype was 'bfloat16', is 'float32'",
        }

    run(test, hosts=2)


def test_hosts_that_die_before_they_are_ready_are_not_replaced_for_ever() -> None:
    async def test(place: Place) -> None:
        for number in range(FAILURES):
            await place.dies(number)
        assert len(place.actors) == FAILURES
        with pytest.raises(NoHostError, match="no lane host is left"):
            await place.desk.prepared(0.02)

    run(test, hosts=1)


def test_a_host_that_does_not_answer_is_ended_by_name_and_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(Desk, "_put_an_end_to", lambda self, host: ended.append(host.number))

    async def never(timeout: float) -> bool:
        return await asyncio.Event().wait()

    async def play(place: Place) -> None:
        place.desk._silence = 0.3
        await place.ready(0)
        assert await place.states() == ["ready"]
        place.actors[0]._draining = never  # type: ignore[method-assign]  # it hangs from here on
        await asyncio.sleep(0.8)
        await settle()
        assert await place.states() == ["ended", "starting"]
        (first, _) = (await place.desk.occupancy()).values()
        assert first["reason"] == "it did not answer for 0.3 s (resources.silence_minutes)"
        await place.ready(1)
        assert await place.hosts_of("t000") == [1]

    run(play, hosts=1)
    assert ended == [0]


def test_hosts_of_a_node_that_ray_will_lose_are_drained_and_only_those(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    going: dict[str, int] = {}
    client = SimpleNamespace(get_draining_nodes=lambda: going)
    worker = SimpleNamespace(gcs_client=client)
    monkeypatch.setattr(ray._private.worker, "global_worker", worker)
    monkeypatch.setattr(Desk, "_heed", HEED)

    async def test(place: Place) -> None:
        place.actors[0].stands_on = "spot"
        await place.ready(0, 1)
        assert await place.states() == ["ready", "ready"]
        going["spot"] = 0
        await asyncio.sleep(0.1)
        await settle()
        assert [each.is_going.is_set() for each in place.actors[:2]] == [True, False]
        assert await place.states() == ["draining", "ready", "starting"]
        assert await place.hosts_of("t0") == [1]
        going["node"] = 0  # the notice of another, later
        await asyncio.sleep(0.1)
        await settle()
        assert await place.states() == ["draining", "draining", "starting", "starting"]

    run(test, hosts=2)
