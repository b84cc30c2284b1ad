"""python -m pytest tests/test_asking.py"""

from __future__ import annotations

import pytest

from empathy.verdicts.asking import AGAIN, again, question, verdict_in, win_of_first


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("A", "A"), ("b", "B"), ("TIE", "tie"), (" Tie. ", "tie"), ("**A**", "A"), ("(B)", "B"),
        ("Answer: B", "B"), ("The answer is A.", "A"), ("reply_A", "A"), ("Reply B", "B"),
        ("<think>A? No, B.\nSure.</think>\n\nA", "A"), ('"A"', "A"), ("My verdict: TIE", "tie"),
    ],
)  # fmt: skip
def test_a_verdict_in_so_many_words(text: str, verdict: str) -> None:
    assert verdict_in(text) == verdict


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "C", "A and B", "A or B", "AB", "A warm reply wins.", "I think A is better.",
        "Both are good", "<think>A", "0", "A\nB", "tied to it",
    ],
)  # fmt: skip
def test_anything_else_is_no_verdict(text: str) -> None:
    assert verdict_in(text) is None


def test_the_question_shows_the_replies_in_their_order() -> None:
    (message,) = question("I {lost} my job.", "First {0}.", "Second.")
    text = message["content"]
    assert message["role"] == "user"
    assert text.index("I {lost} my job.") < text.index("First {0}.") < text.index("Second.")


def test_asking_again_keeps_what_was_said() -> None:
    asked = question("p", "a", "b")
    once = again(asked, " Well ... ")
    assert once[:1] == asked
    assert [each["content"] for each in once[1:]] == ["Well ...", AGAIN]
    assert again(asked, "")[1]["content"] == "(nothing)"


def test_a_verdict_is_a_win_of_the_first() -> None:
    assert [win_of_first(each) for each in ("A", "tie", "B")] == [1.0, 0.5, 0.0]
