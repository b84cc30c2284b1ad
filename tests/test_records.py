"""Texts as they are compared, and what stands for one without showing it.

.venv/bin/python -m pytest tests/test_records.py
"""

from __future__ import annotations

import hashlib

from empathy.records import fingerprint, same_words


def test_capitals_and_blanks_do_not_make_another_text() -> None:
    assert same_words(" I\n am\xa0HERE ") == "i am here"
    assert same_words("I am here.") != same_words("I am here")


def test_a_fingerprint_is_the_hash_of_kind_and_words() -> None:
    expected = hashlib.sha256(b"question\x00why me?").hexdigest()[:16]
    assert fingerprint("question", "Why  me?") == expected  # the same on every machine
    assert fingerprint("post", "Why me?") != expected
