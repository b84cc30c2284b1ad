"""Random small models for tests: a Llama, a Gemma 3 whose window slides, a BERT that decodes."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    BertConfig,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3TextConfig,
    LlamaConfig,
    PreTrainedModel,
)

from empathy.lanes.adapters import Layout
from empathy.lanes.rows import Example
from empathy.weights import Weights

VOCABULARY = 500
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
BERT_TARGETS = ("query", "key", "value", "intermediate.dense", "output.dense")
TARGETS_OF = {"llama": TARGETS, "gemma": TARGETS, "bert": BERT_TARGETS}
WINDOW = 16
_SHARED: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_attention_heads": 4,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "bos_token_id": 2,
}
CONFIGS = {
    "llama": LlamaConfig(num_hidden_layers=2, num_key_value_heads=2, **_SHARED),
    "gemma": Gemma3TextConfig(  # layers 0-4 slide, layer 5 sees all
        num_hidden_layers=6, num_key_value_heads=1, head_dim=16, sliding_window=WINDOW, **_SHARED
    ),
    "bert": BertConfig(
        num_hidden_layers=2,
        is_decoder=True,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.1,
        **_SHARED,
    ),
}


def tiny(family: str, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """The same frozen random weights every time."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(CONFIGS[family], dtype=dtype)
    assert isinstance(model, PreTrainedModel)
    if family == "bert":  # its output bias starts at zero, where nobody would miss it
        torch.nn.init.normal_(model.get_parameter("cls.predictions.bias"))
    model.eval().requires_grad_(False)
    return model


def examples(n: int, seed: int = 0) -> list[Example]:
    """Random pairs; prompts up to 40 tokens, longer than the window; replies end in EOS (1)."""
    source = random.Random(seed)

    def words(low: int, high: int) -> tuple[int, ...]:
        return tuple(source.randrange(5, VOCABULARY) for _ in range(source.randint(low, high)))

    return [Example(words(5, 40), ((*words(3, 15), 1), (*words(3, 15), 1))) for _ in range(n)]


def trained_row(layout: Layout, rank: int, seed: int, strength: float = 0.05) -> Tensor:
    """An adapter whose B is no longer zero, so that it changes what the model says. `(size,)`."""
    source = torch.Generator().manual_seed(seed)
    row = layout.initial_row(rank, seed)
    for pair in layout.lora(row, rank).values():  # views; their draws do not know the padding
        pair.up.copy_(torch.randn(pair.up.shape, generator=source) * strength)
    return row


def multimodal(folder: Path, weights: Weights) -> None:
    """A tiny Gemma 3 that sees, saved with a tokenizer; its tower has layers of the same names."""
    small = {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4}
    text = small | {"vocab_size": 260, "num_hidden_layers": 2, "num_key_value_heads": 2}
    vision = small | {"num_hidden_layers": 1, "image_size": 28, "patch_size": 14}
    config = Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4)
    torch.manual_seed(0)
    whole = Gemma3ForConditionalGeneration(config).eval()
    shutil.copytree(weights.folder, folder)
    whole.save_pretrained(folder)
