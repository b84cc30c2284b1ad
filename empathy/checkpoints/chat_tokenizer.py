"""A checkpoint's tokenizer, made ready for chats whatever its checkpoint forgot. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from empathy.errors import UserError
from empathy.families import Family

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def chat_ready(tokenizer: PreTrainedTokenizerBase, family: Family) -> PreTrainedTokenizerBase:
    """The tokenizer with a chat template, a padding token and the family's opening and end.

    Raises UserError where the vocabulary lacks the end of a turn, or there is no template.
    """
    end = family.end_id(tokenizer)
    if family.retokenised is not None:
        tokenizer = family.retokenised(tokenizer)
    if tokenizer.chat_template is None:
        if family.chat_template is None:
            raise UserError(
                f"the tokenizer in {tokenizer.name_or_path} has no chat template and family "
                f"{family.name} brings none; add a chat_template.jinja to that folder"
            )
        tokenizer.chat_template = family.chat_template
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(end)
    return tokenizer
