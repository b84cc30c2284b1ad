"""The card of the empathy scorers: every number as measured, beside a cheap baseline and the
paper's.

`build` makes the machine-readable card (card.json), `render` turns that into CARD.md, and no
number is ever typed into the latter by hand. Rates are shares from 0 to 1 in the JSON and per cent
in the text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from empathy.cache import write_atomically
from empathy.corpora.epitome import HALVES, MECHANISMS, Epitome, Example, Half, select
from empathy.records import SPLITS
from empathy.scorers.baseline import Levels, majority, tfidf
from empathy.scorers.classification import Curves, curves, estimate, resamples

if TYPE_CHECKING:
    from empathy.scorers.train_scorer import Part, Run
    from empathy.scorers.training import Recipe

Card = dict[str, Any]
# Sharma et al. 2020, RoBERTa bi-encoder: quoted from memory of the paper. Its
# split is by row, not by post.
QUOTED = {
    "emotional_reactions": {"accuracy": 0.794, "macro_f1": 0.745},
    "interpretations": {"accuracy": 0.840, "macro_f1": 0.626},
    "explorations": {"accuracy": 0.926, "macro_f1": 0.726},
}
TITLES = {
    "majority": "Most frequent level",
    "tfidf": "TF-IDF + logistic regression",
    "full": "This scorer on all training posts",
    "rank": "**Shipped `rank`**, one half of the posts",
    "evaluate": "**Shipped `evaluate`**, the other half",
}


def build(
    corpus: Epitome,
    runs: Sequence[Run],
    shipped: Mapping[Half, Run],
    recipes: Mapping[Part, Recipe],
) -> Card:
    """All that CARD.md tells, as JSON-able values."""
    test = select(corpus.examples, "test")
    full = [run for run in runs if run.part == "full"]
    baseline, chosen = tfidf(corpus.examples)
    said: dict[str, list[Levels]] = {
        "majority": [majority(corpus.examples)],
        "tfidf": [baseline],
        "full": [run.test_levels for run in full],
        **{half: [shipped[half].test_levels] for half in HALVES},
    }
    return {
        "data": describe(corpus),
        "recipes": {part: asdict(recipe) for part, recipe in recipes.items()},
        "seeds": sorted(run.seed for run in full),
        **measure(test, said),
        "tfidf_chosen": chosen,
        "runs": [
            {
                **{"part": run.part, "seed": run.seed, "validation": run.validation},
                **plain(test, run.test_levels),
            }
            for run in runs
        ],
        "shipped": {
            half: {"seed": run.seed, "validation": run.validation} for half, run in shipped.items()
        },
        "test_truncated": full[0].test_truncated,
        "quoted": QUOTED,
        "said": {name: [digits(levels) for levels in runs] for name, runs in said.items()},
    }


def measure(test: Sequence[Example], said: Mapping[str, Sequence[Levels]]) -> dict[str, Any]:
    """The card's `results` and `full_minus_tfidf`, from what each method said of each test pair."""
    return {
        "results": {name: judge(test, runs) for name, runs in said.items()},
        "full_minus_tfidf": differences(test, said["full"], said["tfidf"]),
    }


def digits(levels: Levels) -> str:
    """Levels as one string, a digit per item and mechanism: so that the card can be checked."""
    return "".join(str(level) for row in levels for level in row)


def from_digits(text: str) -> Levels:
    """The levels that `digits` wrote."""
    width = len(MECHANISMS)
    return [[int(c) for c in text[at : at + width]] for at in range(0, len(text), width)]


def judge(test: Sequence[Example], runs: Sequence[Levels]) -> dict[str, dict[str, Any]]:
    """Accuracy and macro-F1 per mechanism with intervals, averaged over runs."""
    return _estimates(test, [_curves(test, runs, k) for k in range(len(MECHANISMS))])


def differences(
    test: Sequence[Example], ours: Sequence[Levels], theirs: Sequence[Levels]
) -> dict[str, dict[str, Any]]:
    """Ours minus theirs on the same resamples of test posts, per mechanism."""
    found = []
    for k in range(len(MECHANISMS)):
        a, b = _curves(test, ours, k), _curves(test, theirs, k)
        found.append(Curves(a.accuracy - b.accuracy, a.macro_f1 - b.macro_f1))
    return _estimates(test, found)


def plain(test: Sequence[Example], levels: Levels) -> dict[str, Any]:
    """One run's test numbers without intervals, to show how far seeds scatter."""
    found: dict[str, Any] = {}
    once = np.ones((1, len(test)))
    for k, name in enumerate(MECHANISMS):
        both = curves(once, _column([e.levels for e in test], k), [_column(levels, k)])
        found[name] = {"accuracy": float(both.accuracy[0]), "macro_f1": float(both.macro_f1[0])}
    return found


def describe(corpus: Epitome) -> dict[str, Any]:
    """Pairs and posts of each part and the levels of the test pairs."""
    parts: dict[str, Any] = {}
    for name in SPLITS:
        parts[name] = _size(select(corpus.examples, name))
    for half in HALVES:
        parts[f"train, {half}"] = _size(select(corpus.examples, "train", half))
    test = select(corpus.examples, "test")
    levels = {
        name: [Counter(e.levels[k] for e in test)[level] for level in range(3)]
        for k, name in enumerate(MECHANISMS)
    }
    return {"counts": dict(corpus.counts), "parts": parts, "test_levels": levels}


def _size(examples: Sequence[Example]) -> dict[str, int]:
    return {"pairs": len(examples), "posts": len({example.post_id for example in examples})}


def _column(levels: Levels, k: int) -> list[int]:
    return [row[k] for row in levels]


def _curves(test: Sequence[Example], runs: Sequence[Levels], k: int) -> Curves:
    weights = resamples([example.post_id for example in test])
    truth = [example.levels[k] for example in test]
    return curves(weights, truth, [_column(run, k) for run in runs])


def _estimates(test: Sequence[Example], found: Sequence[Curves]) -> dict[str, dict[str, Any]]:
    posts = len({example.post_id for example in test})
    return {
        name: {
            statistic: estimate(values, len(test), posts).as_dict()
            for statistic, values in both._asdict().items()
        }
        for name, both in zip(MECHANISMS, found, strict=True)
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
    environment.filters.update(rate=_rate, gap=_gap, per_cent=_per_cent)
    text: str = environment.get_template("CARD.md.j2").render(
        card=card, mechanisms=MECHANISMS, titles=TITLES, halves=HALVES
    )
    return text


def _writer(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")


def _per_cent(share: float) -> str:
    return f"{100 * share:.1f}"


def _rate(found: Mapping[str, float]) -> str:
    """`79.1 (75.8-82.3)`: per cent with its interval."""
    return "{:.1f} ({:.1f}-{:.1f})".format(*(100 * found[end] for end in ("value", "low", "high")))


def _gap(found: Mapping[str, float]) -> str:
    """`+4.2 (+0.9 to +7.7)`: points of difference with their interval."""
    ends = (100 * found[end] for end in ("value", "low", "high"))
    return "{:+.1f} ({:+.1f} to {:+.1f})".format(*ends)
