"""How fast a device is, as a function of its lanes: the model behind simulation and cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from empathy.errors import UserError


class Pace(NamedTuple):
    """One device, measured."""

    name: str
    pairs_per_second: Mapping[int, float]
    """Of all lanes together, by their number."""
    replies_per_second: float
    """Written and scored when lanes are measured."""
    prepare_seconds: float
    """From the start of a host to its first step."""

    def step(self, lanes: int, pairs: int) -> float:
        """Seconds of one step of so many lanes, each with so many pairs.

        Between measured numbers of lanes by a straight line. Raises UserError beyond them.
        """
        known = sorted(self.pairs_per_second)
        if not known[0] <= lanes <= known[-1]:
            raise UserError(
                f"{self.name} was measured with {known[0]} to {known[-1]} lanes, not with {lanes}"
            )
        seconds = [pairs * each / self.pairs_per_second[each] for each in known]
        return float(np.interp(lanes, known, seconds))

    def evaluation(self, lanes: int, prompts: int) -> float:
        """Seconds of measuring so many lanes on so many prompts."""
        return lanes * prompts / self.replies_per_second


# The prototype on one H100 with Gemma-3-270M in bf16, 8 pairs a step, no compilation; 360 replies
# a second with 33 lanes of SmolLM2; a warm start of 17 s, 13,880 sampled replies in 51 s and half
# a minute of loading. Earlier and slower than what `make bench` measures on a GPU.
H100 = Pace("an H100, Gemma-3-270M", {1: 58.0, 4: 176.0, 8: 224.0, 16: 241.0}, 360.0, 100.0)


class Work(NamedTuple):
    """What a search has trained and measured, or will."""

    trials: int
    steps: int
    """Optimizer steps of all trials."""
    reports: int
    """Measurements of a trial on the validation prompts."""

    def ideal(self, pace: Pace, hosts: int, lanes: int, pairs: int, prompts: int) -> float:
        """Seconds if every lane of every host were busy from the first to the last moment."""
        a_step = pace.step(lanes, pairs) / lanes
        a_report = pace.evaluation(lanes, prompts) / lanes
        return (self.steps * a_step + self.reports * a_report) / hosts
