"""python -m pytest tests/test_family_checks.py"""

from __future__ import annotations

import pytest

from empathy.errors import UserError
from sweeps.sweepfile import spec


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["training.max_length=513"], r"training.max_length is 513, but models of .* 512 pos"),
        (
            ["training.max_prompt_tokens=400", "evaluation.max_new_tokens=113"],
            r"is 113, which with training\.max_prompt_tokens, 400, exceeds the 512",
        ),
        (["warm_start.lora_rank=8"], r"lora_rank is 8, but the warm start of family biobert train"),
        (["family=llama", "new_head=tied"], r"new_head is 'tied', which family llama cannot make;"),
    ],
)
def test_what_a_family_cannot_do_is_one_sentence(overrides: list[str], told: str) -> None:
    with pytest.raises(UserError, match=told):
        spec.load("dpo_biobert", overrides)


def test_what_it_can_do_passes() -> None:
    edge = ["training.max_prompt_tokens=400", "evaluation.max_new_tokens=112"]
    assert spec.load("dpo_biobert", [*edge, "new_head=tied"]).new_head == "tied"
    assert spec.load("dpo_llama", ["training.max_length=4096"]).training.max_length == 4096
