"""What a lane minimises. Pure functions of log-probabilities: no model, no settings, no device."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import logsigmoid


class LaneLoss(NamedTuple):
    """A loss per lane `(k,)` and the curves that go with it under TRL's names, `(k,)` each."""

    loss: Tensor
    curves: dict[str, Tensor]


class Batch(NamedTuple):
    """Summed log-probabilities of k lanes with b examples of some replies: `(k, b, replies)`."""

    policy: Tensor
    reference: Tensor
    tokens: Tensor


def dpo(batch: Batch, beta: Tensor) -> LaneLoss:
    """Direct preference optimization (Rafailov et al. 2023, eq. 7), the mean over each lane.

    -log sigmoid(beta * [(log pi - log ref)(chosen) - (log pi - log ref)(rejected)])

    beta `(k,)`. Replies are (chosen, rejected). Equal policy and reference give log 2.
    """
    rewards = beta[:, None, None] * (batch.policy - batch.reference)  # implicit rewards
    chosen, rejected = rewards.unbind(-1)
    margins = chosen - rejected
    curves = {
        "rewards/chosen": chosen.mean(1),
        "rewards/rejected": rejected.mean(1),
        "rewards/margins": margins.mean(1),
        "rewards/accuracies": (margins > 0).to(margins).mean(1),
        "logps/chosen": batch.policy[..., 0].mean(1),
        "logps/rejected": batch.policy[..., 1].mean(1),
    }
    return LaneLoss(-logsigmoid(margins).mean(1), _detached(curves))


def sft(batch: Batch, beta: Tensor) -> LaneLoss:
    """Negative log-likelihood of the first reply, the mean over all its tokens in each lane."""
    tokens = batch.tokens[..., 0].sum(1)
    loss = -batch.policy[..., 0].sum(1) / tokens
    return LaneLoss(loss, _detached({"logps/chosen": batch.policy[..., 0].mean(1)}))


def _detached(curves: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: curve.detach() for name, curve in curves.items()}


LOSSES: dict[str, Callable[[Batch, Tensor], LaneLoss]] = {"dpo": dpo, "sft": sft}
