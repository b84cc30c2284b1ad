"""Openers, questions, apologies and claims of shared experience, counted by hand.

.venv/bin/python -m pytest tests/test_style.py
"""

from __future__ import annotations

import pytest

from empathy.metrics.style import (
    APOLOGIES,
    SHARED_EXPERIENCE,
    commonest_opener,
    questions,
    repeated,
    says,
    tells,
)


def test_questions_are_counted_and_blank_replies_are_not() -> None:
    assert questions(["Why? And then?!", "Really??", "No.", " "]) == (2.0, 1.0, 0.0, None)


@pytest.mark.parametrize(
    ("text", "language", "apologises", "shares"),
    [
        ("I'm so sorry to hear that.", "en", 1, 0),
        ("I\u2019ve been there, it passes.", "en", 0, 1),
        ("I know exactly how you feel.", "en", 0, 1),
        ("As someone who lost a job, I can say it helps.", "en", 0, 1),
        ("I went through this last year.", "en", 0, 1),
        ("It sounds as if you have been there before.", "en", 0, 0),
        ("You said you used to walk.", "en", 0, 0),
        ("I hear how hard it was when you were young.", "en", 0, 0),
        ("Sinto muito por isso.", "pt", 1, 0),
        ("Eu também já passei por isso.", "pt", 0, 1),
        ("Você já passou por isso antes?", "pt", 0, 0),
    ],
)
def test_phrases_are_found_in_their_language(
    text: str, language: str, apologises: int, shares: int
) -> None:
    assert says(APOLOGIES, [text], [language]) == (apologises,)
    assert says(SHARED_EXPERIENCE, [text], [language]) == (shares,)


def test_a_language_without_phrases_and_a_blank_reply_have_no_number() -> None:
    assert says(APOLOGIES, ["Es tut mir leid.", ""], ["de", "en"]) == (None, None)


def test_tells_are_a_claim_and_each_question_but_the_first() -> None:
    texts = ["Why?", "Why? How? When?", "Me too.", "I've been there. Why? How?", " ", "Porquê? Já?"]
    assert tells(texts, ["en"] * 5 + ["de"]) == (0.0, 2.0, 1.0, 2.0, 0.0, 1.0)


def test_repetition_is_the_share_of_runs_said_before() -> None:
    # a b c, b c a, c a b, a b c: one of four runs is a repetition
    assert repeated(["a b c a b c", "one two three", "too short"]) == (0.25, 0.0, None)


def test_the_commonest_opener_has_its_share() -> None:
    texts = ["It sounds like a lot.", "It sounds like fun, no?", "Tell me more now.", ""]
    found = commonest_opener(texts, ["a", "b", "c", "d"])
    assert found is not None
    assert found.value == pytest.approx(2 / 3)
    assert (found.n, found.groups) == (3, 3)
    # leaving out groups of a maximum gives ranges that need not hold it: none below ten groups
    assert (found.low, found.high) == (None, None)
    assert commonest_opener(["", " "], ["a", "b"]) is None
    alone = commonest_opener(["Hello there you."], ["a"])
    assert alone is not None
    assert (alone.value, alone.low) == (1.0, None)
