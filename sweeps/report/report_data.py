"""The report's data card: what was read, how pairs were made of it, and what rules alone can do.

From data_card.json, which holds counts and no word of any dialogue, and from the manifest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from empathy.corpora import CORPORA
from sweeps.planning.data_step import CARD
from sweeps.record.ledger import Figure
from sweeps.record.wording import named, said
from sweeps.sweepfile.manifest import read_json

SHARE = "win_rate_sft"  # any metric that is a share, for how its numbers look


class Table(NamedTuple):
    """A table as text; the first cell of a row is its name."""

    name: str
    caption: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


class DataView(NamedTuple):
    """The section "Data": where the words come from, and the card's tables."""

    corpora: list[tuple[str, str]]
    """Name and licence of each corpus."""
    tables: list[Table]
    notes: list[str]
    """What was left out or cut, each in a sentence."""


def data_card(out: Path) -> dict[str, Any] | None:
    """The data card in a results folder; None where there is none yet, or in older results."""
    path = out / CARD
    return read_json(path, dict) if path.exists() else None


def data_view(manifest: Mapping[str, Any], card: Mapping[str, Any] | None) -> DataView:
    """What is known of the data; without a card the corpora alone, and that the card is missing."""
    names = manifest["settings"].get("data", {}).get("corpora", ())
    corpora = [(name, CORPORA[name].licence if name in CORPORA else "terms not known here")
               for name in names]  # fmt: skip
    if card is None:
        return DataView(corpora, [], ["This folder holds no data card: nothing was counted yet."])
    tables = [_splits(card), _pairs(card), _rules(card)]
    return DataView(corpora, [table for table in tables if table.rows], [*_notes(card)])


def _splits(card: Mapping[str, Any]) -> Table:
    limits = card["limits"]
    return Table(
        "Dialogues and prompts",
        "A prompt is what a client said, and all that a model is shown. Groups, such as one video "
        "or one patient, are never in two splits. Tokens are pieces of words, as median and most; "
        f"more than {limits['max_prompt_tokens']} of a prompt, or {limits['max_length']} with its "
        "reply, are cut.",
        ("Split", "Dialogues", "Groups", "Prompts used", "Prompts there", "Prompt tokens",
         "Human reply tokens", "Prompts cut", "Replies cut"),
        [
            (
                split,
                ", ".join(f"{count} {name}" for name, count in part["dialogues"].items()) or "0",
                str(part["groups"]),
                str(part["prompts_used"]),
                str(part["prompts"]),
                _lengths(part, "prompt"),
                _lengths(part, "human reply"),
                str(part["prompts_cut"]),
                str(part["replies_cut"]),
            )
            for split, part in card["splits"].items()
        ],
    )  # fmt: skip


def _pairs(card: Mapping[str, Any]) -> Table:
    return Table(
        "Preference pairs",
        "A pair is one prompt with two replies, of which training prefers the chosen one. "
        "Different prompts show how much there is to learn from; tokens are median and most.",
        ("How made, split", "Pairs made", "Pairs used", "Different prompts", "Chosen tokens",
         "Rejected tokens", "Replies cut"),
        [
            (
                f"{named(scheme)}, {split}",
                str(part["pairs"]),
                "-" if part["used"] is None else str(part["used"]),
                str(part["prompts"]),
                _lengths(part, "chosen"),
                _lengths(part, "rejected"),
                str(part["replies_cut"]),
            )
            for scheme, splits in card["schemes"].items()
            for split, part in splits.items()
        ],
    )  # fmt: skip


def _rules(card: Mapping[str, Any]) -> Table:
    return Table(
        "What rules without a model can tell",
        "How often a simple rule picks the chosen reply of held-out pairs, with 95 % intervals. "
        "50 % is chance; near 100 % a model could learn the rule instead of empathy.",
        ("How made, rule", "Right", "Pairs"),
        [
            (
                f"{named(scheme)}, {rule}",
                said(Figure.of(found), SHARE),
                str(found["n"]),
            )
            for scheme, rules in card["baselines"].items()
            for rule, found in rules.items()
        ],
    )


def _lengths(part: Mapping[str, Any], what: str) -> str:
    spread = part["tokens"].get(what)
    return "-" if spread is None else f"{spread['p50']}, {spread['max']}"


def _notes(card: Mapping[str, Any]) -> Iterator[str]:
    for split, part in card["splits"].items():
        for reason, count in part["left_out"].items():
            yield f"Left out of {split}: {count}, {reason}."
    for scheme, splits in card["schemes"].items():
        for split, part in splits.items():
            for reason, count in part["skipped"].items():
                yield f"Not paired by {named(scheme)} in {split}: {count}, {reason}."
    for corpora, count in card.get("overlap", {}).items():
        if count:
            yield f"{count} long texts stand in both {corpora}."
