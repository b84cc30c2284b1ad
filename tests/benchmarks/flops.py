"""How many floating-point operations a pair needs, and how many this device does at its best.

Counted is what the mathematics of a step needs, once: the prompt of a pair a single time, no
gradient of a frozen weight, no activation computed again, logits at reply tokens alone, no padding,
no reference (once per sweep) and none of the rest (norms, softmax, AdamW), which is under a
hundredth. A contender that does more work does not score by it. See the README.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any, NamedTuple

from empathy.lanes.rows import Example

SIDE = {"cpu": 1024, "cuda": 8192}  # of the square matrices that are multiplied
TRIES = 7


class Dimensions(NamedTuple):
    """What of a decoder's configuration its cost depends on."""

    hidden: int
    intermediate: int
    heads: int
    key_heads: int
    head_width: int
    vocabulary: int
    windows: tuple[int | None, ...]
    """By layer how far back a token sees; None: to the start."""

    def linear_layers(self) -> Iterator[tuple[int, int]]:
        """Width in and out of the linear layers of one block: attention's four, then three."""
        asks, keys = self.heads * self.head_width, self.key_heads * self.head_width
        yield from ((self.hidden, asks), (self.hidden, keys), (self.hidden, keys))
        yield from ((asks, self.hidden), (self.hidden, self.intermediate))
        yield from ((self.hidden, self.intermediate), (self.intermediate, self.hidden))

    @property
    def body(self) -> int:
        """Frozen weights that every token passes: all blocks, without embeddings and head."""
        return len(self.windows) * sum(into * out for into, out in self.linear_layers())

    def adapter(self, rank: int) -> int:
        """Weights of a LoRA adapter on all linear layers."""
        return len(self.windows) * sum(rank * (into + out) for into, out in self.linear_layers())


def dimensions(config: Any) -> Dimensions:
    """Those of a configuration of the Llama or Gemma kind."""
    kinds = getattr(config, "layer_types", None) or ["full_attention"] * config.num_hidden_layers
    return Dimensions(
        hidden=config.hidden_size,
        intermediate=config.intermediate_size,
        heads=config.num_attention_heads,
        key_heads=config.num_key_value_heads,
        head_width=config.head_dim,
        vocabulary=config.vocab_size,
        windows=tuple(config.sliding_window if k == "sliding_attention" else None for k in kinds),
    )


def seen(tokens: int, window: int | None = None) -> int:
    """Pairs of a token and one that it may look at, itself included, in a text of this length."""
    near = tokens if window is None else min(tokens, window)
    return near * (near + 1) // 2 + (tokens - near) * near


def of_pair(model: Dimensions, pair: Example, rank: int) -> int:
    """Operations of one pair, forward and backward; the terms are those of the README."""
    prompt, replies = len(pair.prompt), [len(reply) for reply in pair.replies]
    tokens, written = pair.length, sum(replies)
    looks = sum(
        sum(seen(prompt + reply, window) - seen(prompt, window) for reply in replies)
        + seen(prompt, window)
        for window in model.windows
    )
    frozen = (2 + 2) * model.body * tokens
    lora = (2 + 4) * model.adapter(rank) * tokens
    attention = (4 + 8) * model.heads * model.head_width * looks
    head = (2 + 2) * model.hidden * model.vocabulary * written
    return frozen + lora + attention + head


def mean_of_pairs(model: Dimensions, pairs: Sequence[Example], rank: int) -> float:
    """Operations of a pair on average."""
    return sum(of_pair(model, pair, rank) for pair in pairs) / len(pairs)


def matrix_rate() -> float:
    """Operations a second of a large matrix product here, in the number format of a sweep."""
    import torch

    from empathy import device

    place = device.choose("auto")
    side = SIDE[place.device.type]
    a, b = (torch.randn(side, side, device=place.device, dtype=place.dtype) for _ in range(2))
    seconds = []
    for _ in range(TRIES + 1):
        start = now()
        a @ b
        seconds.append(now() - start)
    return 2 * side**3 / median(seconds[1:])


def now() -> float:
    """The time when all work so far is done, also on a GPU."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()
