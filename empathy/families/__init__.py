"""The model families by name. To add one: a file beside this one and a line here. No torch."""

from __future__ import annotations

from empathy.errors import UserError
from empathy.families.biobert import BIOBERT
from empathy.families.family import EncodedPrompt, Family
from empathy.families.gemma import GEMMA
from empathy.families.llama import LLAMA
from empathy.families.tiny import TINY

FAMILIES: dict[str, Family] = {
    "gemma": GEMMA,
    "llama": LLAMA,
    "biobert": BIOBERT,
    "tiny": TINY,
}


def family_named(name: str) -> Family:
    """The family of that name; UserError lists the known ones."""
    if name not in FAMILIES:
        raise UserError(f"unknown family {name!r}; known: {', '.join(FAMILIES)}")
    return FAMILIES[name]


__all__ = ["FAMILIES", "EncodedPrompt", "Family", "family_named"]
