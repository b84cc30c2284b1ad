"""Generated tokens a second: all lanes at once against looping over adapters with `generate`."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from generation import measure
from lengths import FIRST_WORD, PROMPT
from turns import apart

LANES = 16
PROMPTS = {"cpu": (1, 4), "cuda": (1, 16)}
NEW_TOKENS = {"cpu": 32, "cuda": 64}
LOOPED = {"cpu": 4, "cuda": 16}
"""Adapters that the loop takes: all 16 would take a CPU a quarter of an hour."""


def race(model: str, device: str, *, quick: bool) -> dict[str, Any]:
    """The record of what `generation.measure` finds, for one prompt a lane and for several."""
    lanes, new = (2, 4) if quick else (LANES, NEW_TOKENS[device])
    looped = min(lanes, LOOPED[device])
    counts = (1,) if quick else PROMPTS[device]
    found = {n: apart(_measured, model, lanes, looped, n, new) for n in counts}
    named = {
        f"{name}_{n}_prompts" if name.startswith("ratio") else f"{name}, prompts: {n}": value
        for n, each in found.items()
        for name, value in each.items()
        if name != "weights"
    }
    weights = found[counts[0]]["weights"]
    return record(
        {**named, "weights": weights},
        {"lanes": lanes, "adapters looped over": looped, "new tokens": new},
    )


def _measured(model: str, lanes: int, looped: int, prompts: int, new_tokens: int) -> dict[str, Any]:
    from shapes import load

    base, source = load(model), random.Random(0)
    size = base.model.config.vocab_size
    asked = [
        tuple(source.randrange(FIRST_WORD, size) for _ in range(PROMPT.draw(source)))
        for _ in range(prompts)
    ]
    found = measure(base.model, base.targets, lanes, looped, asked, new_tokens)
    return {**found, "weights": base.source}


def record(found: Mapping[str, Any], asked: Mapping[str, int]) -> dict[str, Any]:
    """Numbers and spreads to show as figures; ratios and words as they are."""
    numbers = {
        name: value
        for name, value in found.items()
        if not name.startswith("ratio_vs_trl_")
        and (isinstance(value, int | float) or (isinstance(value, Mapping) and "median" in value))
    }
    rest = {name: value for name, value in found.items() if name not in numbers}
    return {"figures": {**asked, **numbers}, **rest}
