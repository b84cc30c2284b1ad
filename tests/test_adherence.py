"""python -m pytest tests/test_adherence.py"""

from __future__ import annotations

from empathy.metrics.adherence import adherent_share, reflections_to_questions
from empathy.reading.miti import GROUPS, LABELS, group_of
from empathy.uncertainty import LEAVE_ONE_OUT, TOO_FEW

ASK, REFLECT, ADVISE = "Open Question", "Complex Reflection", "Advise without Permission"


def test_adherence_by_hand() -> None:
    # Support and Affirm against Warn: 2 of 3. Questions and reflections are in neither group.
    replies = [("Support", "Affirm", "Warn", ASK), (ADVISE,), ("Support",), (ASK, REFLECT), None]
    assert adherent_share(replies) == (2 / 3, 0.0, 1.0, None, None)


def test_the_ratio_is_one_of_sums_by_hand() -> None:
    # Reflections 2 + 0 + 1, questions 1 + 1 + 0: 3/2. Without g1: 1/1; without g2: 3/1 (g3 has no
    # question of its own, yet its reflection counts); without g3: 2/2.
    first = (REFLECT, "Simple Reflection", ASK)
    replies = [first, ("Closed Question",), (REFLECT, "Support"), None]
    found = reflections_to_questions(replies, ["g1", "g2", "g3", "g3"])
    assert found is not None
    assert (found.value, found.n, found.unscored, found.method) == (1.5, 3, 1, LEAVE_ONE_OUT)
    assert (found.low, found.high) == (1.0, 3.0)


def test_nothing_asked_is_no_ratio() -> None:
    assert reflections_to_questions([(REFLECT,), None], ["a", "b"]) is None
    assert reflections_to_questions([None], ["a"]) is None


def test_no_reflection_is_a_ratio_of_nought() -> None:
    found = reflections_to_questions([(ASK,)] * 12, [f"g{i}" for i in range(12)])
    assert found is not None
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


def test_an_interval_does_not_go_below_nought() -> None:
    replies = [(ASK, *[REFLECT] * (9 * (i == 0))) for i in range(12)]
    found = reflections_to_questions(replies, [f"g{i}" for i in range(12)])
    assert found is not None
    assert found.low == 0.0
    assert found.high is not None
    assert found.high > found.value == 9 / 12


def test_one_group_that_asks_has_no_interval() -> None:
    replies = [(ASK, REFLECT), *[(REFLECT,)] * 14]
    found = reflections_to_questions(replies, [f"g{i}" for i in range(15)])
    assert found is not None
    assert (found.value, found.low, found.high, found.method) == (15.0, None, None, TOO_FEW)


def test_every_label_is_in_one_group() -> None:
    groups = [group_of(label) for label in LABELS]
    assert [groups.count(name) for name in GROUPS] == [4, 4, 7]
    assert group_of("Direct") == "non-adherent"
