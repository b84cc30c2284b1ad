"""MI dialogues from invented files with the real ones' quirks, and broken files.

.venv/bin/python -m pytest tests/test_mi.py
"""

from __future__ import annotations

from pathlib import Path

import pytest
from invented_mi import write_gold, write_mi

from empathy.corpora import mi
from empathy.errors import UserError
from empathy.splits import by_split


def test_one_dialogue_per_question_and_answer(tmp_path: Path) -> None:
    first, second, third = mi.load(write_mi(tmp_path))
    assert [(turn.speaker, turn.text) for turn in first.turns] == [
        # The line break, the blanks and the non-breaking space are one blank each.
        ("client", "My brother no longer speaks to me, and I do not know why."),
        ("counsellor", "You have been patient. I am here for you. Families are hard."),
    ]
    assert first.metadata == {
        "source": "counselchat",
        "title": "Brother",
        "sentences": "3",
        "adherent": "2",
        "non_adherent": "0",
        "labels": "Affirm 1, Support 1",
    }
    assert (second.metadata["adherent"], second.metadata["non_adherent"]) == ("0", "1")
    assert third.metadata["labels"] == ""
    assert [d.dialogue_id for d in (first, second, third)] == [
        *("mi-counselchat-4", "mi-counselchat-7", "mi-counselchat-9"),
    ]
    assert {(d.corpus, d.language, d.split) for d in (first, second, third)} == {("mi", "en", None)}


def test_a_question_is_one_group_whatever_its_blanks_and_its_dialog_id(tmp_path: Path) -> None:
    first, second, third = mi.load(write_mi(tmp_path))
    assert first.group == second.group != third.group
    assert "brother" not in first.group


def test_answers_are_counted(tmp_path: Path) -> None:
    assert mi.counts(mi.load(write_mi(tmp_path))) == {
        "questions": 2,
        "answers": 3,
        "answers without a label": 1,
        "answers said before to the same question": 0,
        "sentences": 5,
        "adherent": 2,
        "non_adherent": 1,
    }


def test_the_gold_file_is_optional_and_shares_the_questions_groups(tmp_path: Path) -> None:
    write_mi(tmp_path)
    write_gold(tmp_path)
    *_, third, gold = mi.load(tmp_path)
    assert [(turn.speaker, turn.text) for turn in gold.turns] == [
        ("client", "I lie awake until four each night."),
        ("counsellor", "What keeps you up? Stop it."),
        ("client", "Work does."),
        ("counsellor", "It weighs on you."),
    ]
    assert gold.metadata == {
        "source": "gold",
        "title": "",
        "sentences": "3",
        "adherent": "0",
        "non_adherent": "1",
        "labels": "Confront 1, Open Question 1",
    }
    assert (gold.dialogue_id, gold.group) == ("mi-gold-0000", third.group)
    by_split(mi.load(tmp_path))


def test_the_gold_file_alone_will_do(tmp_path: Path) -> None:
    write_gold(tmp_path)
    assert [dialogue.dialogue_id for dialogue in mi.load(tmp_path)] == ["mi-gold-0000"]


def test_a_missing_file_names_both_and_the_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"neither .*CC_Augmented\.csv nor .*MI Dataset\.csv is"):
        mi.load(tmp_path)
    with pytest.raises(UserError, match="needs a folder"):
        mi.load(None)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (",author,", ",who,", "has no column author"),
        (",Union (without disambiguities)", ",Union", r"has no column Union \(without"),
        ("2,listener,You have", "2,robot,You have", "line 4: author is not speaker or listener"),
        (",Affirm", ",Praise", "line 4: Union .* is none of Closed Question"),
        ("You have been patient.", " ", "line 4: text is blank"),
        ("You have been", "been " * 9_999, "line 4: text has 10,000 words, .*4,000"),
        ("counsel_chat | 7", "chat | 7", "line 8: dialog_id is not 'counsel_chat"),
        ("1,speaker,I lie", "1,listener,I lie", "line 10: only one author in this dialog_id"),
        ("2,listener,You have", "2,speaker,You have", "line 2: this dialog_id is not one question"),
        ("2,listener,Some people", '2,listener,"Some people', "after line 10: unexpected end"),
        ("2,listener,Some people do.,,,,,", "2,listener,So", "line 11: .*few or too many cells"),
        ("I lie", "I l\udce9", "line 10: not UTF-8"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = write_mi(tmp_path) / mi.COUNSELCHAT
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(
        text.replace(old, new, -1 if "|" in old else 1).encode(errors="surrogateescape")
    )
    with pytest.raises(UserError, match=rf"CC_Augmented\.csv.*{says}.*fetch the authors' file"):
        mi.load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("final agreed label", "label", "has no column final agreed label"),
        ("Confront", "Scold", "line 4: final agreed label is none of Closed Question"),
        ("r1,speaker", "r1,listener", "line 2: only one author in this dialog_id"),
    ],
)
def test_a_broken_gold_file_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = write_gold(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(UserError, match=rf"MI Dataset\.csv.*{says}"):
        mi.load(tmp_path)


@pytest.mark.parametrize("data", [b"", b"\n"])
def test_an_empty_file_is_named(tmp_path: Path, data: bytes) -> None:
    path = write_mi(tmp_path) / mi.COUNSELCHAT
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"CC_Augmented\.csv is empty; fetch"):
        mi.load(tmp_path)
