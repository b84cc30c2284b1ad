"""What of a scorer is trained: low-rank updates beside an encoder's frozen linear layers, pooling
and heads; and the state that a scorer's file holds.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from empathy.checkpoints import encoder as encoders
from empathy.metrics.epitome import LORA_SCALE, MAX_TOKENS, Network


class Trainable(NamedTuple):
    """A network of which LoRA, pooling and heads can be trained, and its tokenizer."""

    network: Network
    tokenizer: PreTrainedTokenizerBase
    encoder: str
    """The name that finds its encoder again."""
    encoder_sha256: str


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
        y: Tensor = self.base(x)  # torch annotates a module's call as Any
        return y + update


def trainable(encoder: str, rank: int, dropout: float, dtype: torch.dtype) -> Trainable:
    """The network with a frozen encoder in `dtype` and fresh LoRA in all its linear layers.

    Raises UserError where the encoder is not to be had.
    """
    # eager attention: on a CPU its backward is several times faster than the fused kernel's in bf16
    found = encoders.load(encoder, MAX_TOKENS, "eager")
    freeze(found.model, rank, dropout, dtype)
    return Trainable(Network(found.model, dropout), found.tokenizer, found.name, found.sha256)


def freeze(encoder: nn.Module, rank: int, dropout: float, dtype: torch.dtype) -> None:
    """Freeze an encoder in `dtype`, in place: all its linear layers get fresh LoRA to train."""
    nn.Module.to(encoder.requires_grad_(False), dtype)
    for name, module in list(encoder.named_modules()):
        if isinstance(module, nn.Linear):
            parent, _, child = name.rpartition(".")
            setattr(encoder.get_submodule(parent), child, LoraLinear(module, rank))
        elif isinstance(module, nn.Dropout):
            module.p = 0.0 if _of_attention(name) else dropout


def _of_attention(name: str) -> bool:
    """Whether a dropout falls on attention weights, by its name in the families there are."""
    return re.search(r"attention(\.self)?\.dropout$|attn_dropout$", name) is not None


def trainable_state(network: Network) -> dict[str, Tensor]:
    """What is trained, in fp16: LoRA as `lora.<module>.a|b`, the rest by its own names."""
    state = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            inner = name.removeprefix("encoder.")
            state[name if inner == name else f"lora.{inner}"] = parameter.detach().half().clone()
    return state
