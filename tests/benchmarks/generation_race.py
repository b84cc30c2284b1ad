"""Generated tokens a second: all lanes at once against looping over adapters with `generate`."""

from __future__ import annotations

import importlib
import random
from collections.abc import Mapping
from typing import Any

from lengths import FIRST_WORD, PROMPT
from turns import apart

LANES = 16
PROMPTS, NEW_TOKENS = {"cpu": 2, "cuda": 16}, {"cpu": 16, "cuda": 64}


def race(model: str, device: str, *, quick: bool) -> dict[str, Any]:
    """The record of what `generation.measure` finds."""
    lanes, prompts, new = (2, 1, 4) if quick else (LANES, PROMPTS[device], NEW_TOKENS[device])
    found: dict[str, Any] = apart(_measured, model, lanes, prompts, new)
    return record(found, {"lanes": lanes, "prompts": prompts, "new tokens": new})


def _measured(model: str, lanes: int, prompts: int, new_tokens: int) -> dict[str, Any]:
    from shapes import load

    base, source = load(model), random.Random(0)
    size = base.model.config.vocab_size
    asked = [
        tuple(source.randrange(FIRST_WORD, size) for _ in range(PROMPT.draw(source)))
        for _ in range(prompts)
    ]
    found: dict[str, Any] = importlib.import_module("generation").measure(
        base.model, lanes, asked, new_tokens
    )
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
