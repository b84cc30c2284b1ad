"""Texts as they are compared, and what stands for one without showing it.

.venv/bin/python -m pytest tests/test_records.py
"""

from __future__ import annotations

import hashlib

from empathy.records import fingerprint, same_words


def test_capitals_blanks_and_punctuation_do_not_make_another_text() -> None:
    assert same_words(" I\n am\xa0HERE ") == "i am here"
    assert same_words("\u201cI am \u2014 here\u2026\u201d") == "i am here"
    assert (
        same_words("Can't well-known") == same_words("can\u2019t well known") == "can t well known"
    )
    assert same_words("I am here 2") != same_words("I am here")


def test_words_of_any_script_stay_whole_and_marks_alone_stay_marks() -> None:
    assert same_words("N\u00e3o\u3002") == same_words("na\u0303o") == "n\u00e3o"
    assert same_words("\u0939\u093f\u0928\u094d\u0926\u0940\u0964") == (
        "\u0939\u093f\u0928\u094d\u0926\u0940"  # vowel signs are no punctuation
    )
    assert same_words("?!") != same_words("...") != ""


def test_a_fingerprint_is_the_hash_of_kind_and_words() -> None:
    expected = hashlib.sha256(b"question\x00why me?").hexdigest()[:16]
    assert fingerprint("question", "Why  me?") == expected  # the same on every machine
    assert fingerprint("post", "Why me?") != expected
    assert fingerprint("question", "Why me") != expected  # a split never moves
