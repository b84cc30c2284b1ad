"""The scorers' card as Markdown, from its numbers (`empathy.scorers.card`) and CARD.md.j2."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from empathy.cache import write_atomically
from empathy.corpora.epitome import HALVES, MECHANISMS
from empathy.scorers.card import Card

TITLES = {
    "majority": "Most frequent level",
    "tfidf": "TF-IDF + logistic regression",
    "full": "This scorer on all training posts",
    "rank": "**Shipped `rank`**, one half of the posts",
    "evaluate": "**Shipped `evaluate`**, the other half",
    "row": "This scorer on the training rows",
}


def write(card: Card, out: Path) -> None:
    """card.json and CARD.md under `out`, each written whole or not at all."""
    texts = {"card.json": json.dumps(card, indent=1) + "\n", "CARD.md": render(card)}
    for name, text in texts.items():
        write_atomically(out / name, _writer(text))


def render(card: Card) -> str:
    """The card as Markdown."""
    environment = Environment(
        loader=PackageLoader("empathy.metrics", "weights"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # Markdown, of numbers and our own words
    )
    environment.filters.update(
        rate=_rate, gap=_gap, per_cent=_per_cent, plain=_plain, signed=_signed
    )
    prompts = {half: card["shipped"][half]["prompt"] for half in HALVES}
    text: str = environment.get_template("CARD.md.j2").render(
        card=card,
        mechanisms=MECHANISMS,
        titles=TITLES,
        halves=HALVES,
        prompts={**prompts, "ngrams": card["referee"]["prompt"]},
    )
    return text


def _writer(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")


def _per_cent(share: float) -> str:
    return f"{100 * share:.1f}"


def _rate(found: Mapping[str, float | None]) -> str:
    """`79.1 (75.8-82.3)`: per cent with its interval, if it has one."""
    return _with_ends(found, "{:.1f}", "-", 100)


def _gap(found: Mapping[str, float | None]) -> str:
    """`+4.2 (+0.9 to +7.7)`: points of difference with their interval."""
    return _with_ends(found, "{:+.1f}", " to ", 100)


def _plain(found: Mapping[str, float | None]) -> str:
    """`0.123 (0.101-0.150)`: a number with its interval."""
    return _with_ends(found, "{:.3f}", "-")


def _signed(found: Mapping[str, float | None]) -> str:
    """`+0.012 (-0.003 to +0.027)`: a signed number with its interval."""
    return _with_ends(found, "{:+.3f}", " to ")


def _with_ends(found: Mapping[str, float | None], form: str, dash: str, times: int = 1) -> str:
    told = [found[end] for end in ("value", "low", "high")]
    value, *ends = (None if number is None else form.format(times * number) for number in told)
    return str(value) if None in ends else f"{value} ({dash.join(map(str, ends))})"
