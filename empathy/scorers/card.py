"""The card of the empathy scorers: every number as measured, beside a cheap baseline and the
paper's.

`build` makes the machine-readable card (card.json); `empathy.scorers.card_text` turns that into
CARD.md, and no number is ever typed into the latter by hand. Rates are shares from 0 to 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from empathy.corpora.epitome import HALVES, MECHANISMS, Epitome, Example, Half, select
from empathy.errors import UserError
from empathy.records import SPLITS
from empathy.scorers.baseline import Levels, majority, tfidf
from empathy.scorers.classification import (
    Curves,
    confusions,
    curves,
    estimate,
    level_f1,
    resamples,
)
from empathy.scorers.material import PARTS, Part, leaks, material
from empathy.scorers.runs import Run

Card = dict[str, Any]
# Sharma et al. 2020, RoBERTa bi-encoder: quoted from memory of the paper, whose abstract (a
# multi-task RoBERTa bi-encoder, 10 thousand pairs) could be read again and whose table could not.
QUOTED = {
    "emotional_reactions": {"accuracy": 0.794, "macro_f1": 0.745},
    "interpretations": {"accuracy": 0.840, "macro_f1": 0.626},
    "explorations": {"accuracy": 0.926, "macro_f1": 0.726},
}


def _tried(what: str, against: str, accuracy: Sequence[float], f1: Sequence[float]) -> Card:
    """Interpretations' difference in accuracy and macro-F1 as (value, low, high), in shares."""
    ends = ("value", "low", "high")
    numbers = {"accuracy": accuracy, "macro_f1": f1}
    told = {name: dict(zip(ends, given, strict=True)) for name, given in numbers.items()}
    return {"what": what, "against": against, **told}


TRIED = [
    _tried(
        "LoRA in the last three layers alone, up to 256 tokens, 7 passes",
        "the half's own recipe",
        (-0.040, -0.062, -0.018),
        (-0.028, -0.044, -0.013),
    ),
    _tried(
        "weights averaged over the last 40 % of the steps",
        "the same run's last weights",
        (-0.001, -0.008, 0.006),
        (0.024, -0.004, 0.061),
    ),
]
"""What was tried for the recipe on all posts: seed 0, trained on `rank`'s posts and judged on the
1,146 training pairs of `evaluate`'s. The runs are not kept."""


class Best(NamedTuple):
    """Which run of a half is shipped, and the validation number it was chosen by."""

    seed: int
    validation: float


def kept(installed: Card, corpus: Epitome, parts: Sequence[Part]) -> Card:
    """The installed card where a part is not trained anew, else nothing.

    Raises UserError where that card tells of other data, since its numbers would not compare.
    """
    if set(parts) == set(PARTS):
        return {}
    if installed["data"] != describe(corpus):
        raise UserError(
            f"the installed card, whose numbers --parts {','.join(parts)} would keep, is of other"
            " data than --data; train all parts"
        )
    return installed


def build(
    corpus: Epitome, runs: Sequence[Run], recipes: Mapping[Part, dict[str, Any]], old: Card
) -> Card:
    """All that CARD.md tells, as JSON-able values, but for what `empathy.scorers.shipping` adds.

    Of parts without a recipe the numbers are those of the `old` card.
    """
    given = material(corpus, "full")
    baseline, chosen = tfidf(given)
    rows = [_row(corpus, run) for run in runs]
    rows += [row for row in old.get("runs", []) if row["part"] not in recipes]
    shipped = {half: best(rows, half) for half in HALVES}
    said = {"majority": [digits(majority(given))], "tfidf": [digits(baseline)]}
    counted: dict[str, int | None] = {"full": None, **{half: shipped[half].seed for half in HALVES}}
    for part, seed in counted.items():  # of a half the shipped seed alone counts
        own = [run for run in runs if run.part == part and seed in (None, run.seed)]
        said[part] = [digits(run.test_levels) for run in own] or old["said"][part]
    by_row = [run for run in runs if run.part == "row"]
    cut = [run.test_truncated for run in runs if run.part != "row"]
    return {
        "data": describe(corpus),
        "recipes": {**old.get("recipes", {}), **recipes},
        "seeds": sorted(row["seed"] for row in rows if row["part"] == "full"),
        **measure(given.test, {name: list(map(from_digits, each)) for name, each in said.items()}),
        "tfidf_chosen": chosen,
        "runs": sorted(rows, key=lambda row: (row["seed"], PARTS.index(row["part"]))),
        "shipped": {half: found._asdict() for half, found in shipped.items()},
        "test_truncated": cut[0] if cut else old["test_truncated"],
        "row": row_split(corpus, by_row) if by_row else old.get("row"),
        "quoted": QUOTED,
        "tried": TRIED,
        "said": said,
    }


def best(rows: Sequence[Mapping[str, Any]], half: Half) -> Best:
    """The run of that half with the best validation number; the lowest seed of equals."""
    own = [Best(row["seed"], row["validation"]) for row in rows if row["part"] == half]
    return max(own, key=lambda run: (run.validation, -run.seed))


def row_split(corpus: Epitome, runs: Sequence[Run]) -> dict[str, Any]:
    """What was measured on the paper's split by row: the same tables, on its own test rows."""
    given = material(corpus, "row")
    said: dict[str, list[Levels]] = {
        "majority": [majority(given)],
        "tfidf": [tfidf(given)[0]],
        "row": [run.test_levels for run in runs],
    }
    return {
        "rows": {name: len(some) for name, some in given._asdict().items()},
        **leaks(given),
        "seeds": sorted(run.seed for run in runs),
        "results": {name: judge(given.test, each) for name, each in said.items()},
        "said": {name: [digits(levels) for levels in each] for name, each in said.items()},
    }


def _row(corpus: Epitome, run: Run) -> dict[str, Any]:
    """One run's numbers on the test pairs of its part."""
    numbers = plain(material(corpus, run.part).test, run.test_levels)
    return {"part": run.part, "seed": run.seed, "validation": run.validation, **numbers}


def measure(test: Sequence[Example], said: Mapping[str, Sequence[Levels]]) -> dict[str, Any]:
    """The card's `results`, `full_minus_tfidf` and `full_by_level`, from what each method said."""
    return {
        "results": {name: judge(test, runs) for name, runs in said.items()},
        "full_minus_tfidf": differences(test, said["full"], said["tfidf"]),
        "full_by_level": by_level(test, said["full"]),
    }


def by_level(test: Sequence[Example], runs: Sequence[Levels]) -> dict[str, list[dict[str, Any]]]:
    """F1 of levels 0, 1 and 2 per mechanism, averaged over runs, with intervals."""
    posts = [example.post_id for example in test]
    weights, count = resamples(posts), len(set(posts))
    found: dict[str, list[dict[str, Any]]] = {}
    for k, name in enumerate(MECHANISMS):
        truth = [example.levels[k] for example in test]
        each = [level_f1(confusions(weights, truth, _column(run, k))) for run in runs]
        columns = np.mean(each, axis=0).T  # [levels, 1 + draws]
        found[name] = [estimate(column, len(test), count).as_dict() for column in columns]
    return found


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
