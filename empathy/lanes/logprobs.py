"""Log-probabilities of replies, without ever holding all logits.

Only hidden states that predict a reply token meet the vocabulary matrix, a few hundred at a time.
In most models they meet it as they are; BERT's pass through a transform first.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

from empathy.lanes.attention import attending, attention_masks, takes_blocks
from empathy.lanes.heads import head_of
from empathy.lanes.rows import Rows

CHUNK = 512  # hidden states that meet the vocabulary at once: 512 x 262,144 floats are 0.5 GB
FUSED_CHUNK = 2048  # the same for the kernel, whose logits are bfloat16 and have no copies


class _TokenLogps(torch.autograd.Function):
    """log softmax(h W^T + b)[target], with the gradient taken while the logits are at hand.

    A log-probability's slope is `1[v = target] - p(v)` at the logit of v, and that times W at its
    hidden state: as large as the hidden state itself, so keeping it costs little and no logits
    are kept.
    """

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor
    ) -> Tensor:
        fused = worth_fusing(hidden.device.type, hidden.dtype, TRITON)
        size = FUSED_CHUNK if fused else CHUNK
        logps, gradients = [], []
        for h, target in zip(hidden.split(size), targets.split(size), strict=True):
            logits = linear(h, weight, bias)
            sloped = ctx.needs_input_grad[0]
            logps.append((_fused_slopes if fused else _slopes)(logits, target, sloped))
            if sloped:
                gradients.append(logits @ weight)
        if gradients:
            ctx.save_for_backward(torch.cat(gradients))
        return torch.cat(logps)

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * grad[0][:, None].to(gradient.dtype), None, None, None


TRITON = find_spec("triton") is not None


def worth_fusing(device: str, dtype: torch.dtype, triton: bool) -> bool:
    """Whether the kernel takes the logits: on a GPU, of numbers that float32 can hold."""
    return device == "cuda" and triton and dtype != torch.float64


def _fused_slopes(logits: Tensor, targets: Tensor, sloped: bool) -> Tensor:
    from empathy.lanes.fused import slopes  # Triton comes with torch for a GPU alone

    return slopes(logits, targets, sloped)


def _slopes(logits: Tensor, targets: Tensor, sloped: bool) -> Tensor:
    """What the kernel computes, in float32 or better: log-probabilities, and slopes in place."""
    exact = _exact(logits)
    log_norm = exact.logsumexp(-1, keepdim=True)
    logps = exact.gather(-1, targets[:, None]) - log_norm
    if sloped:
        slopes = exact.sub_(log_norm).exp_().neg_()
        slopes.scatter_add_(-1, targets[:, None], torch.ones_like(logps))
        logits.copy_(slopes)
    return logps.squeeze(-1)


def token_logps(
    hidden: Tensor, weight: Tensor, targets: Tensor, bias: Tensor | None = None
) -> Tensor:
    """Log-probability of each target: `(t,)`.

    hidden `(t, d)`, weight `(vocabulary, d)`, bias `(vocabulary,)`. Computed in float32 or better
    whatever the dtype of the model. Where the weight is trained, too, each chunk's logits are
    computed a second time for the gradient rather than kept.
    """
    if weight.requires_grad:
        chunks = zip(hidden.split(CHUNK), targets.split(CHUNK), strict=True)
        return torch.cat(
            [checkpoint(_logps, h, weight, bias, t, use_reentrant=False) for h, t in chunks]
        )
    # torch does not annotate `Function.apply`
    logps: Tensor = _TokenLogps.apply(  # type: ignore[no-untyped-call]  # as said above
        hidden, weight, bias, targets
    )
    return logps


def _logps(hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor) -> Tensor:
    logits = _exact(linear(hidden, weight, bias))
    return logits.gather(-1, targets[:, None]).squeeze(-1) - logits.logsumexp(-1)


def _exact(logits: Tensor) -> Tensor:
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


class SequenceLogps(NamedTuple):
    """Per sequence: the summed log-probability of its tokens and how many they are, `(s,)` each."""

    logps: Tensor
    tokens: Tensor


def sequence_logps(model: PreTrainedModel, rows: Rows) -> SequenceLogps:
    """Summed log-probability of every reply in `rows` under the model as it stands."""
    blocks = takes_blocks(model)
    with attending(model, blocks):
        hidden = model.get_decoder()(
            input_ids=rows.ids,
            position_ids=rows.positions,
            attention_mask=attention_masks(rows, model.config, blocks),
            use_cache=False,
        ).last_hidden_state
    predicting = hidden.reshape(-1, hidden.shape[-1])[rows.predictors]
    head = head_of(model)
    logps = token_logps(head.features(predicting), head.weight, rows.targets, head.bias)
    none = logps.new_zeros(rows.sequences)
    return SequenceLogps(  # counted by a sum: a GPU's bincount would make the host wait
        none.index_add(0, rows.owners, logps),
        none.long().index_add(0, rows.owners, torch.ones_like(rows.owners)),
    )
