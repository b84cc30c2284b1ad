"""One training run of the empathy scorer: LoRA in every linear layer of MiniLM's blocks, pooling,
heads.

The encoder stays frozen, in bf16 where the machine is quick at it; what is trained is fp32. Of all
epochs the best on the validation posts is kept.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from empathy import minilm
from empathy.classification import selection_score
from empathy.corpora.epitome import Example
from empathy.errors import UserError
from empathy.metrics.epitome import LORA_SCALE, MAX_TOKENS, Network, token_lengths, tokenise

Report = Callable[[int, int], None]
"""Called after each step with the steps done and the steps in all."""


@dataclass(frozen=True)
class Recipe:
    """How one scorer is trained; the values were chosen on the validation posts."""

    epochs: int
    """Passes over the training posts."""
    batch_size: int = 32
    rank: int = 8
    learning_rate: float = 1e-3
    """Of all that is trained; warm-up over a tenth of the steps, then cosine to nothing."""
    weight_decay: float = 0.01
    dropout: float = 0.1
    """On hidden states of the encoder and on the pooled vectors; attention has none."""


class LoraLinear(nn.Module):
    """A frozen linear layer plus x A^T B^T * scale, A [rank, in] and B [out, rank] in fp32."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base
        self.a = nn.Parameter(torch.randn(rank, base.in_features) * base.in_features**-0.5)
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] -> [..., out] in the dtype of the frozen layer."""
        low = functional.linear(x, self.a.to(x.dtype))
        update: Tensor = functional.linear(low, (self.b * LORA_SCALE).to(x.dtype))
        return self.base(x) + update  # type: ignore[no-any-return]


def trainable_network(
    recipe: Recipe, dtype: torch.dtype
) -> tuple[Network, PreTrainedTokenizerBase]:
    """The network with a frozen encoder in `dtype` and fresh LoRA, and its tokenizer."""
    # eager attention: on a CPU its backward is several times faster than the fused kernel's in bf16
    encoder, tokenizer = minilm.load("eager")
    nn.Module.to(encoder.requires_grad_(False), dtype)
    for name, module in list(encoder.named_modules()):
        if isinstance(module, nn.Linear):
            parent, _, child = name.rpartition(".")
            setattr(encoder.get_submodule(parent), child, LoraLinear(module, recipe.rank))
        elif isinstance(module, nn.Dropout):
            module.p = 0.0 if name.endswith("attention.self.dropout") else recipe.dropout
    return Network(encoder, recipe.dropout), tokenizer


def fastest_dtype() -> torch.dtype:
    """bf16 where this CPU multiplies it faster than fp32; some are a hundred times slower."""
    if torch.cuda.is_available():
        return torch.bfloat16
    seconds = {}
    for dtype in (torch.bfloat16, torch.float32):
        x, w = torch.randn(1024, 384, dtype=dtype), torch.randn(1536, 384, dtype=dtype)
        functional.linear(x, w)
        start = time.perf_counter()
        for _ in range(3):
            functional.linear(x, w)
        seconds[dtype] = time.perf_counter() - start
    return min(seconds, key=seconds.__getitem__)


def batches(lengths: Sequence[int], size: int, seed: int) -> list[list[int]]:
    """Indices in batches of similar length: shuffled, sorted within 8 batches, batches shuffled."""
    rng = random.Random(seed)
    order = list(range(len(lengths)))
    rng.shuffle(order)
    made = []
    for start in range(0, len(order), 8 * size):
        near = sorted(order[start : start + 8 * size], key=lengths.__getitem__)
        made += [near[at : at + size] for at in range(0, len(near), size)]
    rng.shuffle(made)
    return made


def trainable_state(network: Network) -> dict[str, Tensor]:
    """What is trained, in fp16: LoRA as `lora.<module>.a|b`, the rest by its own names."""
    state = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            inner = name.removeprefix("encoder.")
            state[name if inner == name else f"lora.{inner}"] = parameter.detach().half().clone()
    return state


def train(
    examples: Sequence[Example],
    validation: Sequence[Example],
    recipe: Recipe,
    seed: int,
    report: Report,
) -> tuple[dict[str, Tensor], list[dict[str, float]]]:
    """The trained weights of the best epoch on `validation`, and each epoch's numbers.

    Raises UserError when there are no examples to train or to choose by.
    """
    if not examples or not validation:
        raise UserError(
            f"{len(examples)} training and {len(validation)} validation pairs: a scorer needs both;"
            " check that the data folder holds the whole of EPITOME"
        )
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network, tokenizer = trainable_network(recipe, fastest_dtype())
    network.to(device)
    plan = _plan(tokenizer, examples, recipe, seed)
    total = sum(map(len, plan))
    optimizer = torch.optim.AdamW(
        [parameter for parameter in network.parameters() if parameter.requires_grad],
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=total, pct_start=0.1
    )
    history: list[dict[str, float]] = []
    best: dict[str, Tensor] = {}
    done = 0
    for chunks in plan:
        network.train()
        losses = []
        for chunk in chunks:
            losses.append(_step(network, tokenizer, [examples[i] for i in chunk], optimizer))
            schedule.step()
            done += 1
            report(done, total)
        score = _validate(network, tokenizer, validation)
        if not history or score > max(row["validation"] for row in history):
            best = trainable_state(network)
        history.append({"loss": sum(losses) / len(losses), "validation": score})
    return best, history


def _plan(
    tokenizer: PreTrainedTokenizerBase, examples: Sequence[Example], recipe: Recipe, seed: int
) -> list[list[list[int]]]:
    lengths = token_lengths(tokenizer, [e.post for e in examples], [e.response for e in examples])
    capped = [min(length, MAX_TOKENS) for length in lengths]
    return [
        batches(capped, recipe.batch_size, seed * 1000 + epoch) for epoch in range(recipe.epochs)
    ]


def _logits(
    network: Network, tokenizer: PreTrainedTokenizerBase, examples: Sequence[Example]
) -> Tensor:
    batch = tokenise(tokenizer, [e.post for e in examples], [e.response for e in examples])
    logits: Tensor = network(batch.to(network.queries.device))
    return logits


def _step(
    network: Network,
    tokenizer: PreTrainedTokenizerBase,
    examples: Sequence[Example],
    optimizer: torch.optim.Optimizer,
) -> float:
    logits = _logits(network, tokenizer, examples)  # [n, mechanisms, levels]
    levels = torch.tensor([e.levels for e in examples], device=logits.device)
    loss = functional.cross_entropy(logits.flatten(0, 1), levels.flatten()) * levels.shape[1]
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.inference_mode()
def _validate(
    network: Network, tokenizer: PreTrainedTokenizerBase, validation: Sequence[Example]
) -> float:
    network.eval()
    parts = [
        _logits(network, tokenizer, validation[at : at + 32])
        for at in range(0, len(validation), 32)
    ]
    predicted = torch.cat(parts).argmax(-1).tolist()
    return selection_score([e.levels for e in validation], predicted)
