"""Log-probabilities of replies, without ever holding all logits.

Only hidden states that predict a reply token meet the vocabulary matrix, a few hundred at a time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedModel

from empathy.lanes.rows import Rows, attention_masks

CHUNK = 512  # hidden states that meet the vocabulary at once: 512 x 262,144 floats are 0.5 GB


class _TokenLogps(torch.autograd.Function):
    """log softmax(h W^T)[target], with the gradient taken while the logits are at hand.

    The gradient of one log-probability with respect to its hidden state is `W[target] - p W`: as
    large as the hidden state itself, so keeping it costs little and no logits are kept.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        logps, gradients = [], []
        for h, target in zip(hidden.split(CHUNK), targets.split(CHUNK), strict=True):
            logits = h @ weight.T
            logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
            log_norm = logits.logsumexp(-1, keepdim=True)
            logps.append((logits.gather(-1, target[:, None]) - log_norm).squeeze(-1))
            if ctx.needs_input_grad[0]:
                p = logits.sub_(log_norm).exp_().to(weight.dtype)
                gradients.append(weight[target] - p @ weight)
        if gradients:
            ctx.save_for_backward(torch.cat(gradients))
        return torch.cat(logps)

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * grad[0][:, None].to(gradient.dtype), None, None


def token_logps(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Log-probability of each target. hidden `(t, d)`, frozen weight `(vocabulary, d)`: `(t,)`.

    Computed in float32 or better whatever the dtype of the model.
    """
    logps: Tensor = _TokenLogps.apply(hidden, weight, targets)  # type: ignore[no-untyped-call]
    return logps


class SequenceLogps(NamedTuple):
    """Per sequence: the summed log-probability of its tokens and how many they are, `(s,)` each."""

    logps: Tensor
    tokens: Tensor


def sequence_logps(model: PreTrainedModel, rows: Rows) -> SequenceLogps:
    """Summed log-probability of every reply in `rows` under the model as it stands."""
    hidden = model.get_decoder()(
        input_ids=rows.ids,
        position_ids=rows.positions,
        attention_mask=attention_masks(rows, model.config),
        use_cache=False,
    ).last_hidden_state
    predicting = hidden.reshape(-1, hidden.shape[-1])[rows.predictors]
    logps = token_logps(predicting, model.get_output_embeddings().weight, rows.targets)
    return SequenceLogps(
        logps.new_zeros(rows.sequences).index_add(0, rows.owners, logps),
        torch.bincount(rows.owners, minlength=rows.sequences),
    )
