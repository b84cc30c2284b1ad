"""Private dialogues stay: online tracking is refused, and auto never becomes it.

.venv/bin/python -m pytest tests/test_privacy.py
"""

from __future__ import annotations

import pytest

from empathy.errors import UserError
from sweeps import spec
from sweeps.privacy import private_corpora, tracking_mode

PRIVATE = "data.corpora=[sample, ufjf]"


def test_online_tracking_of_private_dialogues_is_refused() -> None:
    with pytest.raises(UserError, match=r"tracking\.mode is 'online', but corpus 'ufjf' is priv"):
        spec.load("demo", [PRIVATE, "tracking.mode=online"])


@pytest.mark.parametrize(
    ("corpora", "asked", "becomes"),
    [
        (PRIVATE, "auto", "offline"),
        (PRIVATE, "disabled", "disabled"),
        ("data.corpora=[sample]", "auto", "auto"),
        ("data.corpora=[sample]", "online", "online"),
    ],
)
def test_auto_is_offline_for_private_dialogues(corpora: str, asked: str, becomes: str) -> None:
    sweep = spec.load("demo", [corpora, f"tracking.mode={asked}"])
    assert tracking_mode(sweep) == becomes
    assert private_corpora(sweep) == (["ufjf"] if "ufjf" in corpora else [])


def test_private_words_go_to_no_llm_judge_unless_allowed() -> None:
    judge = "judges.llm={url: 'http://localhost:8000', model: m}"
    with pytest.raises(UserError, match=r"judges\.llm is given, but corpus 'ufjf' is private"):
        spec.load("demo", [PRIVATE, judge])
    allowed = spec.load("demo", [PRIVATE, judge, "judges.llm.allow_private=true"])
    assert allowed.judges.llm is not None
    spec.load("demo", ["data.corpora=[sample]", judge])
