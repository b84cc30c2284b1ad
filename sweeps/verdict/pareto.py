"""Several metrics at once: the trials that no other trial beats in all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sweeps.sweepfile.sections import Aim

Measured = Sequence[Mapping[str, float]]
"""For each aim the trials' values."""


def front(aims: Sequence[Aim], measured: Measured, among: Collection[str]) -> list[str]:
    """The trials that no other one dominates: as good in everything and better in something.

    The best in the first aim comes first. Equal trials are on the front together.
    """
    signs = [1 if aim.goal == "maximize" else -1 for aim in aims]
    gains = {
        trial: tuple(sign * values[trial] for sign, values in zip(signs, measured, strict=True))
        for trial in among
    }
    left = [t for t, own in gains.items() if not any(_beats(o, own) for o in gains.values())]
    return sorted(left, key=lambda trial: (-gains[trial][0], trial))


def _beats(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a != b and all(x >= y for x, y in zip(a, b, strict=True))


def summary(aims: Sequence[Aim], measured: Measured, among: Collection[str]) -> dict[str, Any]:
    """The part of summary.json: what was wanted, and the front with its values."""
    names = [aim.name for aim in aims]
    return {
        "metrics": [{"name": aim.name, "goal": aim.goal} for aim in aims],
        "trials": [
            {"trial": t, "values": dict(zip(names, [v[t] for v in measured], strict=True))}
            for t in front(aims, measured, among)
        ],
    }
