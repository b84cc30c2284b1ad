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


class Tuning(NamedTuple):
    """What each lane sets for its own loss, `(k,)` each."""

    beta: Tensor
    label_smoothing: Tensor
    """The share of pairs taken to be labelled the wrong way round; `robust` alone reads it."""


def sigmoid(batch: Batch, tuning: Tuning) -> LaneLoss:
    """Direct preference optimization (Rafailov et al. 2023, eq. 7), the mean over each lane.

    -log sigmoid(beta * [(log pi - log ref)(chosen) - (log pi - log ref)(rejected)])

    Replies are (chosen, rejected). Equal policy and reference give log 2.
    """
    return _preference(batch, tuning, -logsigmoid(_margins(_gains(batch), tuning)))


def sigmoid_norm(batch: Batch, tuning: Tuning) -> LaneLoss:
    """The same on the mean over a reply's tokens, so that length earns nothing by itself.

    -log sigmoid(beta * [mean(log pi - log ref)(chosen) - mean(log pi - log ref)(rejected)])

    Length-normalised DPO (Lambert et al. 2024, Tulu 3). Useful betas are larger than for
    `sigmoid` by about the length of a reply.
    """
    return _preference(batch, tuning, -logsigmoid(_margins(_mean_gains(batch), tuning)))


def hinge(batch: Batch, tuning: Tuning) -> LaneLoss:
    """max(0, 1 - beta * [gain of chosen - gain of rejected]): nothing more beyond a margin of 1.

    SLiC's rank calibration (Zhao et al. 2023) on implicit rewards, as RSO has it (Liu et al.
    2024). Equal policy and reference give 1.
    """
    return _preference(batch, tuning, (1 - _margins(_gains(batch), tuning)).relu())


def ipo(batch: Batch, tuning: Tuning) -> LaneLoss:
    """Identity preference optimization (Azar et al. 2024, eq. 17); beta is the paper's tau.

    ([mean(log pi - log ref)(chosen) - mean(log pi - log ref)(rejected)] - 1 / (2 beta))^2

    The mean over a reply's tokens is TRL's reading, agreed with the authors; the paper sums.
    """
    chosen, rejected = _mean_gains(batch).unbind(-1)
    wanted = 1 / (2 * tuning.beta[:, None])
    return _preference(batch, tuning, (chosen - rejected - wanted).square())


def robust(batch: Batch, tuning: Tuning) -> LaneLoss:
    """`sigmoid` for pairs of which a share e is labelled the wrong way round: unbiased in mean.

    [-(1 - e) log sigmoid(margin) + e log sigmoid(-margin)] / (1 - 2 e)

    Robust DPO (Chowdhury et al. 2024); e is `label_smoothing`, under 0.5. With e = 0 it is
    `sigmoid`, and equal policy and reference give log 2 whatever e. It has no lower bound.
    """
    flipped, margins = tuning.label_smoothing[:, None], _margins(_gains(batch), tuning)
    told = -(1 - flipped) * logsigmoid(margins) + flipped * logsigmoid(-margins)
    return _preference(batch, tuning, told / (1 - 2 * flipped))


def sft(batch: Batch, tuning: Tuning) -> LaneLoss:
    """Negative log-likelihood of the first reply, the mean over all its tokens in each lane."""
    tokens = batch.tokens[..., 0].sum(1)
    loss = -batch.policy[..., 0].sum(1) / tokens
    return LaneLoss(loss, _detached({"logps/chosen": batch.policy[..., 0].mean(1)}))


def _gains(batch: Batch) -> Tensor:
    """log pi - log ref of each reply, `(k, b, replies)`."""
    return batch.policy - batch.reference


def _mean_gains(batch: Batch) -> Tensor:
    return _gains(batch) / batch.tokens


def _margins(gains: Tensor, tuning: Tuning) -> Tensor:
    """beta * (gain of the chosen - gain of the rejected reply), `(k, b)`."""
    chosen, rejected = gains.unbind(-1)
    return tuning.beta[:, None] * (chosen - rejected)


def _preference(batch: Batch, tuning: Tuning, told: Tensor) -> LaneLoss:
    """The mean of the pairs' losses `told` `(k, b)`, and the curves, which all losses share."""
    rewards = tuning.beta[:, None, None] * _gains(batch)  # implicit rewards (DPO, eq. 5)
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
    return LaneLoss(told.mean(1), _detached(curves))


def _detached(curves: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: curve.detach() for name, curve in curves.items()}


LOSSES: dict[str, Callable[[Batch, Tuning], LaneLoss]] = {
    "sigmoid": sigmoid,
    "sigmoid_norm": sigmoid_norm,
    "hinge": hinge,
    "ipo": ipo,
    "robust": robust,
    "sft": sft,
}
"""By TRL's names (`loss_type`); all but `sft` take (chosen, rejected) pairs and a reference."""
