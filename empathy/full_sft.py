"""The warm start of a model that cannot write yet: supervised fine-tuning of all its weights.

A low-rank change of an encoder does not make it a writer. The base of the trials is then another
model than the one people download, and no adapter on that one can say what it says.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from empathy.cache import cache_folder, content_key, file_sha256, kept_tensors
from empathy.device import release_freed_memory
from empathy.errors import UserError
from empathy.export import Part
from empathy.lanes.adapters import plain_parameters
from empathy.lanes.engine import TRAINED_TOKENS, Task
from empathy.lanes.logprobs import sequence_logps
from empathy.lanes.optimizer import schedule
from empathy.lanes.rows import Example, pack
from empathy.policy import Progress
from empathy.settings import TrialSettings, WarmStartSettings

WARMUP = 0.1  # share of the steps: BERT normalises after each residual sum and bears no cold start


@dataclass(frozen=True)
class FullWarmStart:
    """All trained weights, in fp32 in a file, and the hash of that file."""

    path: Path
    sha256: str
    whole: bool = True
    """The base is another model from here on."""

    def parts(self, model: PreTrainedModel, targets: Sequence[str]) -> list[Part]:
        """No adapter composes with the others."""
        return []

    def merge(self, model: PreTrainedModel, targets: Sequence[str]) -> None:
        """Put the weights into the model for good."""
        trained = load_file(self.path)
        with torch.no_grad():
            for name, parameter in plain_parameters(model).items():
                parameter.copy_(trained[name])


def full_warm_start(
    model: PreTrainedModel,
    targets: Sequence[str],
    examples: Sequence[Example],
    settings: WarmStartSettings,
    *,
    weights: str,
    progress: Progress,
) -> FullWarmStart:
    """Train on (prompt, human reply) examples, or find what the same training gave before.

    `weights` is the hash of the base model. The model itself is left as it was: a copy in fp32 is
    trained, whatever the dtype of the model. `targets` are not asked: everything is trained.
    """
    lane = TrialSettings(
        learning_rate=settings.learning_rate,
        schedule="linear",
        warmup_steps=round(WARMUP * settings.steps),
        seed=settings.seed,
    )
    key = content_key(
        "all weights",
        weights,
        [[example.prompt, example.replies] for example in examples],
        settings.model_dump(exclude={"lora_rank"}),
        lane.model_dump(),
    )
    path = cache_folder() / "warm_start" / f"{key}.safetensors"
    kept_tensors(path, lambda: _train(model, examples, settings, lane, progress))
    return FullWarmStart(path, file_sha256(path))


def _train(
    model: PreTrainedModel,
    examples: Sequence[Example],
    settings: WarmStartSettings,
    lane: TrialSettings,
    progress: Progress,
) -> dict[str, Tensor]:
    """The trained parameters by name, on the CPU."""
    trained = copy.deepcopy(model).float().requires_grad_(True)
    parameters = plain_parameters(trained)
    batch_size = min(settings.batch_size, len(examples))
    task = Task(examples, torch.zeros(len(examples), 1), "sft", settings.steps, batch_size)
    optimizer = torch.optim.AdamW(parameters.values(), weight_decay=lane.weight_decay)
    for step in range(settings.steps):
        for group in optimizer.param_groups:
            group["lr"] = schedule(lane, step, settings.steps)
        optimizer.zero_grad()
        loss = _backward(trained, [examples[i] for i in task.batch(lane.seed, step)])
        norm = nn.utils.clip_grad_norm_(parameters.values(), lane.max_grad_norm)
        if not norm.isfinite():
            raise UserError(
                f"the warm start diverged at step {step + 1} with warm_start.learning_rate "
                f"{settings.learning_rate}; lower it (all weights are trained: 1e-4 is usual)"
            )
        optimizer.step()
        if trained.device.type == "cpu":
            release_freed_memory()
        progress(f"warm start of all weights, loss {loss:.2f}", step + 1, settings.steps)
    return {name: each.detach().cpu() for name, each in parameters.items()}


def _backward(model: PreTrainedModel, batch: Sequence[Example]) -> float:
    """Add the gradient of the mean negative log-likelihood of a reply token; returns that mean."""
    tokens = sum(len(example.replies[0]) for example in batch)
    total = 0.0
    for part in _parts(batch, TRAINED_TOKENS[model.device.type]):
        rows = pack([part]).to(model.device)
        loss = -sequence_logps(model, rows).logps.sum() / tokens
        loss.backward()
        total += loss.item()
    return total


def _parts(batch: Sequence[Example], tokens: int) -> Iterator[list[Example]]:
    """The batch in runs of so many tokens at most, where a single example does not exceed them."""
    part: list[Example] = []
    for example in batch:
        if part and sum(each.length for each in part) + example.length > tokens:
            yield part
            part = []
        part.append(example)
    yield part
