"""A study without a model, for tests of who steps when: no torch, milliseconds a step.

A lane's seed says what becomes of it: `DIVERGES`, `BREAKS` (its step raises) or nothing special.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from empathy.settings import StudySettings, TrialSettings
from sweeps.pool.host import LaneHost

DIVERGES, BREAKS = 666, 667
MEMORY = "out of memory, says the fake device"


class FakeEstimate:
    """A number that knows no interval."""

    def __init__(self, value: float) -> None:
        self.value = value

    def as_dict(self) -> dict[str, Any]:
        return {"value": self.value, "low": None, "high": None, "n": 1}


class FakeEvaluation:
    """One metric, which rises with the step and is best at a learning rate of 2e-4."""

    def __init__(self, policy: str, split: str, settings: TrialSettings, step: int) -> None:
        self.policy, self.split = policy, split
        miss = abs(math.log10(settings.learning_rate) - math.log10(2e-4))
        self.metrics = {"empathy": FakeEstimate(3 - miss + step / 100)}

    def as_dict(self) -> dict[str, Any]:
        metrics = {name: each.as_dict() for name, each in self.metrics.items()}
        return {"policy": self.policy, "split": self.split, "metrics": metrics}


class FakeEngine:
    """Counts steps. `taken` holds the lanes of each step, in order."""

    def __init__(self, lanes: int, step_seconds: float) -> None:
        self._lanes, self._step_seconds = lanes, step_seconds
        self.occupied: dict[int, tuple[TrialSettings, int]] = {}
        self.taken: list[list[int]] = []

    @property
    def free(self) -> list[int]:
        return [lane for lane in range(self._lanes) if lane not in self.occupied]

    def join(self, settings: TrialSettings, step: int) -> int:
        lane = self.free[0]
        self.occupied[lane] = (settings, step)
        return lane

    def leave(self, lane: int) -> None:
        del self.occupied[lane]

    def state(self, lane: int) -> Any:
        return SimpleNamespace(step=self.occupied[lane][1])

    def step(self, lanes: Sequence[int]) -> list[Any]:
        time.sleep(self._step_seconds)
        members = [self.occupied[lane] for lane in lanes]
        self.taken.append(list(lanes))
        if any(settings.seed == BREAKS for settings, _ in members):
            raise RuntimeError(MEMORY)
        reports = []
        for lane, (settings, step) in zip(lanes, members, strict=True):
            diverged = settings.seed == DIVERGES
            now = step if diverged else step + 1
            self.occupied[lane] = (settings, now)
            loss = math.nan if diverged else 1 / now
            reports.append(
                SimpleNamespace(step=now, loss=loss, grad_norm=1.0, curves={}, diverged=diverged)
            )
        return reports


class FakeStudy:
    """What `LaneHost` needs of `empathy.study.Study`."""

    STEP_SECONDS = 0.0
    said: Mapping[str, Mapping[str, list[str]]] = {"base": {"shown": ["well"]}}
    asked: Mapping[str, Any] = {
        "test": [],
        "shown": [SimpleNamespace(client_text="I lie awake.")],
    }

    def __init__(self, settings: StudySettings, progress: Callable[..., None]) -> None:
        progress("pretending", 1, 2)
        self.settings = settings
        self.judges = SimpleNamespace(referee=None, ranking=None, evaluating=None)
        self.engine = FakeEngine(settings.lanes, self.STEP_SECONDS)
        self.facts = {"weights": {"name": "none"}}
        self.card: dict[str, Any] = {}
        self.joined: list[tuple[TrialSettings, Path | None]] = []
        self.saved: list[Path] = []
        self.finals_at_once: list[list[str]] = []
        nothing = TrialSettings()
        self.baselines = {
            name: {split: FakeEvaluation(name, split, nothing, 0) for split in ("validation",)}
            for name in ("base", "sft")
        }

    def join(self, settings: TrialSettings, saved: Path | None) -> int:
        step = json.loads(saved.read_text())["step"] if saved else 0
        self.joined.append((settings, saved))
        return self.engine.join(settings, step)

    def resume(self, saved: Path) -> int:
        held = json.loads(saved.read_text())
        return self.engine.join(TrialSettings.model_validate(held["settings"]), held["step"])

    def save(self, lane: int, settings: TrialSettings, path: Path, told: Mapping[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.saved.append(path)
        held = {"step": self.engine.occupied[lane][1], "settings": settings.model_dump()}
        path.write_text(json.dumps({**held, "told": told}))

    def told(self, saved: Path) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(saved.read_text())["told"]
        return told

    def evaluate(self, policies: Mapping[str, int], split: str) -> dict[str, FakeEvaluation]:
        return {
            name: FakeEvaluation(name, split, *self.engine.occupied[lane])
            for name, lane in policies.items()
        }

    def reply(self, policies: Mapping[str, int], topic: str) -> dict[str, Any]:
        return {
            name: SimpleNamespace(replies=[SimpleNamespace(text=f"says {name}")])
            for name in policies
        }

    def measure(
        self, policies: Mapping[str, int], spoken: Mapping[str, Any], split: str
    ) -> dict[str, FakeEvaluation]:
        self.finals_at_once.append(list(policies))
        return self.evaluate(policies, split)

    def export(self, saved: Path, folder: Path) -> None:
        folder.mkdir()
        (folder / "adapter").write_text(saved.read_text())


def stand_in(study: type[Any]) -> ModuleType:
    """A module to put into `sys.modules` as `empathy.study`."""
    module = ModuleType("empathy.study")
    module.Study = study  # type: ignore[attr-defined]  # a module made here
    return module


@contextmanager
def instead_of_the_study(study: type[Any]) -> Iterator[None]:
    """Has it imported as `empathy.study`; other modules that are imported meanwhile stay."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "empathy.study", stand_in(study))
        yield


class SlowStudy(FakeStudy):
    """Slow enough that trials overlap although processes start one after another."""

    STEP_SECONDS = 0.2


class FakeHost(LaneHost):
    """A LaneHost for a process of its own, where it can be asked what it has seen."""

    def _prepare(self) -> None:
        sys.modules["empathy.study"] = stand_in(SlowStudy)
        super()._prepare()

    def held(self) -> tuple[int, int]:
        """Leases that have not ended, and lanes that are occupied."""
        with self._changed:
            leases = len(self._leases.seated) + len(self._leases.waiting)
        return leases, len(self._do(lambda: dict(engine(self).occupied)))

    def joins(self) -> list[tuple[dict[str, Any], bool]]:
        """Settings of every trial that got a lane, in order, and whether from a checkpoint."""
        study: Any = self._study
        return [(settings.model_dump(), saved is not None) for settings, saved in study.joined]


def engine(host: LaneHost) -> FakeEngine:
    study: Any = host._study
    found: FakeEngine = study.engine
    return found


def join(host: LaneHost, trial: str, resume: bool = False, heard: int = 0, **settings: Any) -> str:
    return host.join(trial, settings, resume, heard)


def to_the_end(host: LaneHost, trial: str, **settings: Any) -> list[int]:
    """The steps that a trial reports, until it is done."""
    token, steps, done = join(host, trial, **settings), [], False
    while not done:
        row = host.report(token)
        steps.append(row["step"])
        done = row["done"]
    host.leave(token)
    return steps
