"""Pieces of the answers' sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from empathy.evaluate import Evaluation
from empathy.uncertainty import Estimate
from sweeps.comparison.contrasts import Contrast
from sweeps.record.ledger import Figure
from sweeps.record.wording import said


@dataclass(frozen=True)
class Answer:
    """A question, its answer in a word or two, and the sentences behind it."""

    question: str
    short: str
    sentences: tuple[str, ...]
    """The first can stand alone."""


def listed(names: Sequence[str]) -> str:
    """Names as "gemma", "gemma and llama" or "gemma, llama and biobert"."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def sentence(text: str) -> str:
    """A text with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def figure(estimate: Estimate) -> Figure:
    """An estimate as the reports show numbers."""
    found = Figure.of(estimate.as_dict())
    assert found is not None  # an estimate has a number
    return found


def number_of(evaluation: Evaluation, metric: str) -> str:
    """A policy's number with its 95 % interval."""
    return said(figure(evaluation.metrics[metric]), metric)


def of_difference(contrast: Contrast, metric: str) -> str:
    """A difference with the interval that counts all questions, and what that leaves open."""
    shown = said(figure(contrast.corrected), metric, difference=True)
    dialogues = contrast.corrected.groups
    return (
        shown
        + {
            "better": "",
            "worse": "",
            "not separable": ", which includes 0",
            "too few dialogues": f", a range over only {dialogues} dialogues that shows nothing",
        }[contrast.verdict]
    )


def percent(level: float) -> str:
    """A confidence as "95 %" or "99.58 %"."""
    return f"{100 * level:.2f}".rstrip("0").rstrip(".") + " %"
