"""How empathic a reply is, read together with the words it answers: three mechanisms, levels 0 to
2.

The scorer is an encoder (MiniLM-L6 in those that are shipped) with LoRA on its linear layers and,
per mechanism, one learned attention pooling and one small head. It was trained on EPITOME (Sharma
et al., EMNLP 2020: see `empathy.corpora.epitome`) and is shipped twice, trained on disjoint halves
of the training posts: `rank` orders candidate replies when pairs are made, `evaluate` judges what a
policy says, so that no policy is judged by the scorer that taught it. `weights/CARD.md` says how
good they are.

A score is an *expected* level, sum over k of p(k) * k: smooth where a chosen level would jump. A
temperature per mechanism makes the probabilities as sure as they are right.
"""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import BatchEncoding, PreTrainedModel, PreTrainedTokenizerBase

from empathy.checkpoints import encoder as encoders
from empathy.corpora.epitome import HALVES, LEVELS, MECHANISMS, Half
from empathy.errors import UserError

MAX_TOKENS: Final = 384  # of post and reply together: 98 % of EPITOME's pairs fit
LORA_SCALE: Final = 2.0  # alpha 16 at rank 8
BATCH: Final = 32
ABOUT: Final = "scorer"
"""The one entry of a scorer file's metadata, JSON: safetensors writes several in any order, and the
same scorer should be the same file."""


class EmpathyLevels(NamedTuple):
    """Expected level of each mechanism, 0 (none) to 2 (strong)."""

    emotional_reactions: float
    interpretations: float
    explorations: float

    @property
    def total(self) -> float:
        """The sum of the three, 0 to 6."""
        return self.emotional_reactions + self.interpretations + self.explorations


class Read(NamedTuple):
    """What a network makes of n pairs."""

    logits: Tensor  # [n, mechanisms, levels]
    attention: Tensor  # [n, mechanisms, tokens], of which each row sums to 1


class Network(nn.Module):
    """Encoder, then per mechanism an attention pooling over its tokens and a head."""

    temperature: Tensor
    """[mechanisms]; fitted after training (`empathy.scorers.calibration`), 1 where it was not."""

    def __init__(self, encoder: PreTrainedModel, dropout: float = 0.0) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        self.register_buffer("temperature", torch.ones(len(MECHANISMS)))
        self.queries = nn.Parameter(torch.randn(len(MECHANISMS), width) * 0.02)
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.Dropout(dropout), nn.Linear(width, width), nn.GELU(), nn.Linear(width, LEVELS)
            )
            for _ in MECHANISMS
        )

    def forward(self, batch: BatchEncoding) -> Read:
        """What is read in n tokenised (post, reply) pairs, in fp32."""
        hidden = self.encoder(**batch).last_hidden_state.float()  # [n, tokens, width]
        seen = batch["attention_mask"][:, None].bool()
        weights = (self.queries @ hidden.transpose(1, 2)).masked_fill(~seen, -1e4).softmax(-1)
        pooled = weights @ hidden  # [n, mechanisms, width]
        logits = torch.stack([head(pooled[:, k]) for k, head in enumerate(self.heads)], dim=1)
        return Read(logits / self.temperature[:, None], weights)


class EmpathyScorer:
    """A trained scorer; `truncated` counts the pairs, over all calls, cut to MAX_TOKENS."""

    languages: Final = frozenset({"en"})  # EPITOME is English, and so is its encoder

    def __init__(self, network: Network, tokenizer: PreTrainedTokenizerBase) -> None:
        self._network = network.eval()
        self._tokenizer = tokenizer
        self.truncated = 0

    @classmethod
    def load(cls, half: Half, device: str = "cpu") -> EmpathyScorer:
        """The shipped scorer of that half of the posts; an unknown name raises UserError."""
        if half not in HALVES:
            raise UserError(f"unknown scorer {half!r}; known: {', '.join(HALVES)}")
        resource = importlib.resources.files("empathy.metrics.weights") / f"{half}.safetensors"
        with importlib.resources.as_file(resource) as path:
            return cls.from_file(path, device)

    @classmethod
    def from_file(cls, path: Path, device: str = "cpu") -> EmpathyScorer:
        """A scorer from a file of LoRA and head weights; LoRA is merged into the encoder.

        Raises UserError where there is no such file, or its encoder is not to be had or changed.
        """
        if not path.is_file():
            raise UserError(
                f"there is no scorer {path}; `python -m empathy train-scorer` makes one"
            )
        encoder = _encoder_of(path)
        network = Network(encoder.model)
        merge(network, {name: tensor.float() for name, tensor in load_file(path).items()})
        return cls(network.to(device), encoder.tokenizer)

    @property
    def temperature(self) -> Tensor:
        """What the logits are divided by, [mechanisms]."""
        return self._network.temperature.cpu()

    def score(self, posts: Sequence[str], replies: Sequence[str]) -> list[EmpathyLevels | None]:
        """Expected levels of each reply to its post; None for a reply without words.

        Raises ValueError when the two sequences differ in length.
        """
        pairs = list(zip(posts, replies, strict=True))
        told = [index for index, (_, reply) in enumerate(pairs) if reply.strip()]
        scores: list[EmpathyLevels | None] = [None] * len(pairs)
        if told:
            chances = self.probabilities(
                [pairs[index][0] for index in told], [pairs[index][1] for index in told]
            )
            levels = chances @ torch.arange(LEVELS, dtype=chances.dtype)
            for index, row in zip(told, levels.tolist(), strict=True):
                scores[index] = EmpathyLevels(*row)
        return scores

    def probabilities(self, posts: Sequence[str], replies: Sequence[str]) -> Tensor:
        """Probability of each level, [n, mechanisms, levels] on the CPU."""
        return self.logits(posts, replies).softmax(-1)

    @torch.inference_mode()
    def logits(self, posts: Sequence[str], replies: Sequence[str]) -> Tensor:
        """What the softmax makes probabilities of, [n, mechanisms, levels], batched by length."""
        lengths = token_lengths(self._tokenizer, posts, replies)
        self.truncated += sum(length > MAX_TOKENS for length in lengths)
        order = sorted(range(len(lengths)), key=lengths.__getitem__)
        logits = torch.empty(len(order), len(MECHANISMS), LEVELS)
        device = self._network.queries.device
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            batch = tokenise(
                self._tokenizer, [posts[i] for i in chosen], [replies[i] for i in chosen]
            )
            logits[chosen] = self._network(batch.to(device)).logits.cpu()
        return logits


def about(path: Path) -> dict[str, str]:
    """What a scorer's file says of itself: `encoder` and its `encoder_sha256`, `part`, `seed`."""
    with safe_open(path, "pt") as file:
        told: dict[str, str] = file.metadata() or {}
    return json.loads(told[ABOUT]) if ABOUT in told else told  # older files have an entry each


def _encoder_of(path: Path) -> encoders.Encoder:
    """The encoder that the scorer's file names, as it was when the scorer was trained."""
    told = about(path)
    name = told.get("encoder", encoders.MINILM)
    try:
        found = encoders.load(name, MAX_TOKENS)
    except UserError as error:
        raise UserError(f"{path} reads through encoder {name}: {error}") from error
    if told.get("encoder_sha256", found.sha256) != found.sha256:
        raise UserError(
            f"{path} was trained on another {name} than there is now (SHA-256 {found.sha256[:12]}"
            f"..., not {told['encoder_sha256'][:12]}...); bring that one back or train it again"
        )
    return found


def merge(network: Network, tensors: dict[str, Tensor]) -> None:
    """Writes heads and pooling into the network and adds each B @ A * scale to its base weight."""
    lora = {name for name in tensors if name.startswith("lora.")}
    own = {name: tensor for name, tensor in tensors.items() if name not in lora}
    unknown = network.load_state_dict(own, strict=False).unexpected_keys
    assert not unknown, unknown
    for name in sorted(lora):
        if name.endswith(".a"):
            linear = network.encoder.get_submodule(name[len("lora.") : -len(".a")])
            assert isinstance(linear, nn.Linear)
            update = tensors[name[: -len("a")] + "b"] @ tensors[name]
            linear.weight.data += LORA_SCALE * update


def tokenise(
    tokenizer: PreTrainedTokenizerBase,
    posts: Sequence[str],
    replies: Sequence[str],
    max_tokens: int = MAX_TOKENS,
) -> BatchEncoding:
    """One padded batch of [CLS] post [SEP] reply [SEP]; too long, the longer text is cut."""
    batch: BatchEncoding = tokenizer(
        list(posts),
        list(replies),
        truncation="longest_first",
        max_length=max_tokens,
        padding=True,
        return_tensors="pt",
    )
    return batch


def token_lengths(
    tokenizer: PreTrainedTokenizerBase, posts: Sequence[str], replies: Sequence[str]
) -> list[int]:
    """Tokens of each pair before any cut, special tokens included."""
    if not posts:
        return []
    return [len(ids) for ids in tokenizer(list(posts), list(replies), verbose=False)["input_ids"]]
