"""Tiny random sequence classifiers, saved as any reward model is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    LlamaConfig,
    LlamaForSequenceClassification,
    PreTrainedTokenizerBase,
)

SHAPE: dict[str, Any] = {
    "vocab_size": 260,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "initializer_range": 0.2,
    "max_position_embeddings": 200,
}


def saved(
    folder: Path, tokenizer: PreTrainedTokenizerBase, labels: int = 1, bert: bool = False
) -> Path:
    torch.manual_seed(0)
    config: Any = BertConfig(**SHAPE) if bert else LlamaConfig(**SHAPE, pad_token_id=0)
    config.num_labels = labels
    kind: Any = BertForSequenceClassification if bert else LlamaForSequenceClassification
    kind(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
