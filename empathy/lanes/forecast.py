"""The memory of lanes before any weights are there: a training step of tensors without numbers.

torch's fake tensors have shapes and no numbers, so that what they would take can be added up. One
lane and two are tried as in `empathy.lanes.memory`, and the same line is drawn through both. On a
GPU compiled layers keep less, and FlexAttention needs no dense mask: there it is an upper bound.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from transformers import AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel

from empathy.families import family_named
from empathy.lanes.adapters import Layout, adapt
from empathy.lanes.engine import TRAINED_TOKENS
from empathy.lanes.logprobs import sequence_logps
from empathy.lanes.losses import LOSSES, Batch, Tuning
from empathy.lanes.memory import LaneMemory
from empathy.lanes.optimizer import Moments, adamw, clip
from empathy.lanes.rows import Example, Rows, pack
from empathy.settings import StudySettings
from empathy.weights import configuration

_STATE = 3  # float32 numbers for each of a lane's weights: itself and two moments


class Forecast(NamedTuple):
    """Bytes, all of them."""

    weights: int
    """The base model."""
    row: int
    """A lane's weights and moments, on the device and in its checkpoint."""
    memory: LaneMemory
    """The peak of lanes that train in one pass, with the base model."""
    tokens: int
    """Not bytes: tokens of one lane's pass."""

    def peak(self, lanes: int, *, split: bool) -> int:
        """Of so many lanes; on a CPU, `split`, only some of them train in one pass."""
        together = min(lanes, max(1, TRAINED_TOKENS["cpu"] // self.tokens)) if split else lanes
        return self.memory.of(together) + (lanes - together) * self.row


class Living(TorchDispatchMode):
    """Adds up the bytes of tensors: those held all the time, and what operations make of them.

    torch's own tracker (`torch.distributed._tools`) hooks into every parameter, which a frozen one
    refuses.
    """

    def __init__(self, held: Iterable[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch does not annotate it
        self.most = 0
        """Bytes at the worst moment."""
        self._now = 0
        self._known: weakref.WeakValueDictionary[int, torch.UntypedStorage]
        self._known = weakref.WeakValueDictionary()
        for tensor in held:
            self._count(tensor)

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Called by torch instead of each operation."""
        result = function(*args, **(kwargs or {}))
        tree_map_only(Tensor, self._count, result)
        return result

    def _count(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if self._known.get(storage._cdata) is not storage:
            self._known[storage._cdata] = storage
            self._add(storage.nbytes())
            weakref.finalize(storage, self._add, -storage.nbytes())
        return tensor

    def _add(self, size: int) -> None:
        self._now += size
        self.most = max(self.most, self._now)


def of_checkpoint(
    folder: Path, settings: StudySettings, lengths: Sequence[int], dtype: str
) -> Forecast:
    """Of a study on the checkpoint in `folder`; the configuration alone is read.

    `lengths` are the tokens of prompt and replies of the longest example. A base in 4 bits is
    counted as if it were whole.
    """
    family = family_named(settings.family)
    config, _ = configuration(folder, family, str(folder))
    prompt, *replies = lengths
    example = Example((1,) * prompt, tuple((1,) * reply for reply in replies))
    loss = settings.training.loss if settings.objective == "dpo" else "sft"
    batch = [example] * settings.training.batch_size
    return forecast(
        config, family.lora_targets, settings.max_rank, batch, loss, getattr(torch, dtype)
    )


def forecast(
    config: PreTrainedConfig,
    targets: Sequence[str],
    rank: int,
    batch: Sequence[Example],
    loss: str,
    dtype: torch.dtype,
) -> Forecast:
    """What lanes take that all train on this batch; `targets` and `rank` are of `adapt`."""
    packed = [pack([batch] * lanes) for lanes in (1, 2)]
    with FakeTensorMode(allow_non_fake_inputs=True):
        model = AutoModelForCausalLM.from_config(config, dtype=dtype, attn_implementation="sdpa")
        model.requires_grad_(False).eval()
        weights = sum(each.numel() * each.element_size() for each in model.parameters())
        layout = adapt(model, targets, rank)
        peaks = []
        for lanes, rows in enumerate(packed, start=1):
            with Living([*model.parameters(), *model.buffers()]) as living:
                _step(model, layout, rows, loss, (lanes, len(batch)))
            peaks.append(living.most)
    row = _STATE * 4 * layout.size
    tokens = sum(example.length for example in batch)
    return Forecast(weights, row, LaneMemory.fit(*peaks), tokens)


def _step(
    model: PreTrainedModel, layout: Layout, rows: Rows, loss: str, size: tuple[int, int]
) -> None:
    """The tensors of `LaneEngine.step` for `size` lanes and examples, without its numbers."""
    weights, *moments = (torch.zeros(size[0], layout.size) for _ in range(_STATE))
    ones = torch.ones(size[0])
    gradient = _gradient(model, layout, weights, rows, loss, size)
    gradient = torch.stack([torch.cat([gradient])]).mean(0)  # of parts and of passes
    clip(gradient, ones)
    adamw(weights, gradient, Moments(*moments), ones, ones, ones)


def _gradient(
    model: PreTrainedModel,
    layout: Layout,
    weights: Tensor,
    rows: Rows,
    loss: str,
    size: tuple[int, int],
) -> Tensor:
    leaf, ones = weights.detach().requires_grad_(), torch.ones(size[0])
    with layout.using(leaf, ones, model.dtype):
        policy = sequence_logps(model, rows)
        logps = policy.logps.view(*size, -1)
        batch = Batch(logps, torch.zeros_like(logps), policy.tokens.view(*size, -1))
        result = LOSSES[loss](batch, Tuning(ones, ones))
        (gradient,) = torch.autograd.grad(result.loss.sum(), leaf)
    return gradient
