"""Replies of all lanes at once, with a key-value cache.

A sampled token is read off the cumulative distribution at one uniform number. The numbers belong to
the request, not to the batch: a reply does not depend on who is sampled beside it, and two lanes
asked the same question are compared under the same luck (common random numbers).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear
from transformers import DynamicCache, PreTrainedModel

from empathy.lanes.heads import head_of

ROWS_PER_PASS = 96  # sequences decoded together


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
    size = max(1, ROWS_PER_PASS // lanes)
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
    prompts = list(dict.fromkeys(request.prompt for request in requests))
    ids, seen = (x.repeat(lanes, 1).to(device) for x in _left_padded(prompts, decoding.pad))
    luck = torch.stack([_uniforms(request.seed, decoding.max_new_tokens) for request in requests])
    luck = luck.repeat(lanes, 1).to(device)
    stop = torch.tensor(sorted(decoding.stop), device=device)
    cache = DynamicCache(config=model.config)
    logits = _next_logits(model, ids, seen, cache)
    # several draws for one prompt share its prefill
    own = [prompts.index(request.prompt) for request in requests]
    rows = torch.tensor([lane * len(prompts) + i for lane in range(lanes) for i in own]).to(device)
    cache.batch_select_indices(rows)
    logits, seen = logits[rows], seen[rows]
    going = torch.ones(len(rows), dtype=torch.bool, device=device)
    logps = torch.zeros(len(rows), device=device)
    tokens: list[Tensor] = []
    while True:
        token = choose(logits, luck[:, len(tokens)], decoding.temperature)
        logp = logits.log_softmax(-1).gather(1, token[:, None])[:, 0]
        logps += torch.where(going, logp, 0.0)
        tokens.append(torch.where(going, token, PAST_END))
        going = going & ~torch.isin(token, stop)
        if len(tokens) == decoding.max_new_tokens or not going.any():
            return _collect(torch.stack(tokens, dim=1), logps, stop)
        seen = torch.cat([seen, seen.new_ones(len(seen), 1)], dim=1)
        logits = _next_logits(model, token[:, None], seen, cache)


def _next_logits(model: PreTrainedModel, ids: Tensor, seen: Tensor, cache: DynamicCache) -> Tensor:
    """Logits `(n, vocabulary)` after the new tokens `ids`; the cache grows by them."""
    positions = (seen.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
    hidden = model.get_decoder()(
        input_ids=ids,
        attention_mask=seen,
        position_ids=positions,
        past_key_values=cache,
        use_cache=True,
    ).last_hidden_state
    # Two dimensions: of three, torch makes a batched product with a copy of the weights per row.
    head = head_of(model)
    return linear(head.features(hidden[:, -1]), head.weight, head.bias).float()


PAST_END = -1


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
