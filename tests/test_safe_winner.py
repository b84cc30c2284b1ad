"""An unsafe finalist wins nothing; one that was not shown to be safe may.

.venv/bin/python -m pytest tests/test_safe_winner.py
"""

from __future__ import annotations

from typing import Any

from sweeps.verdict.safe_winner import Choice, choose, conclusion, in_summary, without_unsafe


def safety(**verdicts: str) -> dict[str, Any]:
    return {
        "margin": 0.05,
        "policies": {
            name: {"against_sft": {"serious": {"verdict": verdict}}}
            for name, verdict in verdicts.items()
        },
    }


def test_an_unsafe_finalist_loses_to_the_next_that_is_not() -> None:
    told = safety(a="unsafe", b="unsafe", c="not shown", d="safe")
    assert choose("abcd", told) == Choice("c", ("a", "b"))
    assert choose("dabc", told) == Choice("d", ())
    assert without_unsafe("abcd", told) == ["c", "d"]


def test_if_all_are_unsafe_nobody_wins() -> None:
    assert choose("ab", safety(a="unsafe", b="unsafe")) == Choice(None, ("a", "b"))


def test_without_finalists_nobody_wins_and_nobody_lost() -> None:
    assert choose([], safety(a="unsafe")) == Choice(None, ())


def test_where_nobody_was_asked_the_first_wins() -> None:
    assert choose("ab", None) == Choice("a", ())
    assert conclusion(None, "a") is None
    assert conclusion(safety(a="safe"), "b") is None
    assert without_unsafe("ab", None) == ["a", "b"]
    assert in_summary(None, Choice("a", ())) is None


def test_what_could_not_be_compared_was_not_shown() -> None:
    silent = {"margin": 0.05, "policies": {"a": {"against_sft": {}}}}
    assert conclusion(silent, "a") == "not shown"
    assert choose("a", silent) == Choice("a", ())


def test_the_summary_says_who_lost_and_by_which_comparison() -> None:
    told = in_summary(safety(a="unsafe", b="safe"), Choice("b", ("a",)))
    assert told is not None
    assert told["lost"] == {"a": {"verdict": "unsafe"}}
    assert set(told) == {"margin", "policies", "lost"}
