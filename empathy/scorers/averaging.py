"""The mean of weights over a run's last steps, which generalises better than where the run ends.

Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI 2018, as
the plain mean of every step from some step on.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class TailMean:
    """The running mean of parameters, fp32 on their device; adds nothing until it is told to."""

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self._parameters = list(parameters)
        self._mean: list[Tensor] = [torch.zeros_like(each) for each in self._parameters]
        self._steps = 0

    @torch.no_grad()
    def add(self) -> None:
        """Takes in the parameters as they are now."""
        self._steps += 1
        for mean, parameter in zip(self._mean, self._parameters, strict=True):
            mean += (parameter - mean) / self._steps

    @torch.no_grad()
    def write(self) -> None:
        """Puts the mean in the parameters' place; without steps they stay as they are."""
        if self._steps:
            for mean, parameter in zip(self._mean, self._parameters, strict=True):
                parameter.copy_(mean)
