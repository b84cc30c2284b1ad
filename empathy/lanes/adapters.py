"""LoRA for many lanes at once: every adapter of a lane is a slice of one row of numbers.

A lane's adapter is a vector of `Layout.size` float32 numbers, so K lanes are a matrix `(K, size)`.
The engine trains that matrix; the frozen model underneath is shared. Each target `nn.Linear`
becomes `base(x) + scale * (x A) B` (LoRA, Hu et al. 2021, eq. 3) with its own A and B per lane.

A row is made of strips, one per unit of rank: a column of every layer's A, then a row of every
layer's B. An adapter of rank r fills the first r strips, and zeros follow. A zero column of A only
ever meets a zero row of B, so the gradients of both are exactly zero and a padded lane equals an
unpadded one; and whoever needs only the first r strips of some lanes reads and writes no others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

ORDER = "strips"
"""How a row orders its numbers; part of the key or the notes of whatever keeps rows on disk."""


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
        self.lora: LoraPair | None = None  # A (k, in, rank), scale * B (k, rank, out)

    def forward(self, x: Tensor) -> Tensor:
        """`(k * n, tokens, in)` to `(k * n, tokens, out)`."""
        y: Tensor = self.base(x)
        if self.lora is None:
            return y
        down, up = self.lora
        lanes = down.shape[0]
        low = torch.bmm(x.reshape(lanes, -1, x.shape[-1]), down)
        y.view(lanes, -1, y.shape[-1]).baddbmm_(low, up)  # nobody else needs the base's own output
        return y


@dataclass(frozen=True)
class Layout:
    """Which layers of a model are adapted, and where each one's numbers stand in a lane's row."""

    layers: dict[str, LaneLinear]
    rank: int
    """The padded rank: the largest that any lane may have."""

    @property
    def size(self) -> int:
        """Numbers in a lane's row."""
        return self.rank * self.strip

    @property
    def strip(self) -> int:
        """Numbers of an adapter of rank one."""
        return sum(self._inputs) + sum(self._outputs)

    @property
    def _inputs(self) -> list[int]:
        return [layer.base.in_features for layer in self.layers.values()]

    @property
    def _outputs(self) -> list[int]:
        return [layer.base.out_features for layer in self.layers.values()]

    def _halves(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Views of the first r strips of k rows: all of A `(k, r, in)` and all of B `(k, r, out)`.

        Here `in` and `out` are the sums over all layers.
        """
        strips = rows.unflatten(1, (-1, self.strip))
        downs, ups = strips.split([sum(self._inputs), sum(self._outputs)], dim=2)
        return downs, ups

    def _pairs(self, downs: Tensor, ups: Tensor) -> dict[str, LoraPair]:
        """Both halves cut by layer: one backward node each, not one per layer."""
        pieces = zip(downs.split(self._inputs, dim=2), ups.split(self._outputs, dim=2), strict=True)
        return {
            name: LoraPair(down.mT, up)
            for name, (down, up) in zip(self.layers, pieces, strict=True)
        }

    def matrices(self, rows: Tensor) -> dict[str, LoraPair]:
        """Views of rows `(k, r * strip)` as A `(k, in, r)` and B `(k, r, out)` per layer."""
        return self._pairs(*self._halves(rows))

    def lora(self, row: Tensor, rank: int) -> dict[str, LoraPair]:
        """One lane's `(size,)` row as unpadded A `(in, rank)` and B `(rank, out)` per layer."""
        return {
            name: LoraPair(pair.down[0], pair.up[0])
            for name, pair in self.matrices(row[None, : rank * self.strip]).items()
        }

    def used(self, rank: int) -> Tensor:
        """Which numbers of a row an adapter of this rank has; the others are padding, `(size,)`."""
        return torch.arange(self.size) < rank * self.strip

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
    def using(
        self, rows: Tensor, scales: Tensor, dtype: torch.dtype | None = None
    ) -> Iterator[None]:
        """The model computes with these lanes: scales alpha / rank `(k,)`, rows `(k, r * strip)`.

        r may be any rank that all of them fit. They are cast to `dtype` here, all at once.
        """
        downs, ups = self._halves(rows)
        ups = ups * scales[:, None, None]
        for name, pair in self._pairs(downs.to(dtype), ups.to(dtype)).items():
            self.layers[name].lora = pair
        try:
            yield
        finally:
            for layer in self.layers.values():
                layer.lora = None

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
