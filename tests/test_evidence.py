"""Evidence spans: found whatever the blanks, and cut out.

.venv/bin/python -m pytest tests/test_evidence.py
"""

from __future__ import annotations

from empathy.reading.evidence import spans, without


def test_evidence_is_found_where_only_blanks_differ() -> None:
    response = "So  sorry to hear. Why?  So sorry."
    assert spans(response, "So sorry|Why?|") == ((0, 9), (19, 23))
    assert spans(response, "hear.  Why?") == ((13, 23),)
    assert spans(response, "not said|") == ()
    assert spans(response, "|") == ()


def test_stretches_are_cut_and_overlaps_cut_once() -> None:
    text = "So sorry  to hear. Why?"
    assert without(text, [(0, 9)]) == "to hear. Why?"
    assert without(text, [(19, 23), (0, 2), (1, 9)]) == "to hear."
    assert without(text, [(0, 9), (3, 5)]) == "to hear. Why?"  # one within the other
    assert without(text, []) == "So sorry to hear. Why?"
    assert without("unkind", [(2, 4)]) == "un nd"  # what stood apart is never joined
