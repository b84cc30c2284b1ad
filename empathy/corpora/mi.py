"""CounselChat answers with motivational-interviewing labels, one dialogue per question and answer.

Source: github.com/anuradha1992/Boosting-with-MI-Strategy; Welivita and Pu, "Boosting Distress
Support Dialogue Responses with Motivational Interviewing Strategy", Findings of ACL 2023. Licence:
CC BY-NC-SA 3.0. Not shipped. 1,129 answers to 546 questions, 9,986 rows: one per question, one per
sentence of an answer. A row (invented), as far as its columns are used:

    dialog_id,title,turn,author,text,Union (without disambiguities)
    counsel_chat | 4,Lonely,2,listener,You have come far.,Affirm

The labels are automatic and weak: n-gram rules and likeness to gold sentences. The Union column is
used; 35 % of the sentences have a label, 220 answers none.

Optional: `MI Dataset.csv` of anuradha1992/Motivational-Interviewing-Dataset (COLING 2022), with
expert labels: `dialog_id, author, text, final agreed label`, where `-` or nothing is no agreement.
Neighbouring rows of one author are one turn.

Group: the question's words, so that all answers to it stand together, also the gold file's.
Metadata, as text: `source` (counselchat or gold), `sentences`, `adherent` and `non_adherent` (how
many of them are labelled so: `empathy.reading.miti`), `labels` ("Affirm 1, Support 2"), `title`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from empathy.errors import UserError
from empathy.reading.miti import ADHERENT, NON_ADHERENT, REMEDY, check_label
from empathy.reading.tables import Row, check_words, read_csv
from empathy.records import Dialogue, Speaker, Turn, fingerprint

COUNSELCHAT = Path(
    "mi",
    "MI Augmented Datasets",
    "MI Augmented Intersection and Union (CounselChat) - CC_Augmented.csv",
)
GOLD = Path("mi", "MI Dataset.csv")
COLUMNS = ("dialog_id", "author", "text")
UNION, AGREED = "Union (without disambiguities)", "final agreed label"
AUTHORS: dict[str, Speaker] = {"speaker": "client", "listener": "counsellor"}
UNLABELLED = ("", "-")
COUNTED = ("sentences", "adherent", "non_adherent")


class Said(NamedTuple):
    """A row of one dialogue, and where it stands."""

    where: str
    speaker: Speaker
    text: str
    label: str  # "" where there is none
    title: str


class Labelled(NamedTuple):
    """A counsellor's sentence with its MITI label, and the group of its dialogue."""

    text: str
    label: str
    group: str


def load(folder: Path | None) -> list[Dialogue]:
    """The dialogues of `folder/mi` in the order of the files: CounselChat, then gold if there.

    Raises `UserError` for a missing or broken file.
    """
    if folder is None:
        raise UserError("corpus 'mi' needs a folder: set EMPATHY_DATA or data.folder")
    counselchat, gold = folder / COUNSELCHAT, folder / GOLD
    if not counselchat.is_file() and not gold.is_file():
        raise UserError(
            f"no MI data in '{folder}': neither {counselchat} nor {gold} is a file; "
            "EMPATHY_DATA or data.folder must be the folder that holds 'mi/'"
        )
    dialogues: list[Dialogue] = []
    if counselchat.is_file():
        for dialog_id, rows in _by_dialogue(counselchat, UNION, ("title",)).items():
            number = _check_answer(dialog_id, rows)
            dialogues.append(_dialogue(f"mi-counselchat-{number}", "counselchat", rows))
    if gold.is_file():
        for count, rows in enumerate(_by_dialogue(gold, AGREED, ()).values()):
            dialogues.append(_dialogue(f"mi-gold-{count:04d}", "gold", rows))
    return dialogues


def labelled(path: Path, column: str) -> list[Labelled]:
    """Every counsellor's sentence of a file with a label in `column`: `UNION` or `AGREED`.

    Raises `UserError` for a missing or broken file.
    """
    found = []
    for rows in _by_dialogue(path, column, ()).values():
        group = _group(_turns(rows))
        said = (row for row in rows if row.speaker == "counsellor" and row.label)
        found += [Labelled(row.text, row.label, group) for row in said]
    return found


def counts(dialogues: Sequence[Dialogue]) -> dict[str, int]:
    """Questions, answers, their sentences and labels, and answers without any label."""
    facts = [dialogue.metadata for dialogue in dialogues]
    return {
        "questions": len({dialogue.group for dialogue in dialogues}),
        "answers": len(dialogues),
        "answers without a label": sum(not each["labels"] for each in facts),
        "answers said before to the same question": len(dialogues)
        - len({tuple(dialogue.turns) for dialogue in dialogues}),
        **{name: sum(int(f[name]) for f in facts) for name in COUNTED},
    }


def _by_dialogue(path: Path, label: str, more: tuple[str, ...]) -> dict[str, list[Said]]:
    """The rows of each dialogue, in order, every cell that we use checked."""
    parts: dict[str, list[Said]] = {}
    for where, row in read_csv(path, (*COLUMNS, label, *more), REMEDY):
        parts.setdefault(row["dialog_id"].strip(), []).append(_said(row, label, where))
    for rows in parts.values():
        if len({row.speaker for row in rows}) < 2:
            raise UserError(f"{rows[0].where}: only one author in this dialog_id; {REMEDY}")
    return parts


def _said(row: Row, label: str, where: str) -> Said:
    if row["author"] not in AUTHORS:
        raise UserError(f"{where}: author is not {' or '.join(AUTHORS)}; {REMEDY}")
    check_words(row["dialog_id"], where, "dialog_id", REMEDY)
    check_words(row["text"], where, "text", REMEDY)
    given, text = row[label].strip(), " ".join(row["text"].split())
    if given not in UNLABELLED:
        check_label(given, where, label)
    given = "" if given in UNLABELLED else given
    return Said(where, AUTHORS[row["author"]], text, given, row.get("title", "").strip())


def _check_answer(dialog_id: str, rows: Sequence[Said]) -> str:
    """The dialogue's number. A question in one row, then its answer, or the file was changed."""
    name = re.fullmatch(r"counsel_chat \| (\d+)", dialog_id)
    if name is None:
        raise UserError(f"{rows[0].where}: dialog_id is not 'counsel_chat | number'; {REMEDY}")
    speakers = [row.speaker for row in rows]
    if speakers[0] != "client" or speakers.count("client") != 1:
        raise UserError(
            f"{rows[0].where}: this dialog_id is not one question (author speaker) and then one "
            f"answer (author listener); {REMEDY}"
        )
    return name[1]


def _dialogue(name: str, source: str, rows: Sequence[Said]) -> Dialogue:
    turns = _turns(rows)
    return Dialogue(
        dialogue_id=name,
        group=_group(turns),
        corpus="mi",
        turns=turns,
        metadata={"source": source, "title": rows[0].title, **_labels(rows)},
    )


def _turns(rows: Sequence[Said]) -> tuple[Turn, ...]:
    return tuple(
        Turn(speaker, " ".join(row.text for row in said))
        for speaker, said in groupby(rows, key=lambda row: row.speaker)
    )


def _group(turns: Sequence[Turn]) -> str:
    question = next(turn.text for turn in turns if turn.speaker == "client")
    return f"mi-question-{fingerprint('question', question)}"


def _labels(rows: Sequence[Said]) -> Mapping[str, str]:
    said = [row for row in rows if row.speaker == "counsellor"]
    found = Counter(row.label for row in said if row.label)
    return {
        "sentences": str(len(said)),
        "adherent": str(sum(found[label] for label in ADHERENT)),
        "non_adherent": str(sum(found[label] for label in NON_ADHERENT)),
        "labels": ", ".join(f"{label} {found[label]}" for label in sorted(found)),
    }
