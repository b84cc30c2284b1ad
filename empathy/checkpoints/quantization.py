"""The frozen base in four bits (QLoRA, Dettmers et al. 2023): NF4 with double quantisation.

Adding a warm start to weights of four bits would round it away, so the order is: load in full
precision, train and merge the warm start, and only then round. Hence the device holds the whole
model in bfloat16 once, and memory is saved for the trials, where it is shared by many lanes. The
untrained base is measured before the rounding, SFT and the trials after it; the winner's adapter
was trained over rounded weights and meets unrounded ones, or ones rounded without the warm start.

Written from bitsandbytes' documentation. It has not been run: no GPU was there to run it on.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from empathy.errors import UserError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


def refusal(device: str) -> str | None:
    """Why weights on this kind of device cannot be of four bits, or None if they can. No torch."""
    if device != "cuda":
        return "4 bits need a CUDA GPU, and this runs on the CPU; leave quantization at none"
    if find_spec("bitsandbytes") is None:
        return "4 bits need bitsandbytes, which is not installed: pip install bitsandbytes"
    return None


def check(device: torch.device) -> None:
    """Raises UserError where `refusal` has a reason."""
    reason = refusal(device.type)
    if reason is not None:
        raise UserError(f"quantization is 4bit, but {reason}")


def quantise(model: PreTrainedModel) -> None:
    """Round every linear layer but the vocabulary's to four bits, in place, adapted ones too."""
    from torch import nn

    kept = model.get_output_embeddings()
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear) and child is not kept:
                setattr(parent, name, _rounded(child))


def _rounded(layer: Any) -> Any:
    """The layer as bitsandbytes' `Linear4bit`, an `nn.Linear` that computes in the old dtype."""
    bnb: Any = import_module("bitsandbytes")  # without annotations, and seldom installed
    rounded = bnb.nn.Linear4bit(
        layer.in_features,
        layer.out_features,
        bias=layer.bias is not None,
        compute_dtype=layer.weight.dtype,
        compress_statistics=True,
        quant_type="nf4",
    )
    rounded.weight = bnb.nn.Params4bit(
        layer.weight.data,
        requires_grad=False,
        compress_statistics=True,
        quant_type="nf4",
        module=rounded,
    )
    if layer.bias is not None:
        rounded.bias = layer.bias
    return rounded.to(layer.weight.device)  # the rounding happens on the way
