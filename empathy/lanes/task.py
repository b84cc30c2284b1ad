"""What lanes learn, and in which order each of them reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from empathy.lanes.rows import Example


@dataclass(frozen=True)
class Task:
    """What all lanes learn: the examples, what the reference says of them, and how."""

    examples: Sequence[Example]
    reference: Tensor  # (n, replies) summed log-probabilities; zeros where the loss has none
    loss: str  # a name in LOSSES
    max_steps: int
    batch_size: int
    gradient_accumulation: int = 1

    def batch(self, seed: int, number: int) -> list[int]:
        """Example indices of a lane's `number`-th forward pass.

        The order is an endless row of seeded shuffles, cut in batches: a function of the seed
        alone, so that a resumed lane goes on where it was.
        """
        start = number * self.batch_size
        n = len(self.examples)
        epochs = range(start // n, (start + self.batch_size - 1) // n + 1)
        order = torch.cat([shuffle(n, seed, epoch) for epoch in epochs])
        offset = start - epochs.start * n
        batch: list[int] = order[offset : offset + self.batch_size].tolist()
        return batch


def shuffle(n: int, seed: int, epoch: int) -> Tensor:
    """A permutation of n examples that belongs to this seed and epoch."""
    digest = hashlib.sha256(f"{seed}\0{epoch}".encode()).digest()
    # torch heeds 32 bits of a seed: a shifted one would make seeds 0 and 4096 the same
    random = torch.Generator().manual_seed(int.from_bytes(digest[:4], "big"))
    return torch.randperm(n, generator=random)
