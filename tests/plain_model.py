"""What the engine's shortcuts must equal: one reply at a time, full logits, and PEFT's own LoRA."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from tiny_models import CONFIGS, TARGETS_OF
from torch import Tensor, nn
from transformers import PreTrainedModel

from empathy.lanes.adapters import LoraPair
from empathy.lanes.rows import Example


def reply_logp(model: nn.Module, prompt: Sequence[int], reply: Sequence[int]) -> Tensor:
    """Summed log-probability of a reply: `prompt + reply` alone in a batch, all logits."""
    ids = torch.tensor([[*prompt, *reply]])
    logps: Tensor = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
    taken = logps.gather(-1, ids[0, 1:, None])[len(prompt) - 1 :, 0]
    assert len(taken) == len(reply)
    return taken.sum()


def replies_logps(model: nn.Module, examples: Sequence[Example]) -> Tensor:
    """The same for every reply of every example, `(n, replies)`."""
    return torch.stack(
        [torch.stack([reply_logp(model, e.prompt, r) for r in e.replies]) for e in examples]
    )


def with_peft(
    model: PreTrainedModel, lora: Mapping[str, LoraPair], rank: int, alpha: int
) -> PeftModel:
    """The bare model with these matrices in PEFT's LoRA layers."""
    (targets,) = (
        targets
        for family, targets in TARGETS_OF.items()
        if type(CONFIGS[family]) is type(model.config)
    )
    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        target_modules=list(targets),
        lora_dropout=0.0,
        task_type="CAUSAL_LM",
    )
    adapted = get_peft_model(model, config)
    assert isinstance(adapted, PeftModel)
    for name, layer in lora_layers(adapted).items():
        layer.lora_A["default"].weight.data = lora[name].down.T.clone().to(model.dtype)
        layer.lora_B["default"].weight.data = lora[name].up.T.clone().to(model.dtype)
    return adapted.eval()


def lora_layers(adapted: nn.Module) -> dict[str, Any]:
    """PEFT's layers by the name that they have in the bare model."""
    return {
        name.removeprefix("base_model.model."): module
        for name, module in adapted.named_modules()
        if hasattr(module, "lora_A")
    }
