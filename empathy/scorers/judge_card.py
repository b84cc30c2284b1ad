"""The card of the n-gram judge: how good it is, beside the scorers that searches see.

`build` measures, `render` makes Markdown of that; no number is typed into the latter by hand. The
other scorers' numbers are those of their own card, measured on the same test posts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from empathy.corpora.epitome import MECHANISMS, Example, select
from empathy.scorers.card import judge
from empathy.uncertainty import Estimate
from empathy.verdicts.ngrams import NgramScorer
from empathy.verdicts.resampled import Floats, resampled_interval

FOLDER = Path(__file__).parent.parent / "metrics" / "weights"
BESIDE = {
    "majority": "Most frequent level",
    "tfidf": "TF-IDF of words, their baseline",
    "rank": "MiniLM `rank`, one half of the posts",
    "evaluate": "MiniLM `evaluate`, the other half",
}
"""Rows of the scorers' card that stand beside ours."""


def build(
    examples: Sequence[Example],
    scorer: NgramScorer,
    chosen: Mapping[str, Mapping[str, Any]],
    sha256: str,
) -> dict[str, Any]:
    """All that the card tells, as JSON-able values."""
    test = select(examples, "test")
    chances = scorer.probabilities([example.response for example in test])
    theirs = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))["results"]
    totals = (chances @ np.arange(chances.shape[-1])).sum(-1)
    return {
        "results": {"ngrams": judge(test, [chances.argmax(-1).tolist()])},
        "beside": {name: theirs[name] for name in BESIDE},
        "ordering": ordering(test, totals).as_dict(),
        "chosen": {name: dict(settings) for name, settings in chosen.items()},
        "pairs": {name: len(select(examples, name)) for name in ("train", "validation", "test")},
        "sha256": sha256,
    }


def ordering(test: Sequence[Example], totals: Floats) -> Estimate:
    """Of any two responses whose rated levels add up differently, how often the score puts the
    higher one higher, ties half; bootstrapped over posts."""
    rated = np.array([sum(example.levels) for example in test])
    higher = (rated[:, None] > rated[None]).astype(np.float64)  # [n, n]
    right = higher * (0.5 + 0.5 * np.sign(totals[:, None] - totals[None]))

    def shares(weights: Floats) -> list[float | None]:
        pairs, won = (((weights @ each) * weights).sum(1).tolist() for each in (higher, right))
        return [hits / n if n else None for hits, n in zip(won, pairs, strict=True)]

    found = resampled_interval(shares, [example.post_id for example in test], draws=1000)
    if found is None:
        raise ValueError("all test responses are rated alike: there is nothing to order")
    return found


def render(card: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    environment = Environment(
        loader=PackageLoader("empathy.metrics", "weights"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # Markdown, of numbers and our own words
    )
    environment.filters["rate"] = _rate
    rows = [("**This judge**", card["results"]["ngrams"])]
    rows += [(title, card["beside"][name]) for name, title in BESIDE.items()]
    text: str = environment.get_template("NGRAMS.md.j2").render(
        card=card, mechanisms=MECHANISMS, rows=rows
    )
    return text


def _rate(found: Mapping[str, float]) -> str:
    """`79.1 (75.8-82.3)`: per cent with its interval, whose ends may be missing."""
    value, low, high = (found[end] for end in ("value", "low", "high"))
    if low is None or high is None:
        return f"{100 * value:.1f}"
    return f"{100 * value:.1f} ({100 * low:.1f}-{100 * high:.1f})"
