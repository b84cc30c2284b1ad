"""What each sentence of a reply does, as one of the fifteen MITI labels of `empathy.reading.miti`.

The scorer is MiniLM-L6 with LoRA on all linear layers of its blocks and one linear layer over the
mean of a sentence's token vectors. It was trained mostly on automatic labels of counsellors'
sentences and on invented ones; `weights/MITI.md` says of which, and how often it is right.
`empathy.scorers.train_miti` trains it. `empathy.metrics.adherence` makes numbers of the labels.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import BatchEncoding, PreTrainedTokenizerBase

from empathy import minilm
from empathy.errors import UserError
from empathy.reading.miti import LABELS
from empathy.sentences import sentences

WEIGHTS: Final = "miti.safetensors"
MAX_TOKENS: Final = 128  # of a sentence; of the training sentences 99.5 % fit
LORA_SCALE: Final = 2.0
BATCH: Final = 64


class Network(nn.Module):
    """Encoder, the mean over a sentence's tokens, and a linear layer."""

    def __init__(self, encoder: nn.Module, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(minilm.WIDTH, len(LABELS))

    def forward(self, batch: BatchEncoding) -> Tensor:
        """Logits [n, labels] of n tokenised sentences, in fp32."""
        hidden = self.encoder(**batch).last_hidden_state.float()  # [n, tokens, width]
        seen = batch["attention_mask"][..., None].to(hidden.dtype)
        logits: Tensor = self.head(self.dropout((hidden * seen).sum(1) / seen.sum(1)))
        return logits


class MitiScorer:
    """A trained scorer; `truncated` counts the sentences, over all calls, cut to MAX_TOKENS."""

    languages: Final = frozenset({"en"})

    def __init__(self, network: Network, tokenizer: PreTrainedTokenizerBase) -> None:
        self._network = network.eval()
        self._tokenizer = tokenizer
        self.truncated = 0

    @classmethod
    def load(cls, device: str = "cpu") -> MitiScorer:
        """The shipped scorer."""
        resource = importlib.resources.files("empathy.metrics.weights") / WEIGHTS
        with importlib.resources.as_file(resource) as path:
            return cls.from_file(path, device)

    @classmethod
    def from_file(cls, path: Path, device: str = "cpu") -> MitiScorer:
        """A scorer from the file that `empathy.scorers.train_miti` writes."""
        if not path.is_file():
            raise UserError(f"there is no scorer {path}; `python -m empathy train-miti` makes one")
        encoder, tokenizer = minilm.load()
        network = Network(encoder)
        merge(network, {name: tensor.float() for name, tensor in load_file(path).items()})
        return cls(network.to(device), tokenizer)

    def code(self, replies: Sequence[str]) -> list[tuple[str, ...] | None]:
        """The label of each sentence of each reply, in order; None for a reply without a sentence.

        Of all replies together each wording is read once.
        """
        parts = [sentences(reply) for reply in replies]
        different = sorted({sentence for some in parts for sentence in some})
        known = dict(zip(different, self.label(different), strict=True))
        return [tuple(known[sentence] for sentence in some) or None for some in parts]

    def label(self, said: Sequence[str]) -> list[str]:
        """The most probable label of each sentence."""
        return [LABELS[index] for index in self.probabilities(said).argmax(-1).tolist()]

    @torch.inference_mode()
    def probabilities(self, said: Sequence[str]) -> Tensor:
        """Probability of each label, [n, labels] on the CPU, batched by length."""
        chances = torch.empty(len(said), len(LABELS))
        if not said:
            return chances
        lengths = [len(ids) for ids in self._tokenizer(list(said), verbose=False)["input_ids"]]
        self.truncated += sum(length > MAX_TOKENS for length in lengths)
        order = iter(sorted(range(len(said)), key=lengths.__getitem__))
        while chosen := list(islice(order, BATCH)):
            batch = tokenise(self._tokenizer, [said[index] for index in chosen])
            logits = self._network(batch.to(self._network.head.weight.device))
            chances[chosen] = logits.softmax(-1).cpu()
        return chances


def tokenise(
    tokenizer: PreTrainedTokenizerBase, said: Sequence[str], max_tokens: int = MAX_TOKENS
) -> BatchEncoding:
    """One padded batch of [CLS] sentence [SEP], each cut to `max_tokens`."""
    batch: BatchEncoding = tokenizer(
        list(said), truncation=True, max_length=max_tokens, padding=True, return_tensors="pt"
    )
    return batch


def merge(network: Network, tensors: Mapping[str, Tensor]) -> None:
    """Writes the head and adds each `lora.<linear>.b` @ `.a` * scale to its linear's weight."""
    head = {name: tensor for name, tensor in tensors.items() if not name.startswith("lora.")}
    assert head.keys() == {"head.weight", "head.bias"}, head.keys()
    network.load_state_dict(head, strict=False)
    for name, a in tensors.items():
        if name.startswith("lora.") and name.endswith(".a"):
            stem = name.removesuffix(".a")
            linear = network.encoder.get_submodule(stem.removeprefix("lora."))
            assert isinstance(linear, nn.Linear)
            linear.weight.data += LORA_SCALE * tensors[f"{stem}.b"] @ a
