"""What the MITI scorer has to beat: the most frequent label, and TF-IDF with logistic regression.

Both learn from the same sentences as the scorer, and TF-IDF gets its care: how strongly it is
regularised and whether rare labels weigh more is chosen on the held-out fifth by macro-F1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from empathy.errors import UserError
from empathy.reading.miti import LABELS
from empathy.scorers.classification import curves
from empathy.scorers.miti_examples import Example, judging

STRENGTHS = (1.0, 10.0, 100.0)
Label = Callable[[Sequence[str]], list[str]]
"""Gives each sentence a label."""


class Baseline(NamedTuple):
    """The most frequent label; TF-IDF trained on everything, and without the held-out fifth."""

    majority: str
    label: Label
    held_out: Label
    chosen: dict[str, Any]


def fitted(examples: Sequence[Example]) -> Baseline:
    """Both baselines. Raises `UserError` where nothing is held out, or everything."""
    learnt, some = [each for each in examples if not each.held_out], judging(examples)
    if not learnt or not some:
        raise UserError(
            f"{len(learnt)} sentences to learn from and {len(some)} held out: both are needed; "
            "check that the data folder holds the whole of mi/"
        )
    best = max(
        ((strength, weight) for strength in STRENGTHS for weight in (None, "balanced")),
        key=lambda setting: measured(_fit(learnt, *setting), some)["macro_f1"],
    )
    majority = Counter(each.label for each in examples).most_common(1)[0][0]
    chosen = {"C": best[0], "class_weight": best[1]}
    return Baseline(majority, _fit(examples, *best), _fit(learnt, *best), chosen)


def measured(label: Label, examples: Sequence[Example]) -> dict[str, float]:
    """Accuracy and macro-F1 over the fifteen labels."""
    truth = [LABELS.index(each.label) for each in examples]
    said = [LABELS.index(name) for name in label([each.text for each in examples])]
    both = curves(np.ones((1, len(examples))), truth, [said], len(LABELS))
    return {"accuracy": float(both.accuracy[0]), "macro_f1": float(both.macro_f1[0])}


def _fit(examples: Sequence[Example], strength: float, weight: str | None) -> Label:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    # A question mark is a word here: it tells most about questions.
    words = TfidfVectorizer(
        ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"\w+|[?!]"
    )
    model = make_pipeline(
        words, LogisticRegression(C=strength, class_weight=weight, max_iter=1000, tol=1e-3)
    )
    model.fit([each.text for each in examples], [each.label for each in examples])
    return lambda texts: [str(label) for label in model.predict(list(texts))]
