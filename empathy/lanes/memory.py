"""How many lanes a device holds: one lane and two are tried, and a line is drawn through both.

What a lane adds is the same for every further one: its row of weights, moments and gradient, and
the activations of its batch. So two measurements predict any number of lanes.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from transformers import PreTrainedModel

from empathy.device import out_of_memory, release_freed_memory
from empathy.lanes.adapters import Layout
from empathy.lanes.engine import LaneEngine, Task
from empathy.lanes.footprint import MARGIN
from empathy.settings import TrialSettings


class LaneMemory(NamedTuple):
    """Peak bytes of `lanes` lanes: `base + lanes * per_lane`."""

    base: int
    per_lane: int

    @classmethod
    def fit(cls, one: int, two: int) -> LaneMemory:
        """The line through the peaks of one lane and of two, in bytes."""
        return cls(2 * one - two, two - one)

    def of(self, lanes: int) -> int:
        """Predicted peak bytes."""
        return self.base + lanes * self.per_lane

    def fill(self, available: int, wanted: int) -> int:
        """As many lanes as fit into the bytes there are less `MARGIN`, 1 to `wanted`."""
        room = available * (1 - MARGIN) - self.base
        if self.per_lane <= 0:  # nothing measurable
            return wanted
        return min(wanted, max(1, int(room // self.per_lane)))


def probe(model: PreTrainedModel, layout: Layout, task: Task) -> LaneMemory:
    """The memory of lanes on this task, by one training step of one lane and of two.

    Raises torch.OutOfMemoryError where not even two lanes fit.
    """
    one, two = (training_peak(model, layout, task, lanes) for lanes in (1, 2))
    return LaneMemory.fit(one, two)


def fitting(
    model: PreTrainedModel, layout: Layout, task: Task, wanted: int, available: int
) -> tuple[int, LaneMemory | None]:
    """How many of the wanted lanes the device's bytes hold, and what was measured for that.

    Where two lanes are too many already there is one, and nothing to draw a line through.
    """
    try:
        found = probe(model, layout, task)
    except RuntimeError as error:
        if not out_of_memory(error):
            raise
        return 1, None
    return found.fill(available, wanted), found


def available(device: torch.device) -> int | None:
    """Bytes that this process may take on a GPU, those it has taken included; None elsewhere.

    On a CPU, where lanes train one after the other and share the memory with everything else,
    nothing is probed.
    """
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_allocated(device)


def training_peak(model: PreTrainedModel, layout: Layout, task: Task, lanes: int) -> int:
    """Peak bytes of a training step of so many lanes, each on the longest batch there is."""
    order = sorted(range(len(task.examples)), key=lambda i: -task.examples[i].length)
    longest = [order[i % len(order)] for i in range(task.batch_size)]
    hardest = replace(
        task, examples=[task.examples[i] for i in longest], reference=task.reference[longest]
    )

    def work() -> None:
        engine = LaneEngine(model, layout, hardest, lanes)
        for seed in range(lanes):
            engine.join(TrialSettings(lora_rank=layout.rank, seed=seed))
        engine.step(range(lanes))

    return peak(next(model.parameters()).device, work)


def peak(device: torch.device, work: Callable[[], None]) -> int:
    """Peak bytes while `work` runs: allocated on a GPU, else resident of this process (Linux)."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        work()
        return torch.cuda.max_memory_allocated(device)
    release_freed_memory()
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM starts again: see proc(5)
    work()
    status = Path("/proc/self/status").read_text()
    (line,) = (each for each in status.splitlines() if each.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
