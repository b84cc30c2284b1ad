"""The warm start: supervised fine-tuning on human replies, on one lane of the same engine.

For models that write already; `empathy.full_sft` is for those that do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel

from empathy.cache import cache_folder, content_key, file_sha256, kept_tensor
from empathy.errors import UserError
from empathy.export import Part
from empathy.lanes.adapters import ORDER, Layout, adapt
from empathy.lanes.engine import LaneEngine, Task
from empathy.lanes.rows import Example
from empathy.policy import Progress
from empathy.settings import TrialSettings, WarmStartSettings


@dataclass(frozen=True)
class WarmStart:
    """A trained adapter: its row in a layout of its own rank, and a hash of its numbers."""

    row: Tensor  # (layout.size,)
    rank: int
    scale: float
    sha256: str
    whole: bool = False
    """The original base stays the base: what was learnt is an adapter on it."""

    def parts(self, model: PreTrainedModel, targets: Sequence[str]) -> list[Part]:
        """The adapter by layer, to be composed with others."""
        return [Part(adapt(model, targets, self.rank).lora(self.row, self.rank), self.scale)]

    def merge(self, model: PreTrainedModel, targets: Sequence[str]) -> None:
        """Add it to the model's weights for good."""
        adapt(model, targets, self.rank).merge(self.row, self.rank, self.scale)


def warm_start(
    model: PreTrainedModel,
    targets: Sequence[str],
    examples: Sequence[Example],
    settings: WarmStartSettings,
    *,
    weights: str,
    progress: Progress,
) -> WarmStart:
    """Train on (prompt, human reply) examples, or find what the same training gave before.

    `weights` is the hash of the base model. The model itself is left as it was.
    """
    lane = TrialSettings(
        learning_rate=settings.learning_rate,
        lora_rank=settings.lora_rank,
        schedule="linear",
        seed=settings.seed,
    )
    key = content_key(
        ORDER,
        weights,
        str(next(model.parameters()).dtype),
        targets,
        [[example.prompt, example.replies] for example in examples],
        settings.model_dump(),
        lane.model_dump(),
    )
    path = cache_folder() / "warm_start" / f"{key}.safetensors"
    layout = adapt(model, targets, lane.lora_rank)
    row = kept_tensor(
        path, "row", lambda: _train(model, layout, examples, settings, lane, progress)
    )
    return WarmStart(row, lane.lora_rank, lane.lora_scale, file_sha256(path))


def _train(
    model: PreTrainedModel,
    layout: Layout,
    examples: Sequence[Example],
    settings: WarmStartSettings,
    lane: TrialSettings,
    progress: Progress,
) -> Tensor:
    batch_size = min(settings.batch_size, len(examples))
    unused = torch.zeros(len(examples), 1)  # this loss has no reference
    task = Task(examples, unused, "sft", settings.steps, batch_size)
    engine = LaneEngine(model, layout, task, lanes=1)
    slot = engine.join(lane)
    for step in range(settings.steps):
        (report,) = engine.step([slot])
        if report.diverged:
            raise UserError(
                f"the warm start diverged at step {step + 1} with warm_start.learning_rate "
                f"{settings.learning_rate}; lower it"
            )
        progress(f"warm start, loss {report.loss:.2f}", step + 1, settings.steps)
    return engine.state(slot).weights
