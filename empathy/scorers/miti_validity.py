"""Do MITI labels measure anything? Against AnnoMI: good and bad sessions, and its own annotators.

Sessions that AnnoMI's authors call high or low quality are other material than the scorer learnt
from. A measure of motivational interviewing should be higher in the good ones, and the scorer
should see reflections and questions where most annotators of an utterance did. No torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empathy.corpora.annomi import Utterance
from empathy.metrics.adherence import Labels, adherent_share, count
from empathy.reading.miti import QUESTIONS, REFLECTIONS
from empathy.uncertainty import Estimate, ratio_interval
from empathy.verdicts.resampled import Floats, each_row, resampled_interval

Bools = NDArray[np.bool_]
Measures = Mapping[str, tuple[Floats, Floats]]
"""Numerators and denominators of each measure, a pair per utterance [n]; 0 / 0 counts nothing."""


def measure(utterances: Sequence[Utterance], labels: Sequence[Labels]) -> dict[str, Any]:
    """All numbers of the card's section on AnnoMI, as JSON-able values."""
    reflected, asked = _counts(labels, REFLECTIONS), _counts(labels, QUESTIONS)
    seen = np.array([[each.reflects, each.asks] for each in utterances])
    marked = np.array(["?" in each.text for each in utterances])
    shares = adherent_share(labels)
    adherent = np.array([share or 0.0 for share in shares])
    known = np.array([float(share is not None) for share in shares])
    return {
        "utterances": len(utterances),
        "sessions": {
            name: len({each.session for each in utterances if each.quality == name})
            for name in ("high", "low")
        },
        "quality": {
            "mi_adherence": contrast(utterances, adherent, known),
            "reflections_to_questions": contrast(utterances, reflected, asked),
            "annotated": contrast(utterances, *seen.T.astype(np.float64)),
        },
        "agreement": {
            "reflections": agreement(utterances, reflected > 0, seen[:, 0]),
            "questions": agreement(utterances, asked > 0, seen[:, 1]),
            "question marks": agreement(utterances, marked, seen[:, 1]),
        },
    }


def contrast(
    utterances: Sequence[Utterance], above: Floats, below: Floats
) -> dict[str, dict[str, Any] | None]:
    """Sum of `above` over sum of `below` in high and in low sessions, their difference, and
    `ordered`: how often the better of two sessions has the higher number. Groups are videos. None
    where nothing is counted."""
    high = np.array([each.quality == "high" for each in utterances])
    groups = [each.group for each in utterances]

    def gap(weights: Floats) -> float | None:
        good, bad = (_ratio(above, below, weights * some) for some in (high, ~high))
        return None if good is None or bad is None else good - bad

    parts = {"high": high, "low": ~high}
    found = {
        name: ratio_interval(above[some], below[some], np.array(groups)[some].tolist())
        for name, some in parts.items()
        if below[some].any()
    }
    return {
        **{name: _plain(found.get(name)) for name in parts},
        "difference": _plain(resampled_interval(each_row(gap), groups)),
        "ordered": _plain(_ordered(utterances, above, below)),
    }


def agreement(
    utterances: Sequence[Utterance], said: Bools, seen: Bools
) -> dict[str, dict[str, Any] | None]:
    """Cohen's kappa, precision and recall of what was `said` against what annotators had `seen`."""
    groups = [each.group for each in utterances]

    def kappa(weights: Floats) -> float | None:
        total = weights.sum()
        p, q = weights @ said / total, weights @ seen / total
        chance = p * q + (1 - p) * (1 - q)
        agreed = float(weights @ (said == seen) / total)
        return None if chance == 1 else (agreed - chance) / (1 - chance)

    both = (said & seen).astype(np.float64)
    statistics = {
        "kappa": kappa,
        "precision": lambda weights: _ratio(both, said.astype(np.float64), weights),
        "recall": lambda weights: _ratio(both, seen.astype(np.float64), weights),
    }
    found = {name: resampled_interval(each_row(each), groups) for name, each in statistics.items()}
    return {name: _plain(each) for name, each in found.items()}


def _plain(found: Estimate | None) -> dict[str, Any] | None:
    return asdict(found) if found else None


def _counts(labels: Sequence[Labels], among: frozenset[str]) -> Floats:
    return np.array([float(count(each or (), among)) for each in labels])


def _ratio(above: Floats, below: Floats, weights: Floats) -> float | None:
    total = float(weights @ below)
    return float(weights @ above) / total if total else None


def _ordered(utterances: Sequence[Utterance], above: Floats, below: Floats) -> Estimate | None:
    """Of a high and a low session that have the number, how often the high one's is higher."""
    sessions = np.array([each.session for each in utterances])
    first = {each.session: each for each in reversed(utterances)}
    sums = {name: (above[sessions == name].sum(), below[sessions == name].sum()) for name in first}
    known = [name for name in first if sums[name][1]]
    values = np.array([sums[name][0] / sums[name][1] for name in known])
    high = np.array([first[name].quality == "high" for name in known])
    pairs = (high[:, None] & ~high[None]).astype(np.float64)
    right = pairs * (0.5 + 0.5 * np.sign(values[:, None] - values[None]))

    def share(weights: Floats) -> float | None:
        total = float(weights @ pairs @ weights)
        return float(weights @ right @ weights) / total if total else None

    groups = [first[name].group for name in known]
    return resampled_interval(each_row(share), groups) if known else None
