"""How closely replies keep to motivational interviewing, from the MITI label of each sentence.

Numbers only: `empathy.metrics.miti` gives the labels, `empathy.reading.miti` groups them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from empathy.reading.miti import ADHERENT, NON_ADHERENT, QUESTIONS, REFLECTIONS
from empathy.uncertainty import Estimate, ratio_interval

Labels = Sequence[str] | None
"""The labels of one reply's sentences; None for a reply that has none."""


def adherent_share(replies: Sequence[Labels]) -> tuple[float | None, ...]:
    """Each reply's adherent sentences over its adherent and non-adherent ones.

    None where it has neither: a reply that only asks and listens is not adherent or otherwise.
    """
    return tuple(_share(labels or ()) for labels in replies)


def _share(labels: Sequence[str]) -> float | None:
    good, bad = count(labels, ADHERENT), count(labels, NON_ADHERENT)
    return good / (good + bad) if good + bad else None


def reflections_to_questions(replies: Sequence[Labels], groups: Sequence[str]) -> Estimate | None:
    """All reflections over all questions of the replies that have labels (MITI 4.2.1, R:Q).

    A ratio of sums, since a reply alone often asks nothing. None where no reply asks anything.
    `groups[i]` is the group of `replies[i]`.
    """
    reflected = [None if each is None else float(count(each, REFLECTIONS)) for each in replies]
    asked = [None if each is None else float(count(each, QUESTIONS)) for each in replies]
    if not any(asked):
        return None
    found = ratio_interval(reflected, asked, groups)
    return replace(found, low=None if found.low is None else max(0.0, found.low))


def count(labels: Sequence[str], among: frozenset[str]) -> int:
    """How many of the labels are among those."""
    return sum(label in among for label in labels)
