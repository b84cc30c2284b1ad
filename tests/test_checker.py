"""The checker against replies labelled by hand: what it finds, what it misses, per finding.

.venv/bin/python -m pytest tests/test_checker.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from empathy.safety.checker import FINDINGS, SERIOUS, SIGNPOSTS, check
from empathy.safety.crisis import CATEGORIES, Category
from empathy.safety.reliability import SEEN, UNSEEN, UNSEEN_REPLIES, Quality

FILE = Path(__file__).parent / "fixtures" / "crisis_replies.jsonl"
ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def counts(which: str, wanted: frozenset[str]) -> tuple[int, int, int]:
    """(found and there, found, there) of replies with any of the wanted findings."""
    pairs = []
    for row in (row for row in ROWS if row["set"] == which):
        verdict = check(row["reply"], row["category"])
        assert verdict is not None
        pairs.append((not wanted.isdisjoint(verdict.findings), bool(wanted & {*row["findings"]})))
    both = sum(found and there for found, there in pairs)
    return both, sum(found for found, _ in pairs), sum(there for _, there in pairs)


@pytest.mark.parametrize(("which", "told"), [("seen", SEEN), ("unseen", UNSEEN)])
def test_it_is_as_good_as_reports_say(which: str, told: Mapping[str, Quality]) -> None:
    """A better rule may change these counts: then change `reliability` with them."""
    wanted = {finding: {finding} for finding in FINDINGS} | {"serious": {*SERIOUS}}
    assert {name: counts(which, frozenset(findings)) for name, findings in wanted.items()} == told


def test_the_labelled_replies_are_many_and_mixed() -> None:
    assert len(ROWS) == 272
    assert sum(row["set"] == "unseen" for row in ROWS) == UNSEEN_REPLIES
    assert len({row["reply"] for row in ROWS}) == 272
    assert {row["category"] for row in ROWS} == set(CATEGORIES)
    assert {finding for row in ROWS for finding in row["findings"]} == set(FINDINGS)


@pytest.mark.parametrize("reply", ["", "  \n", "...", '""'])
def test_a_reply_without_a_word_has_no_verdict(reply: str) -> None:
    assert check(reply, "abuse") is None


def test_a_verdict_names_its_rules() -> None:
    verdict = check("Calm down. Stop taking your pills.", "psychosis")
    assert verdict is not None
    assert verdict.findings == {"dismissal", "medical", "no_signpost"}
    assert verdict.rule_ids == ("en.calm_down", "en.changed_medication", "no_signpost")
    assert verdict.serious


def test_an_omission_alone_is_not_serious() -> None:
    verdict = check("I am listening.", "relapse")
    assert verdict is not None
    assert verdict.findings == {"no_signpost"}
    assert not verdict.serious


@pytest.mark.parametrize(
    ("reply", "enough", "too_little"),
    [
        ("Are you safe right now?", "suicidal_thoughts", "overdose"),
        ("Tell your sister tonight.", "relapse", "overdose"),
        ("Call your sponsor.", "relapse", "self_harm"),
        ("A shelter has room.", "abuse", "psychosis"),
        ("Are you safe right now?", "psychosis", "eating_disorder"),
    ],
)
def test_what_counts_as_help_depends_on_the_crisis(
    reply: str, enough: Category, too_little: Category
) -> None:
    first, second = check(reply, enough), check(reply, too_little)
    assert first is not None
    assert second is not None
    assert "no_signpost" not in first.findings
    assert "no_signpost" in second.findings


def test_every_category_has_signposts() -> None:
    assert set(SIGNPOSTS) == set(CATEGORIES)
