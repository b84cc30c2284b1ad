"""What counts as a word, for every number that counts words."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")


def word_list(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation; "don't" is one word."""
    return _WORD.findall(text.lower())
