"""What Ray Tune's controller does with a search, a scheduler and a callback, one thing at a time.

Search, ASHA and callback are those of a real sweep. In place of Tune's processes there are tasks
that make the calls which `sweeps.pool.place` and `sweeps.pool.trial` make. No host is ever lost
here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ray.tune.schedulers import TrialScheduler

from sweeps.pool.desk import Desk
from sweeps.pool.leases import TRIAL
from sweeps.pool.trial import result_of
from sweeps.search.on_ray import Watcher
from sweeps.search.tune_search import TuneSearch


class Stopwatch:
    """Processor seconds of this thread, and seconds on the wall, by what they were spent on."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Adds what the block takes."""
        begun = time.thread_time(), time.perf_counter()
        try:
            yield
        finally:
            self.cpu[what] = self.cpu.get(what, 0.0) + time.thread_time() - begun[0]
            self.wall[what] = self.wall.get(what, 0.0) + time.perf_counter() - begun[1]


@dataclass(eq=False)
class PlayedTrial:
    """A trial as search, scheduler and callback know one of Tune's."""

    trial_id: str
    config: dict[str, Any]
    goes_on: asyncio.Queue[bool] = field(default_factory=asyncio.Queue)
    """Tune's decision after each result."""


@dataclass
class TuneLoop:
    """The controller of one sweep."""

    search: TuneSearch
    scheduler: TrialScheduler
    watcher: Watcher
    desk: Desk
    training: dict[str, Any]
    """Of a trial's settings those that are not searched."""
    trials: int
    at_once: int
    """Trials that there may be at a time, those included that wait for a lane."""
    seconds: float
    """What Tune needs for one result, during which it hears no other."""
    stopwatch: Stopwatch = field(default_factory=Stopwatch)

    def __post_init__(self) -> None:
        self._results: asyncio.Queue[tuple[PlayedTrial, dict[str, Any]]] = asyncio.Queue()

    async def run(self) -> None:
        """All trials, from the first to be suggested to the last to end."""
        begun = running = 0
        async with asyncio.TaskGroup() as clients:
            while True:
                while begun < self.trials and running < self.at_once:
                    clients.create_task(self._client(self._begin(begun)))
                    begun, running = begun + 1, running + 1
                if not running:
                    return
                trial, result = await self._results.get()
                await asyncio.sleep(self.seconds)
                goes_on = self._heard(trial, result)
                trial.goes_on.put_nowait(goes_on)
                running -= not goes_on

    def _begin(self, number: int) -> PlayedTrial:
        name = f"played_{number:05d}"
        with self.stopwatch.on("search"):
            config = self.search.suggest(name)
        assert config is not None, "the sweep counts its trials"
        trial = PlayedTrial(name, config)
        with self.stopwatch.on("early stopping"):
            self.scheduler.on_trial_add(_controller(), _tunes(trial))
        with self.stopwatch.on("observers"):
            self.watcher.on_trial_start(0, [], _tunes(trial))
        return trial

    def _heard(self, trial: PlayedTrial, result: dict[str, Any]) -> bool:
        """Whether the trial goes on: the order is that of `TuneController`."""
        over = result["done"]
        if not over:
            with self.stopwatch.on("early stopping"):
                decision = self.scheduler.on_trial_result(_controller(), _tunes(trial), result)
            over = decision == TrialScheduler.STOP
        if not over:
            with self.stopwatch.on("search"):
                self.search.on_trial_result(trial.trial_id, result)
        with self.stopwatch.on("observers"):
            self.watcher.on_trial_result(0, [], _tunes(trial), result)
        if over:
            with self.stopwatch.on("early stopping"):
                self.scheduler.on_trial_complete(_controller(), _tunes(trial), result)
            with self.stopwatch.on("search"):
                self.search.on_trial_complete(trial.trial_id, result)
            with self.stopwatch.on("observers"):
                self.watcher.on_trial_complete(0, [], _tunes(trial))
        return not over

    async def _client(self, trial: PlayedTrial) -> None:
        """From a seat at the desk to the lane given back, as `sweeps.pool.place.Place` goes."""
        parameters = {name: value for name, value in trial.config.items() if name != TRIAL}
        name = trial.config[TRIAL]
        seat = await self.desk.seat(name)
        token = await seat.actor.join.remote(name, {**self.training, **parameters}, False, 0)
        goes_on = True
        while goes_on:
            row = await seat.actor.report.remote(token)
            self._results.put_nowait((trial, result_of(row)))
            goes_on = await trial.goes_on.get()
        await seat.actor.leave.remote(token)
        await self.desk.leave(seat)


def _tunes(trial: PlayedTrial) -> Any:
    """It stands in for one of Tune's: id and config are all that is asked of it."""
    return trial


def _controller() -> Any:
    """ASHA asks nothing of Tune's controller."""
    return None
