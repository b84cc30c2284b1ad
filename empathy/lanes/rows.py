"""Tokenised pairs packed into rows that a decoder reads once.

A pair is laid out as `[prompt | chosen | rejected]`: the prompt is computed once. The rejected
reply takes up its positions right after the prompt and may not look at the chosen one. Several
pairs share a row, none sees another. A supervised example is the same with a single reply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from empathy.device import moved

PADDING = -1
ROW_STEP = 16  # widths are multiples of this, so that a few shapes serve all batches
LINE_STEP = 128  # the same for rows in line: the side of FlexAttention's blocks

Rule = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""Row, head, query and key index to whether the query sees the key: FlexAttention's `mask_mod`."""


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
        tensors: dict[str, Any] = {name: moved(getattr(self, name), device) for name in _TENSORS}
        return replace(self, **tensors)

    def rule(self, window: int | None = None) -> Rule:
        """Who may look at whom; a window counts positions, not indices."""
        example, part, positions = self.example, self.part, self.positions

        def seen(row: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
            shared = (part[row, key] == 0) | (part[row, key] == part[row, query])
            seen = (query >= key) & (example[row, query] == example[row, key]) & shared
            if window is not None:
                seen = seen & (positions[row, query] - positions[row, key] < window)
            return seen | (query == key)  # padding sees itself: no NaN rows

        return seen

    def attends(self, window: int | None = None) -> Tensor:
        """The rule as a dense mask `(n, 1, L, L)` bool."""
        n, width = self.ids.shape
        index = torch.arange(width, device=self.ids.device)
        row = torch.arange(n, device=self.ids.device)[:, None, None, None]
        return self.rule(window)(row, torch.zeros_like(row), index[:, None], index)


_TENSORS = ("ids", "positions", "example", "part", "predictors", "targets", "owners")


def pack(lanes: Sequence[Sequence[Example]], in_line: bool = False) -> Rows:
    """Lay out each lane's examples in as few rows as fit, lane-major, all lanes equally many.

    Rows are as wide as the longest example needs; the others fill them first-fit, longest first.
    In line, each lane has a single row: where masked blocks cost nothing, that wastes the least.
    A lane without examples is padding.
    """
    if in_line:
        longest = max(sum(example.length for example in batch) for batch in lanes)
        return _laid_out(lanes, [[range(len(batch))] for batch in lanes], line_width(longest))
    longest = max(example.length for batch in lanes for example in batch)
    width = -(-longest // ROW_STEP) * ROW_STEP
    return _laid_out(lanes, [_first_fit(batch, width) for batch in lanes], width)


def line_width(tokens: int) -> int:
    """The next of a few widths, eight to every doubling and whole blocks of attention.

    A shape that was met before needs no compilation; at most an eighth of it is padding.
    """
    step = max(LINE_STEP, (1 << (tokens.bit_length() - 1)) // 8)
    return -(-tokens // step) * step


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


class _Segment(NamedTuple):
    """A prompt or a reply on the grid of n * L tokens."""

    start: int
    position: int  # position id of its first token
    slot: int  # of its example in the row
    part: int
    owner: int  # a reply's sequence
    before: int  # where the prompt's last token stands: it predicts the first one of every reply


def _laid_out(
    lanes: Sequence[Sequence[Example]], placed: Sequence[Sequence[Sequence[int]]], width: int
) -> Rows:
    """Write each lane's examples into its rows, which are lists of their indices."""
    depth = max(map(len, placed))
    replies = len(next(batch[0].replies for batch in lanes if batch))
    segments: list[_Segment] = []
    texts: list[tuple[int, ...]] = []
    sequences = 0
    for lane, (batch, rows) in enumerate(zip(lanes, placed, strict=True)):
        for row, members in enumerate(rows):
            start = (lane * depth + row) * width
            for slot, member in enumerate(members):
                owner, prompt = sequences + member * replies, batch[member].prompt
                before = start + len(prompt) - 1
                for part, text in enumerate((prompt, *batch[member].replies)):
                    position = len(prompt) if part else 0
                    segments.append(_Segment(start, position, slot, part, owner + part - 1, before))
                    texts.append(text)
                    start += len(text)
        sequences += len(batch) * replies
    return _rows(segments, texts, (len(lanes) * depth, width), sequences)


def _rows(
    segments: Sequence[_Segment],
    texts: Sequence[Sequence[int]],
    shape: tuple[int, int],
    sequences: int,
) -> Rows:
    """All tokens of all segments at once."""
    tokens = torch.tensor([token for text in texts for token in text])
    lengths = torch.tensor([len(text) for text in texts])
    segment = torch.repeat_interleave(lengths)  # of each token
    start, position, slot, part, owner, before = torch.tensor(segments)[segment].unbind(1)
    offset = torch.arange(len(tokens)) - (lengths.cumsum(0) - lengths)[segment]
    place, said = start + offset, part > 0
    grid = torch.zeros(4, shape[0] * shape[1], dtype=torch.long)
    grid[2] = PADDING
    grid[:, place] = torch.stack([tokens, position + offset, slot, part])
    ids, positions, example, parts = grid.view(4, *shape)
    return Rows(
        ids,
        positions,
        example,
        parts,
        predictors=torch.where(offset == 0, before, place - 1)[said],
        targets=tokens[said],
        owners=owner[said],
        sequences=sequences,
    )
