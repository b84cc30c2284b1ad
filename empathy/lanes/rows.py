"""Tokenised pairs packed into rows that a decoder reads once.

A pair is laid out as `[prompt | chosen | rejected]`: the prompt is computed once. The rejected
reply takes up its positions right after the prompt and may not look at the chosen one. Several
pairs share a row, none sees another. A supervised example is the same with a single reply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedConfig

PADDING = -1
ROW_STEP = 16  # widths are multiples of this, so that a few shapes serve all batches


class Example(NamedTuple):
    """Token ids of a prompt and of its replies: (chosen, rejected) for DPO, (reply,) for SFT."""

    prompt: tuple[int, ...]
    replies: tuple[tuple[int, ...], ...]

    @property
    def length(self) -> int:
        """Tokens in its row."""
        return len(self.prompt) + sum(map(len, self.replies))

    def truncated(self, max_length: int) -> Example:
        """Replies lose their end where prompt and reply exceed `max_length`, as in TRL.

        Raises ValueError if the prompt alone fills it: there would be nothing to learn.
        """
        room = max_length - len(self.prompt)
        if room < 1:
            raise ValueError(f"a prompt of {len(self.prompt)} tokens fills all {max_length}")
        return Example(self.prompt, tuple(reply[:room] for reply in self.replies))


@dataclass(frozen=True)
class Rows:
    """A batch of n rows of L tokens, and where its replies are.

    Sequences (replies) are numbered in the order of the examples: reply j of example i, counted
    over all lanes, is `i * replies + j`.
    """

    ids: Tensor  # (n, L)
    positions: Tensor  # (n, L) position ids: both replies start after the prompt
    example: Tensor  # (n, L) which example of the row a token belongs to, PADDING for none
    part: Tensor  # (n, L) 0 for the prompt, 1 for the first reply, 2 for the second
    predictors: Tensor  # (t,) index into the n * L hidden states that predict a reply token
    targets: Tensor  # (t,) the token each of them predicts
    owners: Tensor  # (t,) the sequence it belongs to
    sequences: int

    def to(self, device: torch.device) -> Rows:
        """The same rows on another device."""
        return replace(self, **{name: getattr(self, name).to(device) for name in _TENSORS})

    def attends(self, window: int | None = None) -> Tensor:
        """Who may look at whom, `(n, 1, L, L)` bool; a window counts positions, not indices."""
        index = torch.arange(self.ids.shape[1], device=self.ids.device)
        query, key = (slice(None), slice(None), None), (slice(None), None, slice(None))
        seen = (self.example[query] == self.example[key]) & (index[:, None] >= index)
        seen &= (self.part[key] == 0) | (self.part[key] == self.part[query])
        if window is not None:
            seen &= self.positions[query] - self.positions[key] < window
        return (seen | (index[:, None] == index))[:, None]  # padding sees itself: no NaN rows


_TENSORS = ("ids", "positions", "example", "part", "predictors", "targets", "owners")


def attention_masks(rows: Rows, config: PreTrainedConfig) -> Tensor | dict[str, Tensor]:
    """The masks in the form the model takes: one, or one per kind of layer (Gemma 3)."""
    if "sliding_attention" not in (getattr(config, "layer_types", None) or ()):
        return rows.attends()
    return {
        "full_attention": rows.attends(),
        "sliding_attention": rows.attends(config.sliding_window),
    }


def pack(lanes: Sequence[Sequence[Example]]) -> Rows:
    """Lay out each lane's examples in as few rows as fit, lane-major, all lanes equally many.

    Rows are as wide as the longest example needs; the others fill them first-fit, longest first.
    """
    longest = max(example.length for batch in lanes for example in batch)
    width = -(-longest // ROW_STEP) * ROW_STEP
    placed = [_first_fit(batch, width) for batch in lanes]
    depth = max(len(rows) for rows in placed)
    per_example = len(lanes[0][0].replies)
    writer = _Writer(torch.zeros((4, len(lanes) * depth, width), dtype=torch.long))
    first = 0  # sequences of earlier lanes
    for lane, (batch, rows) in enumerate(zip(lanes, placed, strict=True)):
        for row, members in enumerate(rows):
            for slot, member in enumerate(members):
                writer.write(lane * depth + row, slot, batch[member], first + member * per_example)
        first += len(batch) * per_example
    return writer.rows(first)


def _first_fit(batch: Sequence[Example], width: int) -> list[list[int]]:
    """Indices of the examples of each row."""
    rows: list[list[int]] = []
    room: list[int] = []
    for index in sorted(range(len(batch)), key=lambda i: -batch[i].length):
        length = batch[index].length
        row = next((r for r, free in enumerate(room) if free >= length), None)
        if row is None:
            rows.append([])
            room.append(width)
            row = len(rows) - 1
        rows[row].append(index)
        room[row] -= length
    return rows


class _Writer:
    """Fills a grid `(4, n, L)` of ids, positions, examples and parts, reply by reply."""

    def __init__(self, grid: Tensor) -> None:
        self.ids, self.positions, self.example, self.part = grid.unbind()
        self.example.fill_(PADDING)
        self.used = [0] * grid.shape[1]
        self.predictors: list[int] = []
        self.targets: list[int] = []
        self.owners: list[int] = []

    def write(self, row: int, slot: int, example: Example, first_sequence: int) -> None:
        """Append one example to a row."""
        start = self._segment(row, slot, 0, example.prompt, 0)
        last = row * self.ids.shape[1] + start + len(example.prompt) - 1
        for reply, tokens in enumerate(example.replies):
            start = self._segment(row, slot, reply + 1, tokens, len(example.prompt))
            here = row * self.ids.shape[1] + start
            # the prompt's last token predicts the first token of every reply
            self.predictors += [last, *range(here, here + len(tokens) - 1)]
            self.targets += tokens
            self.owners += [first_sequence + reply] * len(tokens)

    def _segment(self, row: int, slot: int, part: int, tokens: Sequence[int], position: int) -> int:
        start = self.used[row]
        place = slice(start, start + len(tokens))
        self.ids[row, place] = torch.tensor(tokens)
        self.positions[row, place] = torch.arange(position, position + len(tokens))
        self.example[row, place] = slot
        self.part[row, place] = part
        self.used[row] += len(tokens)
        return start

    def rows(self, sequences: int) -> Rows:
        """What was written."""
        return Rows(
            ids=self.ids,
            positions=self.positions,
            example=self.example,
            part=self.part,
            predictors=torch.tensor(self.predictors),
            targets=torch.tensor(self.targets),
            owners=torch.tensor(self.owners),
            sequences=sequences,
        )
