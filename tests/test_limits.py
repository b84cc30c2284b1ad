"""The guards of a sweep file, and what is refused there.

python -m pytest tests/test_limits.py
"""

from __future__ import annotations

import pytest

from empathy.errors import UserError
from sweeps.sweepfile import spec
from sweeps.sweepfile.limits import LIMITS, Limit, rival, side


def limits(text: str) -> str:
    return f"guards={{limits: {{{text}}}}}"


def test_a_sweep_that_says_nothing_has_the_usual_limits(tmp_path: object) -> None:
    plain = spec.load("demo", ["guards={}"])
    assert plain.guards.limits == LIMITS
    assert not plain.guards.enforce


def test_both_ends_of_each_form_are_read() -> None:
    text = "words: {min: 10, max_minus_human: -20}, relevance: {min_minus_sft: -0.05, max: 0.99}"
    found = spec.load("demo", [limits(text)]).guards.limits
    assert found["words"] == Limit(min=10.0, max_minus_human=-20.0)
    assert found["relevance"].given == {"max": 0.99, "min_minus_sft": -0.05}
    assert [(side(form), rival(form)) for form in found["relevance"].given] == [
        ("max", None), ("min", "sft"),
    ]  # fmt: skip


REFUSED = [
    (limits("relevanse: {min: 0}"), "limits.relevanse is no number that is measured; did you mean 'relevance'"),  # noqa: E501  # one case, one line
    (limits("loss: {max: 1}"), "limits.loss is a training curve"),
    (limits("relevance: {}"), "limits.relevance is empty; give one or more of min, max, min_minus"),
    (limits("relevance: {least: 0}"), "least is not a setting; known: min, max"),
    (limits("questions: {min: 2, max: 1}"), "goes from min 2.0 to max 1.0"),
    (limits("common_opener: {max: 10}"), "has max 10.0, but it is a share: 1 is all replies"),
    (limits("relevance: {min_minus_sft: 0.5, max_minus_sft: 0.1}"), "goes from min_minus_sft 0.5 to max_minus_sft 0.1; min_minus_sft must not be larger"),  # noqa: E501  # one case, one line
    (limits("empathy: {min: 7}"), "has min 7.0, but its scale is 0 to 6"),
    (limits("explorations: {max_minus_sft: -2.5}"), "has max_minus_sft -2.5, but its scale is 0 to 2"),  # noqa: E501  # one case, one line
    (limits("words: {max: -3}"), "has max -3.0, but it is never under 0"),
    (limits("log_ratio: {max_minus_sft: 1}"), "has max_minus_sft, but the SFT model has no number"),
    (limits("unfinished: {max_minus_human: 0}"), "but the human replies have no number"),
    (limits("questions: {max: many}"), r"questions.max is 'many'; it must be a number"),
    ("guards.enforce=maybe", "enforce is 'maybe'; it must be true or false"),
    ("guards={enforce: true, limits: {win_rate_sft: {min: 0.5}}}", "referee's to judge, which must not steer"),  # noqa: E501  # one case, one line
]  # fmt: skip


@pytest.mark.parametrize(("override", "sentence"), REFUSED, ids=[case[0] for case in REFUSED])
def test_guards_that_cannot_work_are_refused(override: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as refusal:
        spec.load("demo", [override])
    assert "\n" not in str(refusal.value)


def test_the_referee_may_be_watched_where_it_steers_nothing() -> None:
    found = spec.load("demo", [limits("win_rate_sft: {min: 0.5}")])
    assert found.guards.limits["win_rate_sft"].min == 0.5


@pytest.mark.parametrize("name", spec.names())
def test_every_sweep_that_ships_guards_what_the_study_does(name: str) -> None:
    found = spec.load(name).guards
    assert found.limits.keys() >= {
        "relevance", "log_ratio", "common_opener", "questions", "shared_experience",
    }  # fmt: skip
