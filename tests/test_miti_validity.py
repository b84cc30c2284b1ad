"""python -m pytest tests/test_miti_validity.py"""

from __future__ import annotations

import numpy as np
import pytest

from empathy.corpora.annomi import Utterance
from empathy.scorers.miti_validity import agreement, contrast, measure

ASK, REFLECT = "Open Question", "Simple Reflection"


def said(session: int, quality: str, text: str, reflects: bool, asks: bool) -> Utterance:
    return Utterance(session, f"video {session}", quality, text, reflects, asks)


UTTERANCES = [
    said(0, "high", "You miss him. Why now?", True, True),
    said(0, "high", "It hurts.", True, False),
    said(1, "high", "What else?", False, True),
    said(2, "low", "Why? Why not?", False, True),
    said(2, "low", "Stop it.", False, False),
]
LABELS = [(REFLECT, ASK), (REFLECT,), (ASK,), (ASK, ASK), ("Direct",)]


def test_good_and_bad_sessions_by_hand() -> None:
    # Reflections over questions: high 2/2, low 0/2. Session 0 has 2/1 and session 1 0/1, against
    # 0/2: higher, and a tie: (1 + 1/2) / 2.
    found = measure(UTTERANCES, LABELS)["quality"]
    ratio = found["reflections_to_questions"]
    assert (ratio["high"]["value"], ratio["low"]["value"]) == (1.0, 0.0)
    assert ratio["difference"]["value"] == 1.0
    assert ratio["ordered"]["value"] == 0.75
    # As annotated: high 2/2, low 0/1.
    assert found["annotated"]["difference"]["value"] == 1.0
    assert measure(UTTERANCES, LABELS)["sessions"] == {"high": 2, "low": 1}


def test_a_number_that_one_kind_of_session_lacks_has_no_difference() -> None:
    found = contrast(UTTERANCES, np.ones(5), np.array([1.0, 1.0, 1.0, 0.0, 0.0]))
    assert found["high"] is not None
    assert found["low"] is found["difference"] is found["ordered"] is None


def test_agreement_by_hand() -> None:
    # Said T T F F F, seen T F F F T: agree on 3 of 5; chance (2/5)(2/5) + (3/5)(3/5) = 13/25;
    # kappa = (15 - 13) / (25 - 13) = 1/6. One of two said is right, one of two seen is found.
    found = agreement(UTTERANCES, np.array([1, 1, 0, 0, 0]) > 0, np.array([1, 0, 0, 0, 1]) > 0)
    values = {name: each["value"] for name, each in found.items() if each}
    assert values == pytest.approx({"kappa": 1 / 6, "precision": 1 / 2, "recall": 1 / 2})


def test_agreement_of_what_is_never_said_is_missing() -> None:
    none = np.zeros(5) > 0
    found = agreement(UTTERANCES, none, none)
    assert found == {"kappa": None, "precision": None, "recall": None}
