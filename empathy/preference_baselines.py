"""How far one gets on preference pairs without a model: what a policy must beat to show anything.

Three rules: the longer reply wins; the shorter one wins; a bag of words, which never sees the
prompt, learnt from the train pairs. Where one of them solves the held-out pairs, a policy that does
too may have learnt length or style and nothing of empathy.

The bag of words is scikit-learn's: TF-IDF of the tens of thousands of words and word pairs of a
thousand replies needs sparse matrices and a solver that converges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from empathy.records import PreferencePair
from empathy.uncertainty import Estimate, share_interval

SOLVED = 0.75
"""Accuracy that counts as solved: half of the way from guessing (0.5) to never wrong (1)."""
LONGER, SHORTER, STYLE = "longer wins", "shorter wins", "style only"


def baselines(
    train: Sequence[PreferencePair], held_out: Sequence[PreferencePair]
) -> dict[str, Estimate]:
    """Each rule's share of held-out pairs decided rightly (a tie is half), by its name.

    Intervals cluster by group. Empty without held-out pairs; without two train pairs there
    is no `style only`. Length is counted in words.
    """
    if not held_out:
        return {}
    longer = [_right(len(p.chosen.split()) - len(p.rejected.split())) for p in held_out]
    right = {LONGER: longer, SHORTER: [1 - share for share in longer]}
    if len(train) > 1:
        right[STYLE] = [_right(margin) for margin in style_margins(train, held_out)]
    groups = [pair.prompt.group for pair in held_out]
    return {name: share_interval(shares, groups) for name, shares in right.items()}


def style_margins(
    train: Sequence[PreferencePair], held_out: Sequence[PreferencePair]
) -> list[float]:
    """By how much a bag of words prefers each held-out chosen reply to its rejected one.

    Words, word pairs and punctuation marks as TF-IDF of length 1, so that length itself says
    nothing; a logistic regression on the difference of two replies (Bradley and Terry's model).
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+(?:'\w+)?|[^\w\s]"
    )
    words.fit([text for pair in train for text in (pair.chosen, pair.rejected)])
    # Without an intercept it is of no account which way round a pair stands, but the solver wants
    # to see both answers: every second pair is turned.
    sides = np.where(np.arange(len(train)) % 2, -1.0, 1.0)
    model = LogisticRegression(C=10.0, fit_intercept=False, max_iter=1000)
    model.fit(_differences(words, train).multiply(sides[:, None]).tocsr(), sides)
    margins: list[float] = model.decision_function(_differences(words, held_out)).tolist()
    return margins


def solved(found: Estimate) -> bool:
    """Whether the rule surely decides more than `SOLVED` of the pairs rightly.

    Never without an interval, that is with fewer than ten groups.
    """
    return found.level is not None and found.low is not None and found.low > SOLVED


def _differences(words: Any, pairs: Sequence[PreferencePair]) -> Any:
    """Chosen minus rejected, a sparse `[pairs, words]`."""
    chosen = words.transform([pair.chosen for pair in pairs])
    return chosen - words.transform([pair.rejected for pair in pairs])


def _right(margin: float) -> float:
    return 0.5 if margin == 0 else float(margin > 0)
