"""What each run learns from: the split by post, and the paper's by row with its leaks.

.venv/bin/python -m pytest tests/test_material.py
"""

from __future__ import annotations

import pytest

from empathy.corpora.epitome import HALVES, Example, merge_repeats, row_split_of
from empathy.scorers.material import Material, by_row, leaks, material


def row(post: str, response: str, level: int = 0) -> Example:
    return Example(post, response, f"post {post}", f"reply {response}", (level, 0, 0))


def test_the_split_by_row_is_fixed_for_ever_and_about_75_5_20() -> None:
    # The first 8 bytes of sha256("epitome-row:<number>") modulo 100: under 75, under 80, the rest.
    parts = [row_split_of(number) for number in range(4000)]
    assert [number for number, part in enumerate(parts[:40]) if part == "validation"] == [2, 37]
    # Four standard errors of a share of 0.75 among 4,000 are 0.027.
    assert parts.count("train") / 4000 == pytest.approx(0.75, abs=0.027)
    assert parts.count("validation") / 4000 == pytest.approx(0.05, abs=0.027)


def test_repeats_stay_where_rows_are_split_and_are_merged_where_posts_are() -> None:
    corpus = merge_repeats([row("p", "r", 1), row("q", "s"), row("p", "r", 0)])
    assert sum(map(len, by_row(corpus.rows))) == 3
    assert sum(map(len, material(corpus, "full"))) == 2
    assert sum(map(len, material(corpus, "row"))) == 3


def test_halves_share_the_training_posts_and_judge_on_the_same_ones() -> None:
    corpus = merge_repeats([row(f"p{number}", "r") for number in range(60)])
    full = material(corpus, "full")
    halves = [material(corpus, half) for half in HALVES]
    assert {e.post_id for half in halves for e in half.train} == {e.post_id for e in full.train}
    assert all(half[1:] == full[1:] for half in halves)


def test_leaks_by_hand() -> None:
    # Of four test rows one has its copy in training (and so its post), one more its post alone.
    test = (row("p", "r"), row("p", "other"), row("q", "s"), row("t", "u"))
    found = leaks(Material((row("p", "r"),), (), test))
    assert found == {"post_in_training": 0.5, "copy_in_training": 0.25}
