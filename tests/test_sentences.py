"""python -m pytest tests/test_sentences.py"""

from __future__ import annotations

import pytest

from empathy.sentences import sentences


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("I hear you. It is hard!  What now?", ["I hear you.", "It is hard!", "What now?"]),
        ("no capitals here. none at all", ["no capitals here.", "none at all"]),
        ("He left.You stayed?Yes, I did.", ["He left.", "You stayed?", "Yes, I did."]),
        ("Ask Dr. Reed or Mrs. J. Doe.", ["Ask Dr. Reed or Mrs. J. Doe."]),
        ("Sports, e.g. running, help.", ["Sports, e.g. running, help."]),
        ("So do I. You too.", ["So do I.", "You too."]),
        ("Well... maybe not. Hm... Maybe.", ["Well... maybe not.", "Hm...", "Maybe."]),
        ("1. Breathe.\n2. Walk\n\nThen rest", ["1. Breathe.", "2. Walk", "Then rest"]),
        ('"Why me?" she asked. (It hurt.) Yes.', ['"Why me?"', "she asked.", "(It hurt.)", "Yes."]),
        ("It took 3.5 years at a.b.com and www.c.org.", None),
        ("Really?! That's, well,\n  odd", ["Really?!", "That's, well,", "odd"]),
        ("You said \u201cno.\u201d Good.", ["You said \u201cno.\u201d", "Good."]),
        ("He is 5. She was born in 1990. Yes.", ["He is 5.", "She was born in 1990.", "Yes."]),
        ("one\xa0 two.  three", ["one two.", "three"]),
        ("... ! \U0001f642", []),
        ("", []),
    ],
)
def test_sentences_by_hand(text: str, parts: list[str] | None) -> None:
    assert sentences(text) == ([text] if parts is None else parts)


def test_no_word_is_lost() -> None:
    text = "Hi Ann.I see... so, Mr. X went (again!) to the U.S. Then? \n- It\n- hurt"
    assert " ".join(sentences(text)).replace(" ", "") == "".join(text.split())
