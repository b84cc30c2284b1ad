"""Does a model read from left to right, and a packed row as if its replies stood alone?

All that is trained and measured here rests on that. A model with another attention mask would
still train: it would learn to copy the reply that it sees.
"""

from __future__ import annotations

import torch
from torch import Tensor
from transformers import PreTrainedModel

from empathy.errors import UserError
from empathy.lanes.logprobs import sequence_logps
from empathy.lanes.rows import Example, pack

# Nats on one token, for the same text in a row of another shape.
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-3, torch.bfloat16: 0.5, torch.float16: 0.25}
PROMPT, REPLY = 6, 5  # tokens


@torch.no_grad()
def check(model: PreTrainedModel, source: str) -> None:
    """Raises UserError, naming `source`, for a model that fails; two short forward passes."""
    tolerance = TOLERANCE[model.dtype]
    if not (error := _look_ahead(model)) <= tolerance:
        raise UserError(
            f"{source} is not causal: a later token changes the log-probability of an earlier one "
            f"by {error:.2g} nats; give a decoder, or a model whose configuration can make it one"
        )
    if not (error := _packing(model)) <= tolerance:
        raise UserError(
            f"{source} reads packed rows otherwise than plain sequences, by {error:.2g} nats on a "
            "token: it does not heed attention masks or positions; give another model"
        )


def _look_ahead(model: PreTrainedModel) -> float:
    """How far the first log-probabilities of a text move with its end, in nats."""
    texts = _tokens(model, (2, PROMPT + REPLY))
    texts[1, :PROMPT] = texts[0, :PROMPT]
    one, other = _exactly(model(input_ids=texts).logits[:, :PROMPT]).log_softmax(-1)
    return float((one - other).abs().max())


def _packing(model: PreTrainedModel) -> float:
    """The largest difference per token between a reply in a packed row and by itself, in nats."""
    tokens = _tokens(model, (2, 2 * PROMPT + 3 * REPLY))
    examples = [
        Example(_ids(row, 0, n), (_ids(row, n, n + REPLY), _ids(row, n + REPLY, n + 8)))
        for row, n in zip(tokens, (PROMPT, 2 * PROMPT), strict=True)
    ]
    packed = sequence_logps(model, pack([examples]).to(model.device))
    plain = [_plain(model, each.prompt, reply) for each in examples for reply in each.replies]
    return float(((packed.logps - torch.stack(plain)) / packed.tokens).abs().max())


def _plain(model: PreTrainedModel, prompt: tuple[int, ...], reply: tuple[int, ...]) -> Tensor:
    ids = torch.tensor([[*prompt, *reply]], device=model.device)
    logps = _exactly(model(input_ids=ids).logits[0, :-1]).log_softmax(-1)
    return logps.gather(-1, ids[0, 1:, None])[len(prompt) - 1 :].sum()


def _exactly(logits: Tensor) -> Tensor:
    """In float32 or better."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _ids(row: Tensor, start: int, end: int) -> tuple[int, ...]:
    return tuple(row[start:end].tolist())


def _tokens(model: PreTrainedModel, shape: tuple[int, int]) -> Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.randint(model.config.vocab_size, shape, generator=random).to(model.device)
