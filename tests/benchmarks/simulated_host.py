"""A lane host without a device: leases, seats, rounds and reports are real, steps take no time.

How long they would have taken is read from a table and passes on the virtual clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast
from zlib import crc32

import numpy as np
from fake_study import FakeStudy, instead_of_the_study
from pace import Pace
from simulated_sweep import MEAN, Prompts, evaluated, fields, prompts

from empathy.evaluate import GEOMETRIC, SHARES, Evaluation
from empathy.metrics import METRICS
from empathy.records import Split
from empathy.settings import TrialSettings
from sweeps.pool import host
from sweeps.pool.host import GRACE, LaneHost
from sweeps.pool.leases import Lease

COLUMNS = tuple(n for n, metric in METRICS.items() if not metric.curve and n not in GEOMETRIC)
SPLITS: dict[Split, Prompts] = {
    "validation": prompts(np.random.default_rng(1), "validation"),
    "test": prompts(np.random.default_rng(2), "test"),
}


class Measured(NamedTuple):
    """An evaluation as large as a real one: each metric of the catalogue, prompt by prompt."""

    found: Evaluation

    @property
    def metrics(self) -> dict[str, Any]:
        """By name."""
        return self.found.metrics

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return fields(self.found)


def measured(
    policy: str, split: Split, mean: float, step: int = 0, columns: Iterable[str] = COLUMNS
) -> Measured:
    """A policy with this true mean, the same whenever it is asked."""
    rng = np.random.default_rng((crc32(policy.encode()), step))
    found = evaluated(rng, SPLITS[split], policy, mean)
    scores, figure = found.scores["empathy"], found.metrics["empathy"]
    shares = tuple(np.clip(np.array(scores, dtype=np.float64) / 6, 0, 1).tolist())
    share = replace(figure, value=float(np.mean(shares)))
    return Measured(
        replace(
            found,
            metrics={name: share if name in SHARES else figure for name in columns},
            scores={name: shares if name in SHARES else scores for name in columns},
        )
    )


def true_mean(settings: TrialSettings, step: int) -> float:
    """Best at a learning rate of 3e-4 and a small beta; most of the gain comes early."""
    miss = abs(np.log10(settings.learning_rate / 3e-4)) + 0.3 * np.log10(settings.beta / 0.05)
    return float(MEAN + 1.5 * (1 - miss) * (1 - np.exp(-step / 50)))


class SimulatedStudy(FakeStudy):
    """Trials whose truth is a function of their settings."""

    COLUMNS: tuple[str, ...] = COLUMNS

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.baselines: Any = {
            name: {split: measured(name, split, MEAN) for split in SPLITS}
            for name in ("base", "sft")
        }

    def evaluate(self, policies: Mapping[str, int], split: str) -> dict[str, Any]:
        """As large as real ones; what a fake study remembers of its past is forgotten."""
        for past in (self.engine.taken, self.joined, self.saved):
            past.clear()
        on = cast(Split, split)
        at = {name: self.engine.occupied[lane] for name, lane in policies.items()}
        return {
            name: measured(name, on, true_mean(settings, step), step, self.COLUMNS)
            for name, (settings, step) in at.items()
        }

    def save(self, *_: Any, **__: Any) -> None:
        """A checkpoint is the device's affair."""

    def export(self, saved: Path, folder: Path) -> None:
        """A winner without weights."""
        folder.mkdir()


class LeanStudy(SimulatedStudy):
    """The same, where reports need not be as large as real ones."""

    COLUMNS = ("empathy",)


class SimulatedHost(LaneHost):
    """A LaneHost whose thread is a task and whose device is a table."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        steps: Sequence[int],
        out: str,
        pace: Pace,
        study: type[SimulatedStudy],
    ) -> None:
        super().__init__(settings, steps, out)
        self._pace = pace
        self._news = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[None]] = {}
        with instead_of_the_study(study):
            self._prepare()

    def _run(self) -> None:
        """No thread: see `work`."""

    async def work(self) -> None:
        """What the thread does in `LaneHost._run`, with time that passes on the loop's clock.

        An error of a round is raised here, not told to those who wait.
        """
        while True:
            self._seat()
            members = self._due()
            if not members:
                self._news.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(GRACE):
                        await self._news.wait()
                continue
            self._occupancy.began(map(host.lane, members), asyncio.get_running_loop().time())
            seconds = self._seconds(members)
            await asyncio.sleep(seconds)
            for lease in members:
                lease.seconds += seconds / len(members)
            self._round(members)
            self._occupancy.ended(asyncio.get_running_loop().time())

    def _seconds(self, members: Sequence[Lease]) -> float:
        training, evaluation = self._settings.training, self._settings.evaluation
        reporting = sum(self._reports(lease, lease.step + 1) for lease in members)
        return self._pace.step(len(members), training.batch_size) + self._pace.evaluation(
            reporting, evaluation.validation_prompts
        )

    def _deliver(self, lease: Lease, step: int, row: dict[str, Any]) -> None:
        super()._deliver(lease, step, row)
        if lease.token in self._waiting:
            self._waiting.pop(lease.token).set_result(None)

    async def hear(self, token: str) -> dict[str, Any]:
        """`report`, whose caller waits without a thread."""
        lease = self._leases.get(token)
        lease.wanted = True
        self._waiting[token] = asyncio.get_running_loop().create_future()
        self._news.set()
        await self._waiting[token]
        assert lease.row is not None
        row, lease.row, lease.decided = lease.row, None, asyncio.get_running_loop().time()
        return row

    def heed(self) -> None:
        """Somebody has come or gone."""
        self._news.set()


class Actor:
    """The host as Ray's callers know it."""

    def __init__(self, host: SimulatedHost) -> None:
        self._host = host

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._host, name)

        def called(*given: Any) -> Any:
            found = method(*given)
            self._host.heed()
            return found

        return called

    async def report(self, token: str) -> dict[str, Any]:
        """See `LaneHost.report`."""
        return await self._host.hear(token)

    async def draining(self, timeout: float) -> bool:
        """It never is."""
        await asyncio.sleep(timeout)
        return False

    def node(self) -> str:
        """All stand on the same one."""
        return "node"
