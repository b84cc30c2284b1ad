"""python -m pytest tests/test_causality.py"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny_models import CONFIGS, tiny
from transformers import AutoModelForCausalLM, BertConfig

from empathy.checkpoints import causality
from empathy.errors import UserError


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("family", CONFIGS)
def test_decoders_pass(family: str, dtype: torch.dtype) -> None:
    causality.check(tiny(family, dtype), "a model")


def test_an_encoder_is_refused() -> None:
    config = BertConfig(**{**CONFIGS["bert"].to_dict(), "is_decoder": False})
    torch.manual_seed(0)
    encoder = AutoModelForCausalLM.from_config(config).eval()
    with pytest.raises(UserError, match=r"some encoder is not causal: .* by \d.* nats; give a dec"):
        causality.check(encoder, "some encoder")


def test_a_model_deaf_to_positions_is_refused() -> None:
    model = tiny("bert")
    embeddings: Any = model.get_submodule("bert.embeddings")
    told = embeddings.forward

    def deaf(**given: Any) -> Any:
        return told(**{**given, "position_ids": None})

    embeddings.forward = deaf
    with pytest.raises(UserError, match=r"deaf one reads packed rows otherwise than plain"):
        causality.check(model, "deaf one")
