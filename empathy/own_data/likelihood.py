"""Which reply of a pair does a language model find likelier, and which did an adapter make so?

A reply has up to five numbers, given its prompt: the log-probability of its tokens under the model,
as a sum (longer replies are less likely) and as a mean per token; with an adapter, both under the
model with it, and the implicit reward `log pi - log ref` (DPO, eq. 5 without beta), whose reference
is the model without it. Prompts are written in the family's chat format after its instruction, as
in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from empathy.checkpoints.packaged import Progress
from empathy.lanes.engine import measure
from empathy.lanes.rows import Example
from empathy.own_data.base_model import attach
from empathy.policy import Encoded, Speaker
from empathy.records import PreferencePair
from empathy.settings import EvaluationSettings, TrainingSettings
from empathy.verdicts.scored import Said, ScoredJudge, Scores
from empathy.weights import Base

MAX_LENGTH = 2048
"""Tokens of prompt and reply at most, where the model has room for as many."""
SLICES = 10  # after each of which the bar moves


class Likelihood(NamedTuple):
    """A judge per number, and how many prompts and replies lost a part to the limit."""

    judges: list[ScoredJudge]
    prompts_cut: int
    replies_cut: int


def likelihood(
    base: Base, pairs: Sequence[PreferencePair], adapter: Path | None, progress: Progress
) -> Likelihood:
    """The judges of these pairs. Raises UserError for an adapter that does not fit the base."""
    encoded = encode(base, pairs)
    tuned = None if adapter is None else attach(base, adapter)
    with nullcontext() if tuned is None else tuned.disable_adapter():
        reference = logps(base, encoded.examples, "log-probabilities", progress)
    tokens = torch.tensor([[len(reply) for reply in e.replies] for e in encoded.examples])
    numbers = {"log-prob, sum": reference, "log-prob, per token": reference / tokens}
    if tuned is not None:
        policy = logps(base, encoded.examples, "log-probabilities with the adapter", progress)
        numbers |= {
            "adapter: log-prob, sum": policy,
            "adapter: log-prob, per token": policy / tokens,
            "adapter: implicit reward": policy - reference,
        }
    judges = [ScoredJudge(name, looked_up(pairs, each)) for name, each in numbers.items()]
    return Likelihood(judges, encoded.prompts_cut, encoded.replies_cut)


def encode(base: Base, pairs: Sequence[PreferencePair]) -> Encoded:
    """The pairs' tokens; half of the room at most is the prompt's."""
    positions = getattr(base.model.config, "max_position_embeddings", MAX_LENGTH)
    room = min(MAX_LENGTH, positions)
    limits = TrainingSettings(max_prompt_tokens=room // 2, max_length=room)
    return Speaker(base, limits, EvaluationSettings()).pairs(pairs)


def logps(base: Base, examples: Sequence[Example], stage: str, progress: Progress) -> Tensor:
    """Summed log-probabilities `(n, 2)` of chosen and rejected under the model as it stands."""
    size, found = -(-len(examples) // SLICES), []
    for start in range(0, len(examples), size):
        progress(stage, start / len(examples))
        found.append(measure(base.model, [examples[start : start + size]])[0])
    progress(stage, 1.0)
    return torch.cat(found)


def looked_up(pairs: Sequence[PreferencePair], numbers: Tensor) -> Scores:
    """Scores from the numbers `(n, 2)` of each pair's chosen and rejected reply."""
    table: dict[Said, float] = {}
    for pair, (chosen, rejected) in zip(pairs, numbers.tolist(), strict=True):
        table[pair.prompt.client_text, pair.chosen] = chosen
        table[pair.prompt.client_text, pair.rejected] = rejected
    return lambda said: [table[each] for each in said]
