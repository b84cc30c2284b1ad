"""Every function that gives a number, given nothing: it raises, or says None, and never 0.

A test below finds the functions themselves, so that a new one cannot be forgotten.

python -m pytest tests/test_nothing_scored.py
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from math import nan
from typing import Any

import numpy as np
import pytest
from test_evaluate import answers, judges, prompts

from empathy import metrics, safety, verdicts
from empathy.compare import compare
from empathy.errors import UserError
from empathy.evaluate import Evaluation, evaluate
from empathy.metrics.adherence import adherent_share, reflections_to_questions
from empathy.metrics.drift import geometric_mean, length_ratios
from empathy.metrics.fluency import distinct_2, lengths
from empathy.metrics.pair_accuracy import prefers_chosen
from empathy.metrics.relevance import share_less_similar
from empathy.metrics.style import APOLOGIES, commonest_opener, questions, repeated, says
from empathy.metrics.win_rate import wins
from empathy.over_seeds import (
    Seeds,
    deviation_over_seeds,
    means_over_seeds,
    over_seeds,
    set_over_seeds,
)
from empathy.safety.crisis import load
from empathy.safety.non_inferiority import check_replies, non_inferior, rates, unsafe_rate
from empathy.seeds import combine, lead_over, seed_deviation, selection_corrected
from empathy.uncertainty import (
    jackknife_interval,
    mean_interval,
    paired_difference,
    ratio_interval,
    share_interval,
)
from empathy.verdicts.agreement import agreement, cohens_kappa, order_bias
from empathy.verdicts.length_control import length_controlled, rates_at_equal_length
from empathy.verdicts.ngrams import NgramScorer
from empathy.verdicts.resampled import each_row, resampled_interval
from empathy.verdicts.scored import ScoredJudge, scorer_totals
from empathy.verdicts.verdict import Comparison, Verdict, Verdicts
from empathy.verdicts.win_report import win_report

GROUPS = ["a", "b", "c"]
NONE = [None] * 3
IDS = ("a", "b", "c")
BLANK = Evaluation("t", "test", {}, {"empathy": (None,) * 3}, IDS, IDS, {"empathy": 3}, 0)
HARD = Comparison("p", "a", "b", "sample")
UNJUDGED = [Verdict(None)] * 3
UNREAD = ScoredJudge("ngrams", scorer_totals(NgramScorer.load()))


def crisis(count: int) -> Any:
    """Blank replies to so many crisis prompts."""
    return check_replies(load()[:count], [" "] * count)


NOTHING: dict[str, list[Callable[[], object]]] = {
    "mean_interval": [lambda: mean_interval([], []), lambda: mean_interval(NONE, GROUPS)],
    "share_interval": [lambda: share_interval([], []), lambda: share_interval(NONE, GROUPS)],
    "ratio_interval": [
        lambda: ratio_interval([], [], []),
        lambda: ratio_interval(NONE, [1, 2, 3], GROUPS),
        lambda: ratio_interval([1, 2, 3], [0, 0, 0], GROUPS),
    ],
    "paired_difference": [
        lambda: paired_difference([], [], []),
        lambda: paired_difference([1, None, None], [None, 2, 3], GROUPS),
    ],
    "jackknife_interval": [lambda: jackknife_interval(0.0, [], 0)],
    "over_seeds": [
        lambda: over_seeds(Seeds([()], [()]), []),
        lambda: over_seeds(Seeds([(None,) * 3] * 2, [(None,) * 3] * 2), GROUPS),
    ],
    "set_over_seeds": [lambda: set_over_seeds([])],
    "deviation_over_seeds": [lambda: deviation_over_seeds([]), lambda: deviation_over_seeds([1.0])],
    "combine": [lambda: combine([])],
    "seed_deviation": [lambda: seed_deviation([], "x"), lambda: seed_deviation([BLANK], "empathy")],
    "selection_corrected": [
        lambda: selection_corrected([], [], "empathy"),
        lambda: selection_corrected([BLANK] * 2, [BLANK] * 2, "empathy"),
    ],
    "compare": [lambda: compare(BLANK, BLANK, "empathy")],
    "lead_over": [
        lambda: lead_over([], BLANK, "empathy"),
        lambda: lead_over([BLANK] * 2, BLANK, "empathy"),
    ],
    "geometric_mean": [lambda: geometric_mean([], []), lambda: geometric_mean(NONE, GROUPS)],
    "reflections_to_questions": [
        lambda: reflections_to_questions([], []),
        lambda: reflections_to_questions([None, (), None], GROUPS),
    ],
    "distinct_2": [lambda: distinct_2([], []), lambda: distinct_2(["", "one", "!"], GROUPS)],
    "commonest_opener": [
        lambda: commonest_opener([], []),
        lambda: commonest_opener(["", " ", "?"], GROUPS),
    ],
    "agreement": [lambda: agreement([], [], []), lambda: agreement(NONE, [1, 0, 1], GROUPS)],
    "cohens_kappa": [lambda: cohens_kappa(np.zeros((3, 3)))],
    "order_bias": [lambda: order_bias([], []), lambda: order_bias(UNJUDGED, GROUPS)],
    "length_controlled": [
        lambda: length_controlled([], [], [], []),
        lambda: length_controlled(NONE, [1, 2, 3], [3, 2, 1], GROUPS),
    ],
    "rates_at_equal_length": [
        lambda: rates_at_equal_length(np.ones(2), np.ones(2), np.zeros((1, 2)))
    ],
    "resampled_interval": [
        lambda: resampled_interval(each_row(lambda weights: 0.0), []),
        lambda: resampled_interval(each_row(lambda weights: None), GROUPS),
    ],
    "win_report": [
        lambda: win_report(Verdicts("j", ()), [], []).rate,
        lambda: win_report(Verdicts("j", (*UNJUDGED,)), [HARD] * 3, GROUPS).rate,
    ],
    "ScoredJudge": [lambda: UNREAD.judge([])],
    "unsafe_rate": [lambda: unsafe_rate(crisis(0)), lambda: unsafe_rate(crisis(12))],
    "rates": [lambda: rates(crisis(0)), lambda: rates(crisis(12))],
    "non_inferior": [
        lambda: non_inferior(crisis(0), crisis(0), 0.05),
        lambda: non_inferior(crisis(12), crisis(12), 0.05),
    ],
}
"""Numbers of many items, without any item, and without any that can be scored."""

EACH: dict[str, Callable[[], object]] = {
    "adherent_share": lambda: adherent_share([None, (), ("Open Question",)]),
    "length_ratios": lambda: length_ratios([0.0, None, 2.0], [1.0, 1.0, 0.0]),
    "questions": lambda: questions(["", " "]),
    "repeated": lambda: repeated(["", "two words"]),
    "says": lambda: says(APOLOGIES, ["", "Sorry."], ["en", "xx"]),
    "wins": lambda: wins([None, nan], [1.0, 1.0]),
    "prefers_chosen": lambda: prefers_chosen([nan]),
    "share_less_similar": lambda: share_less_similar(
        np.array([[nan], [1.0]], np.float32), np.ones((2, 1), np.float32), [[1], []]
    ),
    "means_over_seeds": lambda: means_over_seeds([(None, None)], ["a", "b"]),
    "check_replies": lambda: crisis(2).verdicts,
    "ScoredJudge": lambda: UNREAD.judge([Comparison("p", "...", "--", "s")]).wins,
}
"""Numbers of single items, of items that cannot be scored."""

A_NUMBER_ALWAYS = {
    "count": "no label is among no labels",
    "tells": "a blank reply claims nothing and asks nothing",
    "lengths": "an empty reply has no words, which is a length",
    "win_of_first": "of a verdict that was read",
    "wait": "seconds",
}
FOLDERS = (metrics, verdicts, safety)
MODULES = ["empathy.uncertainty", "empathy.over_seeds", "empathy.seeds", "empathy.compare"]


@pytest.mark.parametrize(
    ("name", "case"), [(name, case) for name in NOTHING for case in range(len(NOTHING[name]))]
)
def test_nothing_has_no_number(name: str, case: int) -> None:
    found: object = None
    with suppress(ValueError, UserError):
        found = NOTHING[name][case]()
    assert found in (None, {})


@pytest.mark.parametrize("name", EACH)
def test_an_item_that_cannot_be_scored_has_no_score(name: str) -> None:
    found = EACH[name]()
    assert isinstance(found, tuple)
    assert found == (None,) * len(found)
    assert found


def test_what_could_not_be_scored_is_counted() -> None:
    blank = evaluate(answers(["", " ", "c!", ""]), prompts(4), "test", judges())
    assert blank.metrics["empathy"].unscored == blank.unscored["empathy"] == 3
    assert (blank.metrics["empathy"].n, blank.metrics["empathy"].value) == (1, 1.0)
    opener = commonest_opener(["It sounds hard.", "", " "], GROUPS)
    assert opener is not None
    assert (opener.value, opener.n, opener.unscored) == (1.0, 1, 2)
    assert distinct_2(["a b", "", "a"], GROUPS).unscored == 2
    assert lengths(["", "a b"]) == (0.0, 2.0)
    assert UNREAD.judge([Comparison("p", "...", "Hm", "s")]).counts == {"unscorable": 1}
    nothing = evaluate(answers([""] * 4), prompts(4), "test", judges())
    assert set(nothing.metrics) == {"words", "unfinished"}


def giving_numbers() -> Iterator[str]:
    """Public functions whose result is a number, or holds numbers, by their annotation."""
    parts = [f"{f.__name__}.{m.name}" for f in FOLDERS for m in pkgutil.iter_modules(f.__path__)]
    for module in map(importlib.import_module, [*MODULES, *parts]):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            given = str(function.__annotations__.get("return"))
            kinds = ("Estimate", "float", "Column", "OrderBias", "Agreement", "Report", "Corrected")
            own = function.__module__ == module.__name__ and not name.startswith("_")
            if own and any(kind in given for kind in kinds):
                yield name


def test_no_function_that_gives_a_number_is_forgotten() -> None:
    known = {*NOTHING, *EACH, *A_NUMBER_ALWAYS}
    assert set(giving_numbers()) - known == set()
    assert len(set(giving_numbers())) > 25
