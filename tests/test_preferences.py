"""Pairs of a tiny model: refused where a scheme gives none to train on, missing where held out.

python -m pytest tests/test_preferences.py
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from empathy.errors import UserError
from empathy.judges import Judges
from empathy.policy import Speaker
from empathy.preferences import Preferences
from empathy.prompts import prompts
from empathy.records import Dialogue, Turn
from empathy.selection import Material, Selected
from empathy.settings import DataSettings, EvaluationSettings, TrainingSettings
from empathy.splits import select
from empathy.study import HeldOut, Study
from empathy.weights import Base

NOBODY = cast(Judges, None)  # none of the schemes here asks a judge
DATA = DataSettings(
    corpora=("mi", "epitome"),
    schemes={"deleted": 2, "adherence": 1},
    min_words=2,
    held_out_pairs=3,
)


def strong(number: int) -> Dialogue:
    turns = (
        Turn("client", f"I failed {number}."),
        Turn("counsellor", f"So sorry {number}. Go on."),
    )
    facts = {"levels": "2 0 0", "without_evidence": "Go on."}
    return Dialogue(f"e{number}", f"e{number}", "epitome", turns, metadata=facts)


def answer(number: int, adherent: int) -> Dialogue:
    turns = (Turn("client", f"Ask {number}?"), Turn("counsellor", f"Well, number {adherent}."))
    facts = {"sentences": "1", "adherent": str(adherent), "non_adherent": "0"}
    return Dialogue(f"a{number}{adherent}", f"a{number}", "mi", turns, metadata=facts)


def material(*dialogues: Dialogue) -> Material:
    found = prompts(dialogues, DATA)
    return Material(dialogues, (), found, select(found.prompts, None, "train"))


@pytest.fixture
def preferences(tiny_base: Base) -> Preferences:
    limits = TrainingSettings(max_prompt_tokens=300, max_length=310)
    speaker = Speaker(tiny_base, limits, EvaluationSettings())
    return Preferences(speaker, NOBODY, DATA, "tiny", lambda *_: None)


def test_what_was_made_is_mixed_encoded_counted_and_told(preferences: Preferences) -> None:
    train = material(*map(strong, range(5)), answer(1, 0), answer(1, 1), answer(2, 0), answer(2, 1))
    encoded = preferences.train(train)
    # 5 deleted pairs at weight 2 and 2 adherence pairs at weight 1: 4 and 2.
    assert len(encoded.examples) == 6
    assert sorted({group[0] for group in encoded.groups}) == ["a", "e"]
    facts = preferences.facts()
    assert facts["pairs"]["train"]["deleted"] == (
        "deleted: 5 pairs from 5 prompts; the mix leaves 1 aside"
    )
    cut = facts["pairs_truncated"]["train"]
    assert (cut["deleted"]["of"], cut["adherence"]["of"]) == (4, 2)
    card = preferences.card(Selected({"train": train}, {}, {}))
    assert card["schemes"]["deleted"]["train"]["used"] == 4


def test_a_scheme_without_a_train_pair_is_refused(preferences: Preferences) -> None:
    with pytest.raises(UserError, match=r"names 'adherence', which gave no train pair \(adheren"):
        preferences.train(material(strong(1), strong(2)))


def test_held_out_a_scheme_may_give_none(preferences: Preferences) -> None:
    some = preferences.held_out("test", material(*map(strong, range(9))))
    assert len(some.examples) == len(some.groups) == 3
    none = preferences.held_out("validation", material(answer(1, 0)))
    assert none == ([], ())


def test_without_held_out_pairs_there_are_no_margins() -> None:
    held = HeldOut((), cast(Any, None), [], (), torch.empty(0, 2))
    study = cast(Study, SimpleNamespace(base=None))
    assert Study._rewards(study, held, 2).shape == (2, 0, 2)
