"""The desk of a pool of lane hosts: it starts hosts, watches them, and says which trial sits where.

An async Ray actor without torch. A host takes trials once its study is prepared; one that dies is
replaced, and where no node has room for it now, Ray waits for the autoscaler to bring one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal, NamedTuple

import ray
from ray.exceptions import RayActorError, RayTaskError

from empathy.errors import UserError
from sweeps.pool.leases import HungError

State = Literal["starting", "ready", "lost", "draining", "unfit", "ended"]
POLL = 2.0  # seconds that a host may take to say that there is nothing new
PATIENCE = 1200.0  # seconds without any host, while the autoscaler may bring a node
FAILURES = 3  # hosts in a row that may die before they are ready
SILENCE = 3600.0  # seconds without an answer, or in one step or evaluation: that is a hung host


class NoHostError(RuntimeError):
    """No host is left to train on."""


class Seat(NamedTuple):
    """A trial's place at a host."""

    number: int
    host: int
    actor: Any


@dataclass
class Standing:
    """A host as the desk knows it."""

    number: int
    actor: Any
    state: State = "starting"
    begun: bool = False
    """Its process has answered: it does not wait for a node any more."""
    ready: dict[str, Any] | None = None
    """What its study is made of: see `LaneHost.prepared`."""
    node: str | None = None
    """Ray's id of the node where it stands."""
    reason: str | None = None
    """Why it takes no trials."""
    error: Exception | None = None
    """What its preparation raised."""
    seats: dict[int, str] = field(default_factory=dict)
    """Trials, by the number of their seats."""


class Desk:
    """Seats trials at the emptiest host that is ready."""

    def __init__(
        self,
        start: Callable[[], Any],
        differ: Callable[[Any, Any], Sequence[object]],
        room: int,
        patience: float = PATIENCE,
        silence: float = SILENCE,
    ) -> None:
        """`start` starts a host and returns its actor; `differ` lists what two hosts' facts do not
        share and must; `room` is how many trials a host may have, those included that wait for a
        lane; `patience` and `silence` are in seconds."""
        self._start, self._differ, self._room, self._patience = start, differ, room, patience
        self._silence = silence
        self._facts: Any = None  # of the first host that was ready
        self._changed = asyncio.Condition()
        self._hosts: list[Standing] = []
        self._watches: list[asyncio.Task[None]] = []
        self._numbers = count()
        self._failures = 0
        self._closing = False  # no host follows another any more
        self._bare_since: float | None = None  # since when none is ready, after one was

    async def open(self, hosts: int) -> None:
        """Start the pool."""
        for _ in range(hosts):
            self._add()
        self._watches.append(asyncio.create_task(self._heed()))

    async def prepared(self, timeout: float) -> dict[str, Any] | None:
        """See `LaneHost.prepared`, of the first host that is ready."""
        give_up = time.monotonic() + timeout
        async with self._changed:
            while (found := self._prepared()) is None and (left := give_up - time.monotonic()) > 0:
                await self._news(left)
        return found

    async def stages(self, start: int) -> list[tuple[str, int, int | None]]:
        """See `LaneHost.stages`, of the first host that has begun to prepare its study."""
        for host in self._hosts:
            if host.begun and host.state in ("starting", "ready"):
                try:
                    news: list[tuple[str, int, int | None]] = await host.actor.stages.remote(start)
                except RayActorError:  # its watch will find out, too
                    continue
                return news
        return []

    async def seat(self, trial: str) -> Seat:
        """A place for a trial, where it sat if that host is still ready, else at the emptiest.

        Waits for a place. Raises `NoHostError` if there is no host for too long.
        """
        async with self._changed:
            before = self._vacate(trial)
            while not (open_ := self._open(before)):
                await self._news(self._patience_left())
            host = min(open_, key=lambda each: (len(each.seats), each.number))
            seat = Seat(next(self._numbers), host.number, host.actor)
            host.seats[seat.number] = trial
            return seat

    async def leave(self, seat: Seat) -> None:
        """A trial has given its lane back."""
        async with self._changed:
            self._hosts[seat.host].seats.pop(seat.number, None)
            self._changed.notify_all()

    async def lost(self, seat: Seat) -> None:
        """A trial finds its host dead, out of reach, or about to go."""
        host = self._hosts[seat.host]
        trial = host.seats.pop(seat.number, None)
        if trial is not None:
            host.actor.release.remote(trial)  # in case that only the way there is broken
        if host.state == "ready":
            await self._become(host, "lost")

    async def release(self, trial: str) -> None:
        """End whatever seat and lease a finished or dead trial may still hold."""
        async with self._changed:
            self._vacate(trial)
            for host in self._hosts:
                if host.ready is not None and host.state != "ended":
                    host.actor.release.remote(trial)
            self._changed.notify_all()

    async def occupancy(self) -> dict[str, dict[str, Any]]:
        """How each host fared; of those that live, how busy they were: see `Occupancy.as_dict`."""
        return {f"host {host.number}": await _fared(host) for host in self._hosts}

    async def ready(self) -> list[Any]:
        """The hosts that train now."""
        return [host.actor for host in self._hosts if host.state in ("ready", "lost")]

    async def actors(self) -> list[Any]:
        """The hosts that there ever were, in the order in which they were started."""
        return [host.actor for host in self._hosts]

    # -- hosts that come and go ---------------------------------------------------------------

    async def end(self) -> None:
        """Start no host any more."""
        self._closing = True

    def _add(self) -> None:
        if self._closing:
            return
        host = Standing(len(self._hosts), self._start())
        self._hosts.append(host)
        self._watches.append(asyncio.create_task(self._watch(host)))

    async def _watch(self, host: Standing) -> None:
        """From a host's start to its end; another follows it."""
        try:
            while host.ready is None:
                host.ready = await self._heard(host, host.actor.prepared.remote(POLL))
                host.begun = True
            host.node = await host.actor.node.remote()
            self._facts = self._facts or host.ready["facts"]
            if differences := self._differ(self._facts, host.ready["facts"]):
                await self._become(host, "unfit", "; ".join(map(str, differences)))
                return
            self._failures = 0
            await self._become(host, "ready")
            while not await self._heard(host, host.actor.draining.remote(POLL)):
                if host.state == "lost":  # to a trial only, for a moment
                    await self._become(host, "ready")
            self._add()
            await self._become(host, "draining", "it was told to go")
            while True:
                await host.actor.stages.remote(0)
                await asyncio.sleep(POLL)
        except HungError as error:
            self._put_an_end_to(host)
            self._add()
            await self._become(host, "ended", str(error))
        except RayActorError as error:
            if host.state != "draining":
                self._failures += host.ready is None
                if self._failures < FAILURES:
                    self._add()
            reason = host.reason or str(error).strip().splitlines()[0]
            await self._become(host, "ended", reason)
        except Exception as error:  # the preparation's own
            host.error = error.cause if isinstance(error, RayTaskError) else error
            await self._become(host, "unfit", str(host.error))

    async def _heard(self, host: Standing, answer: Awaitable[Any]) -> Any:
        """A host's answer. Raises `HungError` where there is none, or it says that a step hangs.

        One whose process waits for a node has not begun, and may take as long as it likes.
        """
        asked = asyncio.ensure_future(answer)
        await asyncio.wait({asked}, timeout=self._silence if host.begun else None)
        if not asked.done():
            asked.cancel()
            told = f"it did not answer for {self._silence:g} s (resources.silence_minutes)"
            raise HungError(told)
        try:
            return asked.result()
        except RayTaskError as error:
            if isinstance(error.cause, HungError):
                raise HungError(str(error.cause)) from error
            raise

    def _put_an_end_to(self, host: Standing) -> None:
        """Kill a host that may not listen any more; those who wait for it are told that it died."""
        ray.kill(host.actor)

    async def _heed(self) -> None:
        """Drain the hosts of nodes that Ray knows to go soon, as an autoscaler may tell it."""
        worker: Any = ray._private.worker.global_worker  # as Serve asks; nothing public does
        while True:
            going = await asyncio.to_thread(worker.gcs_client.get_draining_nodes)
            for host in self._hosts:
                if host.state == "ready" and host.node in going:
                    host.actor.drain.remote()
            await asyncio.sleep(POLL)

    async def _become(self, host: Standing, state: State, reason: str | None = None) -> None:
        async with self._changed:
            host.state, host.reason = state, reason
            if any(each.state == "ready" for each in self._hosts):
                self._bare_since = None
            elif host.ready is not None and self._bare_since is None:
                self._bare_since = time.monotonic()
            self._changed.notify_all()

    async def _news(self, timeout: float | None) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), timeout)
        except TimeoutError:
            return

    def _prepared(self) -> dict[str, Any] | None:
        """Of the first host that is ready; raises what hosts met if none can become ready."""
        for host in self._hosts:
            if host.state == "ready":
                return host.ready
        errors = [host.error for host in self._hosts if host.error is not None]
        preparing = any(host.state == "starting" and host.begun for host in self._hosts)
        for error in errors:
            if isinstance(error, UserError) or not preparing:
                raise error
        if not self._coming:
            raise NoHostError(self._why_none())
        return None

    @property
    def _coming(self) -> bool:
        return any(host.state in ("starting", "lost") for host in self._hosts)

    def _open(self, before: Standing | None) -> list[Standing]:
        """Hosts that take a trial: the one where it sat before, or all that have room."""
        ready = [host for host in self._hosts if host.state == "ready"]
        if before in ready:
            return [before]
        return [host for host in ready if len(host.seats) < self._room]

    def _patience_left(self) -> float | None:
        """Seconds that a host is still waited for, None while there is one."""
        if any(host.state == "ready" for host in self._hosts):
            return None
        since = self._bare_since if self._bare_since is not None else time.monotonic()
        left = since + self._patience - time.monotonic()
        if left <= 0 or not self._coming:
            raise NoHostError(self._why_none())
        return left

    def _why_none(self) -> str:
        known = [f"host {each.number}: {each.reason}" for each in self._hosts if each.reason]
        return f"no lane host is left ({'; '.join(known[-3:])})"

    def _vacate(self, trial: str) -> Standing | None:
        """Take a trial off its seat; returns where it sat."""
        found = None
        for host in self._hosts:
            for number in [number for number, name in host.seats.items() if name == trial]:
                del host.seats[number]
                found = host
        return found


async def _fared(host: Standing) -> dict[str, Any]:
    told: dict[str, Any] = {"state": host.state}
    if host.reason is not None:
        told["reason"] = host.reason
    if host.state in ("ready", "draining"):
        try:
            told |= await host.actor.occupancy.remote()
        except RayActorError:
            told["state"] = "lost"
    return told
