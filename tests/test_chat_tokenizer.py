"""python -m pytest tests/test_chat_tokenizer.py"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from transformers import AutoTokenizer

from empathy.checkpoints.chat_tokenizer import chat_ready
from empathy.errors import UserError
from empathy.families import FAMILIES
from empathy.weights import Weights

TINY = FAMILIES["tiny"]


@pytest.fixture
def bare(tiny_weights: dict[str, Weights]) -> Any:
    """A tokenizer whose checkpoint forgot template and padding."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_weights["tiny-llama"].folder)
    tokenizer.chat_template = tokenizer.pad_token = None
    return tokenizer


def test_forgotten_template_and_padding_are_supplied(bare: Any) -> None:
    ready = chat_ready(bare, replace(TINY, chat_template="{{ messages | length }}"))
    assert ready.chat_template == "{{ messages | length }}"
    assert ready.pad_token == "<|end|>"


def test_no_template_anywhere_is_refused(bare: Any) -> None:
    with pytest.raises(UserError, match="has no chat template and family tiny brings none"):
        chat_ready(bare, TINY)


def test_what_the_checkpoint_has_is_kept(tiny_weights: dict[str, Weights]) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_weights["tiny-llama"].folder)
    template = tokenizer.chat_template
    ready = chat_ready(tokenizer, replace(TINY, chat_template="another"))
    assert ready is tokenizer
    assert (ready.chat_template, ready.pad_token) == (template, "<|pad|>")


def test_a_vocabulary_of_another_family_is_refused(bare: Any) -> None:
    with pytest.raises(UserError, match=r"family biobert ends a turn with \[SEP\]"):
        chat_ready(bare, FAMILIES["biobert"])
