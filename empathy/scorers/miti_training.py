"""One training run of the MITI scorer: LoRA in MiniLM's linear layers, and the linear layer on top.

Labels are far from equally frequent (thousands of advice, dozens of warnings), so an epoch draws
its sentences at random, the rare labels' more often than they are.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from empathy import minilm
from empathy.errors import UserError
from empathy.metrics.miti import Network, tokenise
from empathy.reading.miti import LABELS
from empathy.scorers.lora import freeze
from empathy.scorers.miti_examples import Example
from empathy.scorers.training import batches, fastest_dtype

TRAINED_TOKENS = 64
"""Of a sentence while training: 97 % fit."""
TRUST = {"gold": 3.0, "invented": 3.0, "PP": 1.0, "weak": 1.0, "PPA": 0.3}
"""How often a sentence of a source is drawn, beside those of other sources: labels by people count
more than automatic ones, and those on sentences made by rules less."""
Report = Callable[[int, int], None]
"""Called after each step with the steps done and the steps in all."""


@dataclass(frozen=True)
class Recipe:
    """How the scorer is trained: set beforehand, not searched; nothing was chosen on gold tests."""

    epochs: int = 3
    """Times that `drawn` sentences are drawn."""
    drawn: int = 3500
    """Sentences in an epoch."""
    balance: float = 0.8
    """0 draws labels as often as they are, 1 all equally often."""
    batch_size: int = 32
    rank: int = 8
    learning_rate: float = 1e-3
    """Of all that is trained; warm-up over a tenth of the steps, then cosine to nothing."""
    weight_decay: float = 0.01
    dropout: float = 0.1
    """On hidden states of the encoder and on the sentence's vector; attention has none."""
    smoothing: float = 0.05
    """Of the targets: the labels are often wrong."""


def train(
    examples: Sequence[Example], recipe: Recipe, seed: int, report: Report
) -> dict[str, Tensor]:
    """The trained weights in fp16. Raises UserError when there are no examples."""
    if not examples:
        raise UserError("there are no labelled sentences; check that the data folder holds mi/")
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network, tokenizer = trainable_network(recipe)
    network.to(device).train()
    plan = drawn(examples, recipe, seed)
    optimizer = torch.optim.AdamW(
        [parameter for parameter in network.parameters() if parameter.requires_grad],
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=len(plan), pct_start=0.1
    )
    for done, batch in enumerate(plan, start=1):
        loss = _loss(network, tokenizer, batch, recipe.smoothing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        report(done, len(plan))
    return trained_state(network)


def trainable_network(recipe: Recipe) -> tuple[Network, PreTrainedTokenizerBase]:
    """The network with a frozen encoder and fresh LoRA, and its tokenizer."""
    encoder, tokenizer = minilm.load("eager")
    freeze(encoder, recipe.rank, recipe.dropout, fastest_dtype())
    return Network(encoder, recipe.dropout), tokenizer


def drawn(examples: Sequence[Example], recipe: Recipe, seed: int) -> list[list[Example]]:
    """The batches of all epochs, in which a label of n sentences is drawn as if it had
    n ** (1 - balance), and within a label each sentence as `TRUST` has it."""
    rng = random.Random(seed)
    counts: dict[str, float] = defaultdict(float)
    for example in examples:
        counts[example.label] += TRUST[example.source]
    weights = [TRUST[each.source] * counts[each.label] ** -recipe.balance for each in examples]
    plan = []
    for epoch in range(recipe.epochs):
        some = rng.choices(examples, weights, k=recipe.drawn)
        lengths = [len(example.text) for example in some]
        order = batches(lengths, recipe.batch_size, seed * 1000 + epoch)
        plan += [[some[index] for index in batch] for batch in order]
    return plan


def trained_state(network: Network) -> dict[str, Tensor]:
    """What is trained, in fp16: LoRA as `lora.<linear>.a|b`, the head by its own names."""
    return {
        f"lora.{name.removeprefix('encoder.')}" if name.startswith("encoder.") else name: (
            parameter.detach().half().cpu().contiguous()
        )
        for name, parameter in network.named_parameters()
        if parameter.requires_grad
    }


def _loss(
    network: Network,
    tokenizer: PreTrainedTokenizerBase,
    batch: Sequence[Example],
    smoothing: float,
) -> Tensor:
    device = network.head.weight.device
    said = tokenise(tokenizer, [example.text for example in batch], TRAINED_TOKENS).to(device)
    labels = torch.tensor([LABELS.index(example.label) for example in batch], device=device)
    return functional.cross_entropy(network(said), labels, label_smoothing=smoothing)
