"""Evidence of one response put into another: texts, levels and spans worked by hand.

.venv/bin/python -m pytest tests/test_scorer_splices.py
"""

from __future__ import annotations

from itertools import islice

from empathy.corpora.epitome import Example
from empathy.scorers.splices import UNKNOWN, splice, splices

HOST = Example("p0", "r0", "I failed.", "Sorry. Go on.", (1, 0, 0), (((0, 6),), (), ()))
DONOR = Example(
    "p1", "r1", "I am alone.", "You feel left out? Why?", (0, 2, 1), ((), ((0, 17),), ((19, 23),))
)


def test_the_donors_words_bring_their_level_and_the_hosts_evidence_moves() -> None:
    front = splice(HOST, DONOR, 2, (19, 23), at_front=True)
    assert front.response == "Why? Sorry. Go on."
    assert front.levels == (1, 0, 1)
    assert front.evidence == (((5, 11),), (), ((0, 4),))
    assert (front.post, front.response[5:11]) == ("I failed.", "Sorry.")
    back = splice(HOST, DONOR, 2, (19, 23), at_front=False)
    assert back.response == "Sorry. Go on. Why?"
    assert back.evidence == (((0, 6),), (), ((14, 18),))


def test_a_mechanism_that_the_words_are_evidence_of_too_is_unknown() -> None:
    both = Example("p2", "r2", "post", "You feel so?", (0, 2, 1), ((), ((0, 8),), ((0, 12),)))
    made = splice(HOST, both, 2, (0, 12), at_front=True)
    assert made.levels == (1, UNKNOWN, 1)
    assert made.evidence[1] == ()


def test_splices_only_go_into_responses_without_the_mechanism_and_repeat_with_the_seed() -> None:
    first = list(islice(splices([HOST, DONOR], seed=3), 20))
    assert first == list(islice(splices([HOST, DONOR], seed=3), 20))
    assert first != list(islice(splices([HOST, DONOR], seed=4), 20))
    assert {made.post_id for made in first} == {"p0", "p1"}  # DONOR lacks emotional reactions
    assert all(max(made.levels) > 0 for made in first)


def test_nothing_to_splice_gives_nothing() -> None:
    assert list(splices([Example("p", "r", "post", "reply", (0, 0, 0))], seed=0)) == []
