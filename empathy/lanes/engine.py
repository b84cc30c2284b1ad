"""K lanes of one frozen model, trained together: one forward and one backward pass for all.

A lane is a row of three matrices (weights and two Adam moments) plus its settings and step count.
Lanes share no trainable number, so the gradient of the summed losses is each lane's own gradient,
and a lane may join, leave or diverge between two steps without the others noticing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedModel

from empathy.device import release_freed_memory
from empathy.lanes.adapters import Layout
from empathy.lanes.logprobs import sequence_logps
from empathy.lanes.losses import LOSSES, Batch, LaneLoss, Tuning
from empathy.lanes.optimizer import Moments, adamw, clip, schedule
from empathy.lanes.rows import Example, pack
from empathy.settings import TrialSettings

TOKENS_PER_PASS = 8192  # of a pass without gradients; more would only need more memory
# Of a pass with gradients: a CPU gains nothing by more and has little memory; a GPU wants plenty.
TRAINED_TOKENS = {"cpu": 1024, "cuda": 1 << 20}


@dataclass(frozen=True)
class Task:
    """What all lanes learn: the examples, what the reference says of them, and how."""

    examples: Sequence[Example]
    reference: Tensor  # (n, replies) summed log-probabilities; zeros where the loss has none
    loss: str  # a name in LOSSES
    max_steps: int
    batch_size: int
    gradient_accumulation: int = 1

    def batch(self, seed: int, number: int) -> list[int]:
        """Example indices of a lane's `number`-th forward pass.

        The order is an endless row of seeded shuffles, cut in batches: a function of the seed
        alone, so that a resumed lane goes on where it was.
        """
        start = number * self.batch_size
        n = len(self.examples)
        epochs = range(start // n, (start + self.batch_size - 1) // n + 1)
        order = [int(i) for epoch in epochs for i in shuffle(n, seed, epoch)]
        offset = start - epochs.start * n
        return order[offset : offset + self.batch_size]


def shuffle(n: int, seed: int, epoch: int) -> Tensor:
    """A permutation of n examples that belongs to this seed and epoch."""
    digest = hashlib.sha256(f"{seed}\0{epoch}".encode()).digest()
    # torch heeds 32 bits of a seed: a shifted one would make seeds 0 and 4096 the same
    random = torch.Generator().manual_seed(int.from_bytes(digest[:4], "big"))
    return torch.randperm(n, generator=random)


class LaneState(NamedTuple):
    """Everything a lane has learnt: weights and moments `(size,)`, and its finished steps."""

    weights: Tensor
    first: Tensor
    second: Tensor
    step: int


class StepReport(NamedTuple):
    """What one lane's step showed. A diverged lane (not finite) was not updated."""

    step: int
    loss: float
    grad_norm: float
    learning_rate: float
    curves: dict[str, float]
    diverged: bool


@dataclass
class _Lane:
    settings: TrialSettings
    step: int


class LaneEngine:
    """Trains up to `lanes` adapters on `task`, those that the caller names at each step."""

    def __init__(self, model: PreTrainedModel, layout: Layout, task: Task, lanes: int) -> None:
        self.model, self.layout, self.task = model, layout, task
        self.device = next(model.parameters()).device
        self.tokens_per_pass = TRAINED_TOKENS[self.device.type]
        self.weights = torch.zeros(lanes, layout.size, device=self.device)
        self.moments = Moments(torch.zeros_like(self.weights), torch.zeros_like(self.weights))
        self._lanes: dict[int, _Lane] = {}

    @property
    def free(self) -> list[int]:
        """Lanes that nobody occupies."""
        return [lane for lane in range(len(self.weights)) if lane not in self._lanes]

    def join(self, settings: TrialSettings, state: LaneState | None = None) -> int:
        """Occupy a free lane with a new adapter, or with one that was saved; returns the lane."""
        if not self.free:
            raise ValueError(f"all {len(self.weights)} lanes are occupied")
        lane = self.free[0]
        if state is None:
            row = self.layout.initial_row(settings.lora_rank, settings.seed)
            state = LaneState(row, torch.zeros_like(row), torch.zeros_like(row), 0)
        self.weights[lane] = state.weights
        self.moments.first[lane] = state.first
        self.moments.second[lane] = state.second
        self._lanes[lane] = _Lane(settings, state.step)
        return lane

    def leave(self, lane: int) -> None:
        """Free a lane."""
        del self._lanes[lane]

    def state(self, lane: int) -> LaneState:
        """A copy of all that `join` needs to go on from here, on the CPU."""
        weights, first, second = (m[lane].cpu().clone() for m in (self.weights, *self.moments))
        return LaneState(weights, first, second, self._lanes[lane].step)

    def using(self, lanes: Sequence[int]) -> AbstractContextManager[None]:
        """The model computes with these lanes, each with an equal part of the batch."""
        rows = self.weights[list(lanes), : self._width(lanes)]
        return self.layout.using(rows, self._scales(lanes), self.model.dtype)

    def step(self, lanes: Sequence[int]) -> list[StepReport]:
        """One optimizer step of these lanes, each on its own next batch."""
        members = [self._lanes[lane] for lane in lanes]
        rows = self.weights[list(lanes), : self._width(lanes)]
        passes = [self._pass(lanes, rows, n) for n in range(self.task.gradient_accumulation)]
        gradient = torch.stack([gradient for _, gradient in passes]).mean(0)
        norms = clip(gradient, self._column([m.settings.max_grad_norm for m in members]))
        loss = torch.stack([result.loss for result, _ in passes]).mean(0)
        rates = [schedule(m.settings, m.step, self.task.max_steps) for m in members]
        finite = self._update(lanes, rows, gradient, rates)
        if self.device.type == "cpu":
            release_freed_memory()
        curves = {
            name: torch.stack([result.curves[name] for result, _ in passes]).mean(0).tolist()
            for name in passes[0][0].curves
        }
        return [
            StepReport(
                member.step,
                loss[i].item(),
                norms[i].item(),
                rates[i],
                {name: values[i] for name, values in curves.items()},
                not finite[i],
            )
            for i, member in enumerate(members)
        ]

    def _pass(self, lanes: Sequence[int], rows: Tensor, number: int) -> tuple[LaneLoss, Tensor]:
        """Losses `(k,)` and their gradient `(k, size)` on each lane's next forward pass.

        Where memory is short, some lanes go first and the others after them: lanes share nothing,
        so that the numbers are the same.
        """
        task = self.task
        batches = []
        for lane in lanes:
            member = self._lanes[lane]
            first = member.step * task.gradient_accumulation
            batches.append(task.batch(member.settings.seed, first + number))
        tokens = sum(task.examples[i].length for batch in batches for i in batch)
        size = max(1, len(lanes) * self.tokens_per_pass // tokens)
        parts = [
            self._fused(lanes[i : i + size], rows[i : i + size], batches[i : i + size])
            for i in range(0, len(lanes), size)
        ]
        loss = LaneLoss(
            torch.cat([part.loss for part, _ in parts]),
            {name: torch.cat([p.curves[name] for p, _ in parts]) for name in parts[0][0].curves},
        )
        return loss, torch.cat([gradient for _, gradient in parts])

    def _fused(
        self, lanes: Sequence[int], rows: Tensor, batches: Sequence[Sequence[int]]
    ) -> tuple[LaneLoss, Tensor]:
        """One forward and one backward pass for all these lanes."""
        task, rows = self.task, rows.detach().requires_grad_()
        packed = pack([[task.examples[i] for i in batch] for batch in batches]).to(self.device)
        with self.layout.using(rows, self._scales(lanes), self.model.dtype):
            policy = sequence_logps(self.model, packed)
            shape = (len(lanes), task.batch_size, -1)
            batch = Batch(
                policy.logps.view(shape),
                task.reference[torch.tensor(batches)].to(self.device),
                policy.tokens.view(shape),
            )
            result = LOSSES[task.loss](batch, self._tuning(lanes))
            (gradient,) = torch.autograd.grad(result.loss.sum(), rows)
        return LaneLoss(result.loss.detach(), result.curves), gradient

    def _update(
        self, lanes: Sequence[int], rows: Tensor, gradient: Tensor, rates: Sequence[float]
    ) -> list[bool]:
        """Move the lanes that stay finite, and say which; the others stay where they were."""
        members = [self._lanes[lane] for lane in lanes]
        width = rows.shape[1]
        moments = Moments(*(moment[list(lanes), :width] for moment in self.moments))
        adamw(
            rows,
            gradient,
            moments,
            self._column([m.step + 1 for m in members]),
            self._column(rates),
            self._column([m.settings.weight_decay for m in members]),
        )
        # a loss or a gradient that is not finite has spoilt the row by now, too
        finite: list[bool] = (rows.isfinite() & moments.second.isfinite()).all(dim=1).tolist()
        keep = [i for i, ok in enumerate(finite) if ok]
        index = [lanes[i] for i in keep]
        for i in keep:
            members[i].step += 1
        self.weights[index, :width] = rows[keep]
        self.moments.first[index, :width] = moments.first[keep]
        self.moments.second[index, :width] = moments.second[keep]
        return finite

    def _width(self, lanes: Sequence[int]) -> int:
        """Numbers of a row that the largest of these adapters has; the rest of it is padding."""
        return self.layout.strip * max(self._lanes[lane].settings.lora_rank for lane in lanes)

    def _tuning(self, lanes: Sequence[int]) -> Tuning:
        settings = [self._lanes[lane].settings for lane in lanes]
        return Tuning(
            self._column([each.beta for each in settings]),
            self._column([each.label_smoothing for each in settings]),
        )

    def _scales(self, lanes: Sequence[int]) -> Tensor:
        return self._column([self._lanes[lane].settings.lora_scale for lane in lanes])

    def _column(self, values: Sequence[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float32, device=self.device)


@torch.no_grad()
def measure(model: PreTrainedModel, lanes: Sequence[Sequence[Example]]) -> Tensor:
    """Summed log-probabilities `(k, n, replies)` of each lane's n examples, without gradients.

    The caller chooses the lanes with `Layout.using`; outside of it, k = 1 is the bare model.
    """
    device = next(model.parameters()).device
    replies = len(lanes[0][0].replies)
    order = sorted(range(len(lanes[0])), key=lambda i: -max(batch[i].length for batch in lanes))
    results = torch.empty(len(lanes), len(order), replies)
    while order:
        widest = max(batch[order[0]].length for batch in lanes)
        chunk = order[: max(1, TOKENS_PER_PASS // (widest * len(lanes)))]
        order = order[len(chunk) :]
        rows = pack([[batch[i] for i in chunk] for batch in lanes]).to(device)
        logps = sequence_logps(model, rows).logps
        results[:, chunk] = logps.view(len(lanes), len(chunk), replies).float().cpu()
    return results
