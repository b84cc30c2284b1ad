"""One training run of the empathy scorer: LoRA in an encoder's linear layers, pooling and heads.

The encoder stays frozen, in bf16 where the machine is quick at it; what is trained is fp32. Beside
the levels the raters' evidence is learnt, as EPITOME's authors train their models on rationales
too: each mechanism's attention is drawn to the words that they named, and those words, spliced into
other responses, give more examples of rare levels.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BatchEncoding, PreTrainedTokenizerBase

from empathy.corpora.epitome import LEVELS, MECHANISMS, Example
from empathy.errors import UserError
from empathy.metrics.epitome import Network, Read, token_lengths, tokenise
from empathy.scorers.averaging import TailMean
from empathy.scorers.classification import selection_score
from empathy.scorers.lora import trainable, trainable_state
from empathy.scorers.recipe import Recipe
from empathy.scorers.splices import UNKNOWN, splices

Report = Callable[[int, int], None]
"""Called after each step with the steps done and the steps in all."""


class Trained(NamedTuple):
    """What a run leaves."""

    state: dict[str, Tensor]
    """The trained weights in fp16."""
    history: list[dict[str, float]]
    """Each epoch's mean loss, and its number on the validation pairs."""
    metadata: dict[str, str]
    """Which encoder it needs."""


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


def train(
    examples: Sequence[Example],
    validation: Sequence[Example],
    recipe: Recipe,
    seed: int,
    report: Report,
) -> Trained:
    """A scorer that learnt `examples`, watched on `validation`.

    Raises UserError when there are no examples to train or to judge by, or no such encoder.
    """
    if not examples or not validation:
        raise UserError(
            f"{len(examples)} training and {len(validation)} validation pairs: a scorer needs both;"
            " check that the data folder holds the whole of EPITOME"
        )
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    made = trainable(recipe.encoder, recipe.rank, recipe.dropout, fastest_dtype())
    network, tokenizer = made.network.to(device), made.tokenizer
    plan = list(_plan(tokenizer, examples, recipe, seed))
    total = sum(map(len, plan))
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        trained, lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=total, pct_start=0.1
    )
    tail = TailMean(trained)
    history: list[dict[str, float]] = []
    done = 0
    for chunks in plan:
        network.train()
        losses = []
        for chunk in chunks:
            losses.append(_step(network, tokenizer, chunk, optimizer, recipe))
            schedule.step()
            done += 1
            if done > (1 - recipe.averaged) * total:
                tail.add()
            report(done, total)
        score = _validate(network, tokenizer, validation, recipe.longest)
        history.append({"loss": sum(losses) / len(losses), "validation": score})
    tail.write()
    taught = [example for chunks in plan for chunk in chunks for example in chunk]
    restore_shares(network, shares(taught), shares(examples))
    named = {"encoder": made.encoder, "encoder_sha256": made.encoder_sha256}
    return Trained(trainable_state(network), history, named)


def _plan(
    tokenizer: PreTrainedTokenizerBase, examples: Sequence[Example], recipe: Recipe, seed: int
) -> Iterator[list[list[Example]]]:
    """Each epoch's batches: every training pair once, and new splices among them."""
    made, fresh = splices(examples, seed), round(recipe.spliced * len(examples))
    for epoch in range(recipe.epochs):
        some = [*examples, *islice(made, fresh)]
        lengths = token_lengths(tokenizer, [e.post for e in some], [e.response for e in some])
        capped = [min(length, recipe.longest) for length in lengths]
        order = batches(capped, recipe.batch_size, seed * 1000 + epoch)
        yield [[some[i] for i in batch] for batch in order]


def shares(examples: Sequence[Example]) -> Tensor:
    """How frequent each level is among those known, [mechanisms, levels]; never quite 0."""
    counts = torch.full((len(MECHANISMS), LEVELS), 0.5)
    for example in examples:
        for k, level in enumerate(example.levels):
            if level != UNKNOWN:
                counts[k, level] += 1
    return counts / counts.sum(1, keepdim=True)


@torch.no_grad()
def restore_shares(network: Network, taught: Tensor, natural: Tensor) -> None:
    """Make the heads expect levels as often as they are, not as often as splices showed them.

    Bayes' rule moves each logit by log natural share - log taught share, `[mechanisms, levels]`
    both (Saerens et al., Neural Computation, 2002); without it expected levels would be too high.
    """
    for head, shift in zip(network.heads, natural.log() - taught.log(), strict=True):
        final = cast(nn.Linear, cast(nn.Sequential, head)[-1])  # a ModuleList knows modules only
        final.bias.add_(shift.to(final.bias))


def evidence_mask(batch: BatchEncoding, examples: Sequence[Example]) -> Tensor:
    """1 where a token of the reply lies in the evidence of a mechanism, [n, mechanisms, tokens]."""
    mask = torch.zeros(len(examples), len(MECHANISMS), batch["input_ids"].shape[1])
    encodings = batch.encodings or ()  # never None from a fast tokenizer, and strict would say so
    for row, (encoding, example) in enumerate(zip(encodings, examples, strict=True)):
        reply = torch.tensor([text == 1 for text in encoding.sequence_ids])
        first, after = torch.tensor(encoding.offsets).T
        for k, spans in enumerate(example.evidence):
            for begin, end in spans:
                mask[row, k] += reply & (begin <= first) & (after <= end)
    return mask.clamp(max=1)


def attention_loss(attention: Tensor, mask: Tensor) -> Tensor:
    """-log of the attention that falls on evidence, summed over mechanisms, mean over n pairs.

    `attention` and `mask` are [n, mechanisms, tokens]; where nothing is marked nothing is asked.
    """
    told = mask.sum(-1) > 0
    share = (attention * mask).sum(-1)[told]
    return -(share + 1e-6).log().sum() / len(mask)


def _read(
    network: Network, tokenizer: PreTrainedTokenizerBase, examples: Sequence[Example], longest: int
) -> tuple[Read, BatchEncoding]:
    posts, replies = [e.post for e in examples], [e.response for e in examples]
    batch = tokenise(tokenizer, posts, replies, longest)
    read: Read = network(batch.to(network.queries.device))
    return read, batch


def _step(
    network: Network,
    tokenizer: PreTrainedTokenizerBase,
    examples: Sequence[Example],
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
) -> float:
    read, batch = _read(network, tokenizer, examples, recipe.longest)
    levels = torch.tensor([e.levels for e in examples], device=read.logits.device)
    each = functional.cross_entropy(
        read.logits.flatten(0, 1), levels.flatten(), ignore_index=UNKNOWN
    )
    loss = each * levels.shape[1]
    mask = evidence_mask(batch, examples).to(loss.device)
    optimizer.zero_grad()
    (loss + recipe.evidence * attention_loss(read.attention, mask)).backward()
    optimizer.step()
    return loss.item()


@torch.inference_mode()
def _validate(
    network: Network,
    tokenizer: PreTrainedTokenizerBase,
    validation: Sequence[Example],
    longest: int,
) -> float:
    network.eval()
    chunks = [validation[at : at + 32] for at in range(0, len(validation), 32)]
    logits = torch.cat([_read(network, tokenizer, chunk, longest)[0].logits for chunk in chunks])
    return selection_score([e.levels for e in validation], logits.argmax(-1).tolist())
