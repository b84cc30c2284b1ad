"""What makes a pair of two replies, and the line that says what a scheme made.

python -m pytest tests/test_pairs.py
"""

from __future__ import annotations

from empathy.pairs import REPEATED, SAME, PairSet, gathered, prefer
from empathy.records import PreferencePair, Prompt, Turn

ASKED = Prompt("p", "g", "toy", (Turn("client", "I feel low."),), "That sounds hard.")


def test_equal_and_repeated_pairs_are_none_and_are_counted() -> None:
    good = prefer(ASKED, " Kind.", "Rude. ", "toy")
    assert (good.chosen, good.rejected) == ("Kind.", "Rude.")
    same = PreferencePair(ASKED, "So  be it.", "So be\nit.", "toy")
    again = PreferencePair(ASKED, "Kind.\n", "Rude.", "toy")
    turned = PreferencePair(ASKED, "Rude.", "Kind.", "toy")
    made = gathered("toy", [good, same, "too short", again, turned, "too short"], 4)
    assert made.pairs == (good, turned)
    assert made.skipped == {SAME: 1, "too short": 2, REPEATED: 1}
    assert made.prompts == 4


def test_the_report_is_one_line() -> None:
    pair = prefer(ASKED, "Kind.", "Hm.", "ranked")
    report = str(PairSet("ranked", (pair,) * 143, 150, {"candidates tie": 7}))
    assert report == "ranked: 143 pairs from 150 prompts (7 skipped: candidates tie)"
    assert str(PairSet("ranked", (pair,), 1, {})) == "ranked: 1 pairs from 1 prompts"
