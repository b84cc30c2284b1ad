"""The card of the MITI scorer: how often it is right, beside simpler rivals and the authors' own.

`build` measures, `render` makes Markdown of that; no number is typed into the latter by hand. A
gold test sentence counts as often as the file has it; its repetitions are resampled together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from empathy.corpora import annomi
from empathy.metrics.miti import MitiScorer
from empathy.reading.miti import GROUPS, LABELS, GoldSentence, gold_test, group_of
from empathy.records import same_words
from empathy.scorers import miti_validity
from empathy.scorers.classification import confusions, curves, estimate, resamples
from empathy.scorers.miti_baseline import fitted, measured
from empathy.scorers.miti_examples import Examples, judging

FOLDER = Path(__file__).parent.parent / "metrics" / "weights"
TITLES = {
    "majority": "Most frequent label of the training sentences",
    "tfidf": "TF-IDF + logistic regression, same training sentences",
    "miti": "**This scorer**",
    "authors": "The authors' classifier, trained on gold labels",
}


class Weights(NamedTuple):
    """Files of weights: learnt without the held-out fifth, and from everything."""

    partial: Path
    whole: Path


def build(data: Path, found: Examples, weights: Weights) -> dict[str, Any]:
    """All that the card tells, as JSON-able values, but for the recipe and the file's sum."""
    gold, scorer = gold_test(data), MitiScorer.from_file(weights.whole)
    held = judging(found.examples)
    baseline = fitted(found.examples)
    texts = [sentence.text for sentence in gold]
    said = {
        "majority": [baseline.majority] * len(gold),
        "tfidf": baseline.label(texts),
        "miti": scorer.label(texts),
        "authors": [sentence.predicted for sentence in gold],
    }
    return {
        "examples": describe(found),
        "gold": {"sentences": len(gold), "texts": len({same_words(text) for text in texts})},
        "held_out": {
            "sentences": len(held),
            "tfidf": measured(baseline.held_out, held),
            "miti": measured(MitiScorer.from_file(weights.partial).label, held),
        },
        "tfidf_chosen": baseline.chosen,
        "results": {name: judge(gold, labels) for name, labels in said.items()},
        "labels": {name: per_label(gold, said[name]) for name in ("miti", "authors")},
        "annomi": _annomi(data, scorer),
        "said": {name: letters(labels) for name, labels in said.items()},
    }


def describe(found: Examples) -> dict[str, Any]:
    """What was read and dropped, and the kept sentences by source and label."""
    kept: dict[str, Counter[str]] = {}
    for each in found.examples:
        kept.setdefault(each.source, Counter())[each.label] += 1
    return {
        "counts": dict(found.counts),
        "kept": {source: [counts[name] for name in LABELS] for source, counts in kept.items()},
    }


def judge(gold: Sequence[GoldSentence], said: Sequence[str]) -> dict[str, Any]:
    """Accuracy and macro-F1 over the fifteen labels and over the three groups, with intervals."""
    words = [same_words(sentence.text) for sentence in gold]
    weights, different = resamples(words), len(set(words))
    found = {}
    classes = {
        "labels": {label: at for at, label in enumerate(LABELS)},
        "groups": {label: GROUPS.index(group_of(label)) for label in LABELS},
    }
    for name, index in classes.items():
        truth = [index[sentence.label] for sentence in gold]
        both = curves(weights, truth, [[index[label] for label in said]], 1 + max(index.values()))
        found[name] = {
            statistic: estimate(values, len(gold), different).as_dict()
            for statistic, values in both._asdict().items()
        }
    return found


def per_label(gold: Sequence[GoldSentence], said: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Gold sentences, precision, recall and F1 of each label; None where nothing was said so."""
    once = np.ones((1, len(gold)))
    truth = [LABELS.index(sentence.label) for sentence in gold]
    (cells,) = confusions(once, truth, [LABELS.index(label) for label in said], len(LABELS))
    found = {}
    for k, name in enumerate(LABELS):
        hits, true, named = float(cells[k, k]), float(cells[k].sum()), float(cells[:, k].sum())
        found[name] = {
            "gold": int(true),
            "precision": hits / named if named else None,
            "recall": hits / true if true else None,
            "f1": 2 * hits / (true + named) if true + named else None,
        }
    return found


def letters(labels: Sequence[str]) -> str:
    """A letter per sentence, a to o in the order of `LABELS`: so that the card can be checked."""
    return "".join(chr(ord("a") + LABELS.index(label)) for label in labels)


def _annomi(data: Path, scorer: MitiScorer) -> dict[str, Any] | None:
    """The section on AnnoMI; None without its full file."""
    if not (data / "annomi" / annomi.FULL).is_file():
        return None
    utterances = annomi.therapists(data)
    return miti_validity.measure(utterances, scorer.code([each.text for each in utterances]))


def render(card: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    environment = Environment(
        loader=PackageLoader("empathy.metrics", "weights"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # Markdown, of numbers and our own words
    )
    environment.filters.update(rate=_rate, share=_share, number=_number)
    text: str = environment.get_template("MITI.md.j2").render(
        card=card, titles=TITLES, labels=LABELS, groups=[group_of(label) for label in LABELS]
    )
    return text


def _rate(found: Mapping[str, float]) -> str:
    """`79.1 (75.8-82.3)`: per cent with its interval."""
    return "{:.1f} ({:.1f}-{:.1f})".format(*(100 * found[end] for end in ("value", "low", "high")))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f}"


def _number(found: Mapping[str, float] | None) -> str:
    """`0.61 (0.52 to 0.70)`, whose ends may be missing; a dash for nothing."""
    if found is None:
        return "-"
    if found["low"] is None:
        return f"{found['value']:.2f}"
    return "{value:.2f} ({low:.2f} to {high:.2f})".format(**found)
