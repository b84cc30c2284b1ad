"""Decoder layers compiled for the training step, and shapes few enough to compile once each.

Compilation fuses what lies between the matrix products. It is done layer by layer: all layers of a
kind share one compiled function, which takes seconds to make where the whole model takes minutes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from transformers.modeling_layers import GradientCheckpointingLayer

SHAPES = 64  # compiled shapes that are kept; any further one would run as it is


def worth_compiling(device: str) -> bool:
    """On a GPU, where a step is many small kernels; a CPU spends its time in the products."""
    return device == "cuda"


def few(number: int, most: int) -> int:
    """The next of 1, 2, 3, 4, 6, 8, 12, 16, ..., or `most` if that is less: a size to pad to."""
    power: int = 2 ** (number - 1).bit_length()
    return min(most, power * 3 // 4 if power > 2 and number <= power * 3 // 4 else power)


class CompiledLayers:
    """A model's decoder layers, compiled anew for every shape and used only where asked for.

    `options` go to `torch.compile`. Generation, whose shapes change with every token, runs the
    layers as they are.
    """

    def __init__(self, model: nn.Module, **options: Any) -> None:
        # the compiler looks at it for every input, and a lane's matrices are views of its row
        warnings.filterwarnings("ignore", "The .grad attribute of a Tensor that is not a leaf")
        self._forwards = {
            layer: torch.compile(layer.forward, dynamic=False, **options)
            for layer in model.modules()
            if isinstance(layer, GradientCheckpointingLayer)
        }

    @contextmanager
    def used(self) -> Iterator[None]:
        """The model runs its compiled layers."""
        for layer, forward in self._forwards.items():
            vars(layer)["forward"] = forward  # stands before the method of its class
        try:
            with torch._dynamo.config.patch(recompile_limit=SHAPES):
                yield
        finally:
            for layer in self._forwards:
                del vars(layer)["forward"]
