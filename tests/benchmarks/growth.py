"""How the cost of a step of the lanes grows: with their number, rank, prompts and pairs."""

from __future__ import annotations

import gc
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from contenders import BETA, RATE
from flops import now
from lengths import LogNormal, pairs
from ratios import spread
from turns import apart, peak_of_process

from empathy.settings import TrialSettings

PROMPT, REPLY = 95, 55  # tokens of every pair, so that only what is varied differs


class Point(NamedTuple):
    """One measurement."""

    lanes: int
    rank: int = 16
    prompt: int = PROMPT
    pairs: int = 8
    """In a step of one lane."""


MEANING = {
    "lanes": "lanes, each with its own pairs",
    "rank": "LoRA rank of all lanes",
    "prompt": "tokens of a prompt",
    "pairs": "pairs in a step of a lane",
}
GROWN: dict[str, dict[str, tuple[int, ...]]] = {
    "cpu": {"lanes": (1, 2, 4, 8), "rank": (4, 16, 64), "prompt": (24, 95, 380),
            "pairs": (1, 2, 4, 8)},
    "cuda": {"lanes": (1, 2, 4, 8, 16, 32), "rank": (4, 16, 64), "prompt": (24, 95, 190, 380),
             "pairs": (1, 2, 4, 8, 16)},
}  # fmt: skip
MIDDLE = {"cpu": Point(lanes=2, pairs=2), "cuda": Point(lanes=4)}


def grow(model: str, steps: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The record: for each thing that grows, a list of points."""
    found: dict[str, Any] = apart(_grow, model, steps)
    say(f"{model}: {sum(map(len, found['growth'].values()))} points of growth")
    return found


def _grow(model: str, steps: int) -> dict[str, Any]:
    from shapes import load

    base = load(model)
    kind = next(base.model.parameters()).device.type
    middle = MIDDLE[kind]
    return {
        "dtype": str(base.model.dtype).removeprefix("torch."),
        "weights": base.source,
        "middle": middle._asdict(),
        "reply_tokens": REPLY,
        "meaning": MEANING,
        "growth": {
            name: [_measured(base, middle._replace(**{name: at}), steps) | {"at": at} for at in row]
            for name, row in GROWN[kind].items()
        },
    }


def _measured(base: Any, point: Point, steps: int) -> dict[str, Any]:
    """Seconds of a step and peak memory; the first step is not counted."""
    import torch

    from empathy.lanes.adapters import adapt
    from empathy.lanes.engine import LaneEngine, Task, measure

    gc.collect()
    _forget_peak()
    lengths = (_fixed(point.prompt), _fixed(REPLY))
    data = pairs(point.pairs * (steps + 1), base.model.config.vocab_size, lengths=lengths)
    task = Task(data, measure(base.model, [data])[0], "sigmoid", steps + 1, point.pairs)
    layout = adapt(base.model, base.targets, point.rank)
    engine = LaneEngine(base.model, layout, task, point.lanes)
    settings = TrialSettings(beta=BETA, learning_rate=RATE, lora_rank=point.rank)
    seeds = range(point.lanes)
    slots = [engine.join(settings.model_copy(update={"seed": seed})) for seed in seeds]
    ends = []
    for _ in range(steps + 1):
        engine.step(slots)
        ends.append(now())
    seconds = spread([end - start for start, end in pairwise(ends)])
    cuda = torch.cuda.is_available()
    return {
        "step_seconds": seconds,
        "pairs_per_second": point.lanes * point.pairs / seconds["median"],
        "peak_bytes": torch.cuda.max_memory_allocated() if cuda else peak_of_process(),
    }


def _fixed(tokens: int) -> LogNormal:
    return LogNormal(tokens, 0.0, tokens, tokens)


def _forget_peak() -> None:
    """Let the next peak be that of the next point alone, where that can be."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    elif (peak := Path("/proc/self/clear_refs")).exists():
        peak.write_text("5")  # Linux: the peak falls to what is resident now
