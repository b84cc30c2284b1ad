"""The data step of a sweep alone: its data card, before any model is loaded.

Only the tokenizer is read, and the sentence encoder where `matched` asks for it. Pairs of sampled
schemes need the warm-started model: here it is said how much will be sampled, and the sweep itself
writes the full card into its results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from empathy.cache import write_atomically
from empathy.families import family_named
from empathy.pairing import constructed
from empathy.records import SPLITS, Split
from empathy.schemes import SCHEMES, draws
from empathy.schemes.matched import Vectors
from empathy.selection import Selected, select
from empathy.settings import DataSettings
from sweeps.planning.card_text import as_text
from sweeps.sweepfile.manifest import write_json
from sweeps.sweepfile.spec import SweepSpec

CARD = "data_card.json"


def card_of(spec: SweepSpec) -> dict[str, Any]:
    """The data card as far as it can be known without a model.

    Raises UserError for what a user can mend: missing files, a leak, a split without a prompt.
    """
    from empathy import weights
    from empathy.data_card import Ruler, data_card

    selected = select(spec.data, spec.evaluation)
    made = {split: constructed(part, _embed, spec.data) for split, part in selected.parts.items()}
    family = family_named(spec.family)
    found = weights.prepare(spec.model, family)
    ruler = Ruler(family, weights.tokenizer(found, family), spec.training)
    card = data_card(selected, made, ruler)
    return {"tokenizer": found.source, **card, "sampled": sampled(selected, spec.data)}


def _embed(texts: Sequence[str]) -> Vectors:
    """The sentence encoder, loaded only if it is asked."""
    from empathy.metrics.similarity import Encoder

    vectors: Vectors = Encoder.load().embed(texts).numpy()
    return vectors


def sampled(selected: Selected, data: DataSettings) -> dict[str, Any] | None:
    """Which schemes will sample, how many prompts by split, how often each; None if none does."""
    names = [name for name in data.schemes if SCHEMES[name].sampled]
    if not names:
        return None
    prompts: dict[Split, int] = {split: len(selected.parts[split].prompts) for split in SPLITS}
    for split in ("validation", "test"):
        prompts[split] = min(prompts[split], data.held_out_pairs)
    return {"schemes": names, "prompts": prompts, "draws": draws(data)}


def save_card(card: Mapping[str, Any], out: Path) -> list[Path]:
    """Write the card beside the results folder `out`, which a sweep wants empty: as
    `results/demo.data_card.json` and `.txt`. An earlier one is replaced."""
    return write_card(card, out.with_name(f"{out.name}.{CARD}"))


def write_card(card: Mapping[str, Any], path: Path) -> list[Path]:
    """Write the card as JSON to `path`, and as text beside it."""
    write_json(path, card)
    text = path.with_suffix(".txt")
    content = as_text(card) + "\n"
    write_atomically(text, partial(Path.write_text, data=content, encoding="utf-8"))
    return [path, text]
