"""Replies of all lanes at once, with a key-value cache.

A sampled token is read off the cumulative distribution at one uniform number. The numbers belong to
the request, not to the batch: a reply does not depend on who is sampled beside it, and two lanes
asked the same question are compared under the same luck (common random numbers).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear
from transformers import Cache, PreTrainedModel

from empathy.lanes.heads import head_of
from empathy.lanes.kv_cache import roomy_cache

# Sequences decoded together: a CPU gains nothing by more, a GPU wants thousands.
ROWS_PER_PASS = {"cpu": 96, "cuda": 1024}
PAST_END = -1  # in place of tokens after the end of a reply
SHRINK_AT = 0.75  # copying the cache pays once this share of the rows, or less, goes on


class Request(NamedTuple):
    """A tokenised prompt and the seed of its sampled reply."""

    prompt: tuple[int, ...]
    seed: int


class Generated(NamedTuple):
    """Token ids with the end token if there is one, whether it ended, and log pi of all of them."""

    tokens: tuple[int, ...]
    finished: bool
    logp: float


class Decoding(NamedTuple):
    """How replies are drawn; temperature 0 is greedy."""

    temperature: float
    max_new_tokens: int
    stop: Collection[int]
    pad: int


@torch.no_grad()
def generate(
    model: PreTrainedModel, requests: Sequence[Request], lanes: int, decoding: Decoding
) -> list[list[Generated]]:
    """Every lane's reply to every request, `[lane][request]`.

    The caller chooses the lanes with `Layout.using`; outside of it, 1 is the bare model.
    """
    order = sorted(range(len(requests)), key=lambda i: len(requests[i].prompt))
    size = max(1, ROWS_PER_PASS[next(model.parameters()).device.type] // lanes)
    replies: list[list[Generated | None]] = [[None] * len(requests) for _ in range(lanes)]
    for start in range(0, len(order), size):
        chunk = order[start : start + size]
        generated = _decode(model, [requests[i] for i in chunk], lanes, decoding)
        for lane in range(lanes):
            for place, i in enumerate(chunk):
                replies[lane][i] = generated[lane * len(chunk) + place]
    return [[reply for reply in row if reply is not None] for row in replies]


def _decode(
    model: PreTrainedModel, requests: Sequence[Request], lanes: int, decoding: Decoding
) -> list[Generated]:
    """Decode lanes x requests rows, lane-major, until all have ended."""
    device = next(model.parameters()).device
    logits, batch = _prefilled(model, requests, lanes, decoding)
    luck = torch.stack([_uniforms(request.seed, decoding.max_new_tokens) for request in requests])
    luck = luck.repeat(lanes, 1).to(device)
    stop = torch.tensor(sorted(decoding.stop), device=device)
    logps = torch.zeros(len(luck), device=device)
    tokens = torch.full(luck.shape, PAST_END, device=device)
    for number in range(decoding.max_new_tokens):
        token = choose(logits, luck[batch.row, number], decoding.temperature)
        chosen = logits.gather(1, token[:, None])[:, 0] - logits.logsumexp(-1)
        own = batch.row[batch.going]
        tokens[own, number] = token[batch.going]
        logps[own] += chosen[batch.going]
        batch.going &= ~torch.isin(token, stop)
        kept = batch.shrink(lanes)
        if not len(batch.row):
            break
        if number + 1 < decoding.max_new_tokens:
            logits = batch.next_logits(model, token[kept, None])
    return _collect(tokens, logps, stop)


def _prefilled(
    model: PreTrainedModel, requests: Sequence[Request], lanes: int, decoding: Decoding
) -> tuple[Tensor, _Batch]:
    """Logits `(n, vocabulary)` of the first token of each row, and the rows that have read on.

    Several draws for one prompt share its reading.
    """
    device = next(model.parameters()).device
    prompts = list(dict.fromkeys(request.prompt for request in requests))
    ids, seen = (x.repeat(lanes, 1).to(device) for x in _left_padded(prompts, decoding.pad))
    cache = roomy_cache(model.config, ids.shape[1] + decoding.max_new_tokens)
    row = torch.arange(lanes * len(requests), device=device)
    batch = _Batch(cache, seen.new_empty(len(seen), 0), row, torch.ones_like(row, dtype=torch.bool))
    logits = batch.next_logits(model, ids, seen)
    own = [prompts.index(request.prompt) for request in requests]
    if len(own) > len(prompts):
        rows = torch.tensor([lane * len(prompts) + i for lane in range(lanes) for i in own])
        logits = logits[rows.to(device)]
        batch.select(rows.to(device))
    return logits, batch


@dataclass
class _Batch:
    """The rows still decoded, lane-major, every lane with as many of them."""

    cache: Cache
    seen: Tensor  # (n, tokens so far) 0 where a short prompt is padded
    row: Tensor  # (n,) which of lanes x requests each is
    going: Tensor  # (n,) bool; one that has ended may stay as filler

    def shrink(self, lanes: int) -> Tensor:
        """Let rows leave that have ended, where that saves enough; returns which stay, `(m,)`.

        Lanes must have equally many rows, so that the one with most to say sets their number.
        """
        going = self.going.view(lanes, -1)
        slots, needed = going.shape[1], int(going.sum(1).max())
        if needed > SHRINK_AT * slots:
            return torch.arange(len(self.row), device=going.device)
        first = going.int().sort(dim=1, descending=True, stable=True).indices[:, :needed]
        kept = (first + slots * torch.arange(lanes, device=going.device)[:, None]).flatten()
        self.row, self.going = self.row[kept], self.going[kept]
        if needed:
            self.select(kept)
        return kept

    def select(self, rows: Tensor) -> None:
        """Keep what these rows have read, in this order."""
        self.cache.batch_select_indices(rows)
        self.seen = self.seen[rows]

    def next_logits(
        self, model: PreTrainedModel, ids: Tensor, seen: Tensor | None = None
    ) -> Tensor:
        """Logits `(n, vocabulary)` after new tokens `(n, t)`; `seen` is 0 at padding."""
        self.seen = torch.cat([self.seen, torch.ones_like(ids) if seen is None else seen], dim=1)
        positions = (self.seen.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        hidden = model.get_decoder()(
            input_ids=ids,
            attention_mask=self.seen,
            position_ids=positions,
            past_key_values=self.cache,
            use_cache=True,
        ).last_hidden_state
        # Two dimensions: of three, torch makes a batched product with a copy of the weights per row
        head = head_of(model)
        return linear(head.features(hidden[:, -1]), head.weight, head.bias).float()



def choose(logits: Tensor, uniform: Tensor, temperature: float) -> Tensor:
    """A token per row of logits `(n, vocabulary)`: the inverse distribution at uniform `(n,)`."""
    if temperature == 0:
        return logits.argmax(-1)
    cumulative = (logits / temperature).softmax(-1).cumsum(-1)
    wanted = uniform[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, wanted)[:, 0].clamp(max=logits.shape[-1] - 1)


def _uniforms(seed: int, n: int) -> Tensor:
    return torch.rand(n, generator=torch.Generator().manual_seed(seed))


def _left_padded(prompts: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor]:
    """Ids and attention mask `(n, longest)`; every prompt ends in the last column."""
    width = max(map(len, prompts))
    ids = torch.tensor([[pad] * (width - len(p)) + list(p) for p in prompts])
    seen = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
    return ids, seen


def _collect(tokens: Tensor, logps: Tensor, stop: Tensor) -> list[Generated]:
    ends = torch.isin(tokens, stop).any(1).tolist()
    rows = [tuple(t for t in row if t != PAST_END) for row in tokens.tolist()]
    return [Generated(*row) for row in zip(rows, ends, logps.tolist(), strict=True)]
