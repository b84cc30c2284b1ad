"""K lanes of one frozen model, trained together: one forward and one backward pass for all.

A lane is a row of three matrices (weights and two Adam moments) plus its settings and step count.
Lanes share no trainable number, so the gradient of the summed losses is each lane's own gradient,
and a lane may join, leave or diverge between two steps without the others noticing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers import PreTrainedModel

from empathy.device import moved, out_of_memory, release_freed_memory
from empathy.lanes.adapters import Layout
from empathy.lanes.attention import takes_blocks
from empathy.lanes.compilation import CompiledLayers, few, worth_compiling
from empathy.lanes.logprobs import sequence_logps
from empathy.lanes.losses import LOSSES, Batch, LaneLoss, Tuning
from empathy.lanes.optimizer import Moments, adamw, clip, schedule
from empathy.lanes.rows import Example, pack
from empathy.lanes.task import Task as Task
from empathy.settings import TrialSettings

TOKENS_PER_PASS = 8192  # of a pass without gradients; more would only need more memory
# Of a pass with gradients: a CPU gains nothing by more and has little memory; a GPU wants plenty.
TRAINED_TOKENS = {"cpu": 1024, "cuda": 1 << 20}


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

    def batch(self, task: Task, number: int) -> list[int]:
        """Example indices of the `number`-th forward pass of its next step."""
        first = self.step * task.gradient_accumulation
        return task.batch(self.settings.seed, first + number)

    def report(self, rate: float, told: dict[str, float]) -> StepReport:
        """What the step showed; it counts unless the lane diverged."""
        diverged = not told.pop("finite")
        self.step += not diverged
        loss, norm = told.pop("loss"), told.pop("grad_norm")
        return StepReport(self.step, loss, norm, rate, told, diverged)


class LaneEngine:
    """Trains up to `lanes` adapters on `task`, those that the caller names at each step."""

    def __init__(self, model: PreTrainedModel, layout: Layout, task: Task, lanes: int) -> None:
        self.model, self.layout, self.task = model, layout, task
        self.device = next(model.parameters()).device
        self.tokens_per_pass = TRAINED_TOKENS[self.device.type]
        self.lanes_per_pass = lanes
        self.compiled = CompiledLayers(model) if worth_compiling(self.device.type) else None
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
        settings = [self._lanes[lane].settings for lane in lanes]
        rows = self.weights[self._places(lanes), : self._width(lanes)]
        (scales,) = self._columns([each.lora_scale] for each in settings)
        return self.layout.using(rows, scales, self.model.dtype)

    def step(self, lanes: Sequence[int]) -> list[StepReport]:
        """One optimizer step of these lanes, each on its own next batch.

        A GPU is waited for once, at the end, when the report is read.
        """
        members = [self._lanes[lane] for lane in lanes]
        places, width = self._places(lanes), self._width(lanes)
        weights, *moments = (each[places, :width] for each in (self.weights, *self.moments))
        passes = [self._pass(members, weights, n) for n in range(self.task.gradient_accumulation)]
        loss, curves = _mean([result for result, _ in passes])
        gradient = torch.stack([gradient for _, gradient in passes]).mean(0)
        rates = [schedule(m.settings, m.step, self.task.max_steps) for m in members]
        max_norm, rate, decay, count = self._columns(
            (m.settings.max_grad_norm, rate, m.settings.weight_decay, m.step + 1)
            for m, rate in zip(members, rates, strict=True)
        )
        norms = clip(gradient, max_norm)
        finite = loss.isfinite() & norms.isfinite() & rate.isfinite()
        adamw(weights, gradient, Moments(*moments), count, rate, decay, finite)
        if not isinstance(places, slice):  # these rows are copies
            for whole, rows in zip((self.weights, *self.moments), (weights, *moments), strict=True):
                whole[places, :width] = rows
        told = {"loss": loss, "grad_norm": norms, "finite": finite, **curves}
        numbers = torch.stack([each.double() for each in told.values()], dim=1).tolist()
        if self.device.type == "cpu":
            release_freed_memory()
        return [
            member.report(rate, dict(zip(told, row, strict=True)))
            for member, rate, row in zip(members, rates, numbers, strict=True)
        ]

    def _pass(
        self, members: Sequence[_Lane], weights: Tensor, number: int
    ) -> tuple[LaneLoss, Tensor]:
        """Losses `(k,)` and their gradient `(k, width)` on each lane's next forward pass.

        Where memory is short, some lanes go first and the others after them: lanes share nothing,
        so that the numbers are the same. A pass that finds too little memory is made again with
        half its lanes, and so are all later ones.
        """
        batches = [member.batch(self.task, number) for member in members]
        tokens = sum(self.task.examples[i].length for batch in batches for i in batch)
        fitting = max(1, len(members) * self.tokens_per_pass // tokens)
        parts: list[tuple[LaneLoss, Tensor]] = []
        start = 0
        while start < len(members):
            part = slice(start, start + min(fitting, self.lanes_per_pass))
            try:
                parts.append(self._fused(members[part], weights[part], batches[part]))
                start = part.stop
            except RuntimeError as error:
                lanes = len(members[part])
                if lanes == 1 or not out_of_memory(error):
                    raise
                self.lanes_per_pass = lanes // 2
        return _joined([loss for loss, _ in parts]), torch.cat([gradient for _, gradient in parts])

    def _fused(
        self, members: Sequence[_Lane], weights: Tensor, batches: Sequence[Sequence[int]]
    ) -> tuple[LaneLoss, Tensor]:
        """One forward and one backward pass for all these lanes."""
        task, weights = self.task, weights.detach().requires_grad_()
        settings = [member.settings for member in members]
        scales, betas, smoothing = self._columns(
            (each.lora_scale, each.beta, each.label_smoothing) for each in settings
        )
        examples = [[task.examples[i] for i in batch] for batch in batches]
        reference = moved(task.reference[torch.tensor(batches)], self.device)
        padding = few(len(members), len(self.weights)) - len(members) if self.compiled else 0
        rows = pack(examples + [[]] * padding, takes_blocks(self.model)).to(self.device)
        lanes = (weights, scales)
        if padding:
            lanes = (pad(weights, (0, 0, 0, padding)), pad(scales, (0, padding)))
        compiled = self.compiled.used() if self.compiled else nullcontext()
        with self.layout.using(*lanes, self.model.dtype), compiled:
            policy = sequence_logps(self.model, rows)
            shape = (len(members), task.batch_size, -1)
            batch = Batch(policy.logps.view(shape), reference, policy.tokens.view(shape))
            result = LOSSES[task.loss](batch, Tuning(betas, smoothing))
            (gradient,) = torch.autograd.grad(result.loss.sum(), weights)
        return LaneLoss(result.loss.detach(), result.curves), gradient

    def _places(self, lanes: Sequence[int]) -> slice | Tensor:
        """Where these lanes' rows stand: a slice, whose rows are no copies, if they are in line."""
        if list(lanes) == list(range(lanes[0], lanes[0] + len(lanes))):
            return slice(lanes[0], lanes[0] + len(lanes))
        return moved(torch.tensor(lanes), self.device)

    def _width(self, lanes: Sequence[int]) -> int:
        """Numbers of a row that the largest of these adapters has; the rest of it is padding."""
        rank = max(self._lanes[lane].settings.lora_rank for lane in lanes)
        return self.layout.strip * (few(rank, self.layout.rank) if self.compiled else rank)

    def _columns(self, rows: Iterable[Sequence[float]]) -> tuple[Tensor, ...]:
        """Some numbers of each lane, as one tensor `(k,)` of float32 for each of them."""
        return moved(torch.tensor(list(rows), dtype=torch.float32), self.device).unbind(1)


def _joined(parts: Sequence[LaneLoss]) -> LaneLoss:
    """The losses of lanes that went one after another."""
    curves = {name: torch.cat([p.curves[name] for p in parts]) for name in parts[0].curves}
    return LaneLoss(torch.cat([p.loss for p in parts]), curves)


def _mean(passes: Sequence[LaneLoss]) -> LaneLoss:
    """The mean over several passes of the same lanes."""
    curves = {name: torch.stack([p.curves[name] for p in passes]) for name in passes[0].curves}
    return LaneLoss(
        torch.stack([p.loss for p in passes]).mean(0), {n: c.mean(0) for n, c in curves.items()}
    )


@torch.no_grad()
def measure(
    model: PreTrainedModel,
    lanes: Sequence[Sequence[Example]],
    heard: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Summed log-probabilities `(k, n, replies)` of each lane's n examples, without gradients.

    The caller chooses the lanes with `Layout.using`; outside of it, k = 1 is the bare model.
    `heard` is told how many of the n are done.
    """
    device = next(model.parameters()).device
    replies = len(lanes[0][0].replies)
    order = sorted(range(len(lanes[0])), key=lambda i: -max(batch[i].length for batch in lanes))
    results = torch.empty(len(lanes), len(order), replies)
    while order:
        widest = max(batch[order[0]].length for batch in lanes)
        chunk = order[: max(1, TOKENS_PER_PASS // (widest * len(lanes)))]
        order = order[len(chunk) :]
        chosen = [[batch[i] for i in chunk] for batch in lanes]
        rows = pack(chosen, takes_blocks(model)).to(device)
        logps = sequence_logps(model, rows).logps
        results[:, chunk] = logps.view(len(lanes), len(chunk), replies).float().cpu()
        if heard is not None:
            heard(results.shape[1] - len(order), results.shape[1])
    return results
