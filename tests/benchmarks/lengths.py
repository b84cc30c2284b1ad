"""The pairs that all contenders train: random tokens of log-normal lengths, as dialogues have them.

A prompt has a median of 95 tokens (sigma of its logarithm 0.6, clipped to 16 and 384), each of the
two replies a median of 55 (sigma 0.7, clipped to 6 and 256). What the tokens say is noise: the
time of a step depends on how many there are, not on which.
"""

from __future__ import annotations

import math
import random
from typing import NamedTuple

from empathy.lanes.rows import Example

FIRST_WORD = 5  # ids under it are special tokens in all vocabularies here


class LogNormal(NamedTuple):
    """Whole numbers whose logarithm is normal; what lies outside is set to the nearer end."""

    median: int
    sigma: float
    lowest: int
    highest: int

    def draw(self, source: random.Random) -> int:
        """One number."""
        drawn = round(source.lognormvariate(math.log(self.median), self.sigma))
        return min(max(drawn, self.lowest), self.highest)


PROMPT = LogNormal(median=95, sigma=0.6, lowest=16, highest=384)
REPLY = LogNormal(median=55, sigma=0.7, lowest=6, highest=256)
SHORTEST = (LogNormal(16, 0.0, 16, 16), LogNormal(6, 0.0, 6, 6))


def pairs(
    count: int,
    vocabulary: int,
    seed: int = 0,
    lengths: tuple[LogNormal, LogNormal] = (PROMPT, REPLY),
) -> list[Example]:
    """Random pairs with prompts and replies of these lengths; replies end in token 1."""
    source = random.Random(seed)

    def tokens(length: int) -> tuple[int, ...]:
        return tuple(source.randrange(FIRST_WORD, vocabulary) for _ in range(length))

    prompt, reply = lengths
    return [
        Example(
            tokens(prompt.draw(source)),
            ((*tokens(reply.draw(source) - 1), 1), (*tokens(reply.draw(source) - 1), 1)),
        )
        for _ in range(count)
    ]
