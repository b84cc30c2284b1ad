"""The material of every split: what reaches the schemes, and what is refused.

python -m pytest tests/test_selection.py
"""

from __future__ import annotations

from pathlib import Path

import pytest

from empathy import corpora
from empathy.errors import UserError
from empathy.records import SPLITS, Contrast, Dialogue, Split, Turn
from empathy.selection import select
from empathy.settings import DataSettings, EvaluationSettings
from empathy.splits import split_of

RULES = EvaluationSettings(validation_prompts=2, test_prompts=2)
REPHRASED = DataSettings(corpora=("mi",), schemes={"rephrase": 1}, min_words=1)


def group(split: Split, number: int = 0) -> str:
    return [g for g in (f"g{i}" for i in range(500)) if split_of(g) == split][number]


def dialogue(name: str, of: str, split: Split | None = None) -> Dialogue:
    turns = (Turn("client", f"It is {name}."), Turn("counsellor", "Tell me more."))
    return Dialogue(name, of, "mi", turns, split=split)


def invented(
    monkeypatch: pytest.MonkeyPatch, dialogues: list[Dialogue], contrasts: list[Contrast]
) -> None:
    """Puts a corpus that needs no file in the place of `mi`."""

    def load(_: Path | None) -> list[Dialogue]:
        return dialogues

    corpus = corpora.Corpus(load, "invented", False, False, lambda _: contrasts)
    monkeypatch.setitem(corpora.CORPORA, "mi", corpus)


def test_dialogues_and_rephrasings_go_to_the_split_of_their_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dialogues = [dialogue(split, group(split)) for split in SPLITS]
    dialogues.append(dialogue("moved", "fixed", "test"))
    contrasts = [
        Contrast(f"c-{split}", group(split, 1), "mi", "If you like.", f"Do {split}.")
        for split in SPLITS
    ]
    invented(monkeypatch, dialogues, contrasts)
    parts = select(REPHRASED, RULES).parts
    for split, contrast in zip(SPLITS, contrasts, strict=True):
        assert parts[split].contrasts == (contrast,)
        assert parts[split].dialogues[0].dialogue_id == split
    assert [each.dialogue_id for each in parts["test"].of("mi")] == ["test", "moved"]
    assert parts["test"].of("annomi") == ()
    unasked = select(REPHRASED.model_copy(update={"schemes": {"generated": 1.0}}), RULES)
    assert unasked.parts["train"].contrasts == ()


def test_a_rephrasing_that_shares_its_group_with_another_split_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dialogues = [dialogue(split, group(split)) for split in SPLITS]
    dialogues.append(dialogue("moved", group("train", 2), "test"))
    contrast = Contrast("c", group("train", 2), "mi", "If you like.", "Do it.")
    invented(monkeypatch, dialogues, [contrast])
    with pytest.raises(UserError, match="leaks: its group is in the splits train and test"):
        select(REPHRASED, RULES)


def test_a_scheme_without_its_corpus_is_refused_before_anything_is_read() -> None:
    with pytest.raises(UserError, match=r"data\.schemes names 'deleted', which makes pairs of"):
        select(DataSettings(schemes={"deleted": 1}, folder=Path("nowhere")), RULES)


def test_dialogues_of_one_group_are_refused_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    invented(monkeypatch, [dialogue("one", group("train")), dialogue("two", group("train"))], [])
    with pytest.raises(UserError, match=r"all 2 dialogues of .* belong to one group"):
        select(REPHRASED, RULES)
