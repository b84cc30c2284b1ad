"""What lanes learn, and in which order each of them reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from empathy.lanes.rows import Example

DEALT = 8  # batches that share out their examples, where they are balanced


@dataclass(frozen=True)
class Task:
    """What all lanes learn: the examples, what the reference says of them, and how."""

    examples: Sequence[Example]
    reference: Tensor  # (n, replies) summed log-probabilities; zeros where the loss has none
    loss: str  # a name in LOSSES
    max_steps: int
    batch_size: int
    gradient_accumulation: int = 1

    balanced: bool = False
    """Whether a lane's batches are equally long, so that lanes side by side need less padding."""

    def batch(self, seed: int, number: int) -> list[int]:
        """Example indices of a lane's `number`-th forward pass, a function of the seed alone.

        A resumed lane goes on where it was. The order is an endless row of shuffles, cut in
        batches; balanced, the examples of every few batches are dealt out among these by length.
        """
        if not self.balanced:
            return self._drawn(seed, number * self.batch_size, self.batch_size)
        hand, place = divmod(number, DEALT)
        size = DEALT * self.batch_size
        drawn = self._drawn(seed, hand * size, size)
        drawn.sort(key=lambda i: self.examples[i].length)
        # forth and back: whoever gets the shortest of one round gets the longest of the next
        turns = (place if turn % 2 == 0 else DEALT - 1 - place for turn in range(self.batch_size))
        return [drawn[turn * DEALT + at] for turn, at in enumerate(turns)]

    def _drawn(self, seed: int, start: int, count: int) -> list[int]:
        """A piece of the endless row of shuffles."""
        n = len(self.examples)
        epochs = range(start // n, (start + count - 1) // n + 1)
        order = torch.cat([shuffle(n, seed, epoch) for epoch in epochs])
        offset = start - epochs.start * n
        drawn: list[int] = order[offset : offset + count].tolist()
        return drawn


def shuffle(n: int, seed: int, epoch: int) -> Tensor:
    """A permutation of n examples that belongs to this seed and epoch."""
    digest = hashlib.sha256(f"{seed}\0{epoch}".encode()).digest()
    # torch heeds 32 bits of a seed: a shifted one would make seeds 0 and 4096 the same
    random = torch.Generator().manual_seed(int.from_bytes(digest[:4], "big"))
    return torch.randperm(n, generator=random)
