"""LoRA for many lanes at once: every adapter of a lane is a slice of one row of numbers.

A lane's adapter is a vector of `Layout.size` float32 numbers, so K lanes are a matrix `(K, size)`.
The engine trains that matrix; the frozen model underneath is shared. Each target `nn.Linear`
becomes `base(x) + scale * (x A) B` (LoRA, Hu et al. 2021, eq. 3) with its own A and B per lane.

Ranks are padded with zeros to the layout's rank. A padded column of A only ever meets a padded
row of B and both are zero, so their gradients are exactly zero and a padded lane equals an
unpadded one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn


class LoraPair(NamedTuple):
    """The two matrices of one adapted layer: `down` is A `(in, rank)`, `up` is B `(rank, out)`."""

    down: Tensor
    up: Tensor


class LaneLinear(nn.Module):
    """A frozen linear layer that adds each lane's own low-rank product.

    The batch is lane-major: with k lanes in use, the first of k equal parts of `x` belongs to the
    first lane, and so on. With no lanes in use it is the base layer.
    """

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base
        self.lora: LoraPair | None = None  # A (k, in, rank), B (k, rank, out)
        self.scale: Tensor | None = None  # (k, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """`(k * n, tokens, in)` to `(k * n, tokens, out)`."""
        y: Tensor = self.base(x)
        if self.lora is None or self.scale is None:
            return y
        down, up = (matrix.to(x.dtype) for matrix in self.lora)
        lanes = down.shape[0]
        low = torch.bmm(x.reshape(lanes, -1, x.shape[-1]), down) * self.scale.to(x.dtype)
        return torch.baddbmm(y.reshape(lanes, -1, y.shape[-1]), low, up).view_as(y)


@dataclass(frozen=True)
class Layout:
    """Which layers of a model are adapted, and where each one's numbers stand in a lane's row."""

    layers: dict[str, LaneLinear]
    rank: int
    """The padded rank: the largest that any lane may have."""

    @property
    def size(self) -> int:
        """Numbers in a lane's row."""
        return sum(self._widths())

    def _widths(self) -> list[int]:
        return [
            features * self.rank
            for layer in self.layers.values()
            for features in (layer.base.in_features, layer.base.out_features)
        ]

    def matrices(self, rows: Tensor) -> dict[str, LoraPair]:
        """Views of `(k, size)` rows as A `(k, in, rank)` and B `(k, rank, out)` per layer."""
        pieces = iter(rows.split(self._widths(), dim=1))  # one backward node, not one per layer
        return {
            name: LoraPair(
                next(pieces).view(-1, layer.base.in_features, self.rank),
                next(pieces).view(-1, self.rank, layer.base.out_features),
            )
            for name, layer in self.layers.items()
        }

    def lora(self, row: Tensor, rank: int) -> dict[str, LoraPair]:
        """One lane's `(size,)` row as unpadded A `(in, rank)` and B `(rank, out)` per layer."""
        return {
            name: LoraPair(pair.down[0, :, :rank], pair.up[0, :rank])
            for name, pair in self.matrices(row[None]).items()
        }

    def used(self, rank: int) -> Tensor:
        """Which numbers of a row an adapter of this rank has; the others are padding, `(size,)`."""
        marks = torch.zeros(self.size)
        for pair in self.lora(marks, rank).values():
            pair.down.fill_(1)
            pair.up.fill_(1)
        return marks.bool()

    def initial_row(self, rank: int, seed: int) -> Tensor:
        """A new adapter as PEFT starts it: A uniform in +-1/sqrt(in), B zero. Shape `(size,)`.

        Drawn at its own rank before padding, so that a lane's start depends on its seed alone.
        """
        if not 0 < rank <= self.rank:
            raise ValueError(f"rank {rank} does not fit a layout of rank {self.rank}")
        random = torch.Generator().manual_seed(seed)
        row = torch.zeros(self.size)
        for name, pair in self.lora(row, rank).items():
            bound = 1 / math.sqrt(self.layers[name].base.in_features)
            pair.down.copy_((torch.rand(pair.down.shape, generator=random) * 2 - 1) * bound)
        return row

    @contextmanager
    def using(self, rows: Tensor, scales: Tensor) -> Iterator[None]:
        """The model computes with these lanes: rows `(k, size)`, scales alpha / rank `(k,)`."""
        for name, pair in self.matrices(rows).items():
            self.layers[name].lora, self.layers[name].scale = pair, scales.view(-1, 1, 1)
        try:
            yield
        finally:
            for layer in self.layers.values():
                layer.lora = layer.scale = None

    @torch.no_grad()
    def merge(self, row: Tensor, rank: int, scale: float) -> None:
        """Add one lane's product to the base weights for good: W + scale * (A B)^T."""
        for name, pair in self.lora(row, rank).items():
            weight = self.layers[name].base.weight
            weight += (scale * (pair.down @ pair.up).T).to(weight)


def adapt(model: nn.Module, targets: Sequence[str], rank: int) -> Layout:
    """Wrap every linear layer whose name ends in one of `targets` (once), and lay out its lanes.

    A target is the last part of a layer's dotted name, or several last parts, as in PEFT. A model
    that is adapted already keeps its wrappers, so layouts of other ranks can share it.
    Raises ValueError if a target names no layer.
    """
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and any(_ends_in(name, target) for target in targets):
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, LaneLinear(module))
    layers = {name: m for name, m in model.named_modules() if isinstance(m, LaneLinear)}
    missing = [t for t in targets if not any(_ends_in(name, t) for name in layers)]
    if missing:
        raise ValueError(f"no linear layer is named {sorted(missing)}")
    return Layout(layers, rank)


def _ends_in(name: str, target: str) -> bool:
    return f".{name}".endswith(f".{target}")


def plain_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """The model's own parameters under the names that they had before it was adapted."""
    wrapped = [n for n, module in model.named_modules() if isinstance(module, LaneLinear)]
    own = {f"{n}.base.{leaf}": f"{n}.{leaf}" for n in wrapped for leaf in ("weight", "bias")}
    return {own.get(name, name): parameter for name, parameter in model.named_parameters()}
