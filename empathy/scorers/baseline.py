"""What the empathy scorer has to beat: the most frequent level, and TF-IDF with logistic
regression.

Both learn from the same training posts and are judged on the same test posts as the scorer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empathy.corpora.epitome import MECHANISMS, Example
from empathy.scorers.classification import selection_score
from empathy.scorers.material import Material

Levels = Sequence[Sequence[int]]
"""A level per item and mechanism."""


def majority(given: Material) -> Levels:
    """The training pairs' most frequent level of each mechanism, for every test pair."""
    columns = ([e.levels[k] for e in given.train] for k in range(len(MECHANISMS)))
    row = [Counter(column).most_common(1)[0][0] for column in columns]
    return [row for _ in given.test]


def tfidf(given: Material) -> tuple[Levels, dict[str, Any]]:
    """The test levels by TF-IDF and logistic regression, and the settings chosen on validation.

    One classifier per mechanism over words and word pairs. Whether it reads the post too, how
    strongly it is regularised and whether rare levels weigh more is chosen on the validation
    posts: the rival gets the care that our own model gets.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    parts = given._asdict()
    columns: list[NDArray[np.int64]] = []
    chosen: dict[str, Any] = {}
    seen: dict[bool, dict[str, Any]] = {}
    for with_post in (False, True):
        vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        texts = {name: [_text(e, with_post) for e in some] for name, some in parts.items()}
        vectorizer.fit(texts["train"])
        seen[with_post] = {name: vectorizer.transform(some) for name, some in texts.items()}
    for k, mechanism in enumerate(MECHANISMS):
        gold = {name: [e.levels[k] for e in some] for name, some in parts.items()}
        best = -1.0
        predicted = np.zeros(0, dtype=np.int64)
        for with_post, strength, weight in _settings():
            model = LogisticRegression(C=strength, class_weight=weight, max_iter=2000)
            model.fit(seen[with_post]["train"], gold["train"])
            guess = model.predict(seen[with_post]["validation"])
            score = selection_score([[x] for x in gold["validation"]], guess[:, None].tolist())
            if score > best:
                best, predicted = score, model.predict(seen[with_post]["test"])
                chosen[mechanism] = {"reads_post": with_post, "C": strength, "class_weight": weight}
        columns.append(predicted)
    return np.stack(columns, axis=1).tolist(), chosen


def _settings() -> list[tuple[bool, float, str | None]]:
    return [
        (with_post, strength, weight)
        for with_post in (False, True)
        for strength in (1.0, 3.0, 10.0)
        for weight in (None, "balanced")
    ]


def _text(example: Example, with_post: bool) -> str:
    # Words of the post are marked, or "I" of the poster and of the responder would be one feature.
    if not with_post:
        return example.response
    return example.response + " " + " ".join(f"post_{word}" for word in example.post.split())
