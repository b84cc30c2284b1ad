"""How alike two texts are in meaning: the cosine of their MiniLM sentence embeddings.

Used to ask whether a reply can be traced to the client's words it answers, and, when candidate
replies are ranked, to reward those that can.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor
from transformers import BertModel, PreTrainedTokenizerBase

from empathy import minilm

MAX_TOKENS: Final = 256  # the length that the encoder was published with
BATCH: Final = 32


class Encoder:
    """The sentence encoder; `truncated` counts the texts, over all calls, cut to MAX_TOKENS."""

    languages: Final = frozenset({"en"})  # that MiniLM was trained on

    def __init__(self, model: BertModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self.truncated = 0

    @classmethod
    def load(cls, device: str = "cpu") -> Encoder:
        """The packaged encoder; raises UserError when its package is not installed."""
        encoder = minilm.load()
        torch.nn.Module.to(encoder.model, device)
        return cls(encoder.model, encoder.tokenizer)

    @torch.inference_mode()
    def embed(self, texts: Sequence[str]) -> Tensor:
        """Embeddings [n, 384] on the CPU, of Euclidean length 1, so that a dot product is a cosine.

        The mean of the last hidden states over the text's tokens. Texts are batched by length.
        """
        vectors = torch.empty(len(texts), minilm.WIDTH)
        if not texts:
            return vectors
        lengths = [len(ids) for ids in self._tokenizer(list(texts), verbose=False)["input_ids"]]
        self.truncated += sum(length > MAX_TOKENS for length in lengths)
        order = sorted(range(len(texts)), key=lengths.__getitem__)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            vectors[chosen] = self._pooled([texts[index] for index in chosen]).cpu()
        return torch.nn.functional.normalize(vectors, dim=-1)

    def _pooled(self, texts: list[str]) -> Tensor:
        batch = self._tokenizer(
            texts, truncation=True, max_length=MAX_TOKENS, padding=True, return_tensors="pt"
        ).to(self._model.device)
        hidden: Tensor = self._model(**batch).last_hidden_state
        seen = batch["attention_mask"][..., None].to(hidden.dtype)
        mean: Tensor = (hidden * seen).sum(1) / seen.sum(1)
        return mean
