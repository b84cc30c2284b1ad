"""python -m pytest tests/test_heads.py"""

from __future__ import annotations

import pytest
import torch
from tiny_models import CONFIGS, VOCABULARY, tiny

from empathy.lanes.heads import TRANSFORMS, head_of


@pytest.mark.parametrize("family", CONFIGS)
def test_hidden_states_become_the_model_s_own_logits(family: str) -> None:
    model = tiny(family)
    ids = torch.randint(VOCABULARY, (2, 9), generator=torch.Generator().manual_seed(0))
    head = head_of(model)
    hidden = model.get_decoder()(input_ids=ids).last_hidden_state
    logits = head.features(hidden) @ head.weight.T
    if head.bias is not None:
        logits = logits + head.bias
    torch.testing.assert_close(logits, model(input_ids=ids).logits, atol=1e-5, rtol=0)


def test_only_bert_transforms_and_has_a_bias() -> None:
    assert TRANSFORMS == {"bert": "cls.predictions.transform"}
    assert head_of(tiny("llama")).bias is None
    assert head_of(tiny("gemma")).bias is None
    bias = head_of(tiny("bert")).bias
    assert bias is not None
    assert bias.abs().max() > 1
