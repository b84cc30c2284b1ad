"""The lane engine as a contender, by its public interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contenders import BETA, RANK, RATE, Job, Timing
from flops import now
from shapes import Loaded

from empathy.settings import TrialSettings


def train(job: Job, base: Loaded, gate: Callable[[], None]) -> Timing:
    """Warm up, wait at the gate, train the timed pairs in every lane."""
    import torch

    from empathy.lanes.adapters import adapt

    warming = now()
    layout = adapt(base.model, base.targets, RANK)
    # On a GPU the warm-up is the timed work itself: every shape that will be met is compiled by it.
    engine, slots = _engine(job, base, layout, job.pairs if torch.cuda.is_available() else job.warm)
    for _ in range(engine.task.max_steps):
        engine.step(slots)
    del engine
    engine, slots = _engine(job, base, layout, job.pairs)
    gate()
    start, ends = now(), []
    for _ in range(job.steps):
        engine.step(slots)
        ends.append(now())
    return Timing(warming, start, ends)


def _engine(job: Job, base: Loaded, layout: Any, pairs: Any) -> tuple[Any, list[int]]:
    """A new engine whose lanes have seeds, and so data orders, of their own."""
    from empathy.lanes.engine import LaneEngine, Task, measure

    task = Task(
        pairs,
        measure(base.model, [pairs])[0],
        "sigmoid",
        len(pairs) // job.batch,
        job.batch,
    )
    engine = LaneEngine(base.model, layout, task, job.contender.lanes)
    settings = TrialSettings(beta=BETA, learning_rate=RATE, lora_rank=RANK)
    seeds = range(job.contender.lanes)
    return engine, [engine.join(settings.model_copy(update={"seed": seed})) for seed in seeds]
