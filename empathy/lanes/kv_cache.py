"""Keys and values of a batch of replies that grows by a token at a time and loses rows.

The memory for all tokens is taken once. A cache that is joined to each new token, as transformers'
own is by default, copies itself whole at every token; one of fixed shape has every query look at
places that nothing has been written to yet.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import Cache, PreTrainedConfig
from transformers.cache_utils import DynamicLayer


class RoomyLayer(DynamicLayer):
    """One layer's keys and values `(n, heads, tokens so far, d)`: views of memory with room.

    Layers with a sliding window keep all tokens too: the mask hides those out of sight.
    """

    def __init__(self, room: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # transformers does not annotate it
        self.room = room
        self.memory: tuple[Tensor, ...] = ()

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Take the memory, as many rows as come first."""
        super().lazy_initialization(key_states, value_states)
        self.memory = tuple(
            new.new_empty(*new.shape[:2], self.room, new.shape[3])
            for new in (key_states, value_states)
        )

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Write the new tokens behind the others; returns all."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start = self.get_seq_length()
        end = start + key_states.shape[2]
        for memory, new in zip(self.memory, (key_states, value_states), strict=True):
            memory[:, :, start:end] = new
        self.keys, self.values = (memory[:, :, :end] for memory in self.memory)
        return self.keys, self.values

    def batch_select_indices(self, indices: Tensor) -> None:
        """Keep these rows, in this order; one may be there several times."""
        tokens = self.get_seq_length()
        old, self.memory = (
            self.memory,
            tuple(memory.new_empty(len(indices), *memory.shape[1:]) for memory in self.memory),
        )
        for memory, had in zip(self.memory, old, strict=True):
            torch.index_select(had[:, :, :tokens], 0, indices, out=memory[:, :, :tokens])
        self.keys, self.values = (memory[:, :, :tokens] for memory in self.memory)


def roomy_cache(config: PreTrainedConfig, room: int) -> Cache:
    """An empty cache for `room` tokens a row."""
    return Cache(layers=[RoomyLayer(room) for _ in range(config.num_hidden_layers)])
