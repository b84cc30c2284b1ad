"""What a reader of the data card should know before believing what is learnt from these pairs.

Every caution is one sentence, made of the card's own counts and of no word of any dialogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from empathy.corpora import ALTERED
from empathy.records import Split

AGAIN = 0.05  # of the held-out pairs: more with a reply of a train pair reward remembering
CUT = 0.10  # of prompts or replies: more of them cut, and the limits shape what is learnt

Parts = Mapping[Split, Mapping[str, Any]]
"""A part of the card by split."""


def cautions(
    reading: Mapping[str, Mapping[str, Any]], splits: Parts, schemes: Mapping[str, Parts]
) -> list[str]:
    """Sentences on changed files, cut texts, held-out pairs that were seen, and missing ones."""
    return [*_files(reading), *_prompts(splits), *_pairs(schemes)]


def _files(reading: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, counts in reading.items():
        if counts.get(ALTERED):
            yield (
                f"{counts[ALTERED]} files of '{name}' are not the authors' (another size or "
                "SHA-256), so they may be cut: unless you changed them, move them away and run "
                f"`python -m empathy fetch {name}`."
            )


def _prompts(splits: Parts) -> Iterator[str]:
    used = sum(part["prompts_used"] for part in splits.values())
    yield from _cut("of the corpora", splits, used, used)


def _pairs(schemes: Mapping[str, Parts]) -> Iterator[str]:
    for name, parts in schemes.items():
        held_out = {split: part for split, part in parts.items() if split != "train"}
        for split, part in held_out.items():
            if not part["pairs"]:
                yield (
                    f"'{name}' has no {split} pair: pair_accuracy will be missing there, unless "
                    "another scheme has some."
                )
        pairs = sum(part["pairs"] for part in held_out.values())
        again = sum(part["reply_in_train"] for part in held_out.values())
        if again > AGAIN * pairs:
            yield (
                f"{100 * again / pairs:.0f} % of the held-out pairs of '{name}' have a reply that "
                "a train pair has too: pair_accuracy may show what was remembered."
            )
        made = sum(part["pairs"] for part in parts.values())
        yield from _cut(f"in the pairs of '{name}'", parts, made, 2 * made)


def _cut(where: str, parts: Parts, prompts: int, replies: int) -> Iterator[str]:
    """One sentence for prompts and one for replies of which the limits cut too many."""
    for what, limit, of in (
        ("prompts", "training.max_prompt_tokens", prompts),
        ("replies", "training.max_length", replies),
    ):
        count = sum(part[f"{what}_cut"] for part in parts.values())
        if count > CUT * of:
            yield (
                f"The limits cut {count} of {of} {what} {where}: raise {limit} if the model and "
                "the memory allow it."
            )
