"""AdamW for lanes: each has its own learning rate, schedule, decay, clipping and step count."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from empathy.settings import TrialSettings

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # the defaults of torch and TRL


class Moments(NamedTuple):
    """Running means of the gradient and of its square, `(k, size)` each."""

    first: Tensor
    second: Tensor


def schedule(settings: TrialSettings, step: int, max_steps: int) -> float:
    """Learning rate of the update that follows `step` finished ones, as transformers has it."""
    warmup = settings.warmup_steps
    if step < warmup:
        return settings.learning_rate * step / warmup
    progress = (step - warmup) / max(1, max_steps - warmup)
    return settings.learning_rate * DECAYS[settings.schedule](progress)


DECAYS: dict[str, Callable[[float], float]] = {
    "constant": lambda progress: 1.0,
    "linear": lambda progress: max(0.0, 1.0 - progress),
    "cosine": lambda progress: max(0.0, 0.5 * (1.0 + math.cos(math.pi * progress))),
}


def clip(gradient: Tensor, max_norm: Tensor) -> Tensor:
    """Scale each lane's gradient `(k, size)` in place to its norm `(k,)` at most; returns norms."""
    norms: Tensor = torch.linalg.vector_norm(gradient, dim=1)
    gradient *= (max_norm / (norms + 1e-6)).clamp(max=1.0)[:, None]
    return norms


@torch.no_grad()
def adamw(
    weights: Tensor,
    gradient: Tensor,
    moments: Moments,
    step: Tensor,
    learning_rate: Tensor,
    weight_decay: Tensor,
    alive: Tensor | None = None,
) -> None:
    """One update in place (Loshchilov & Hutter 2019, algorithm 2).

    weights, gradient and moments `(k, size)`; step `(k,)` counts from 1; the rest `(k,)`. A lane
    that is not alive keeps its very numbers, whatever its gradient is. The gradient is used up.
    """
    living = torch.ones_like(step) if alive is None else alive
    rate, decay, t, lives = (
        x[:, None].double() for x in (learning_rate, weight_decay, step, living)
    )
    rate = rate * lives
    gradient.masked_fill_(lives == 0, 0)  # NaN times zero would be NaN
    step_size = (rate / (1 - BETA1**t)).to(weights)  # in float32, 1 - 0.999 is off by 1e-4
    correction = (1 - BETA2**t).sqrt().to(weights)
    weights *= (1 - rate * decay).to(weights)
    moments.first.lerp_(gradient, (lives * (1 - BETA1)).to(weights))
    moments.second.mul_((1 - lives * (1 - BETA2)).to(weights)).addcmul_(
        gradient, gradient, value=1 - BETA2
    )
    denominator = (moments.second.sqrt() / correction).add_(EPSILON)
    weights -= step_size * moments.first / denominator
