"""Addiction counselling recorded at the Universidade Federal de Juiz de Fora: private sessions.

Not public and not shipped: 15 conversations of 13 patients, on tobacco and alcohol, are named in
the literature without a description of their format. This one is ours. Every `*.csv` and `*.jsonl`
in `ufjf/` is read, UTF-8, one row or one JSON object per turn (words invented); any other entry is
refused, unless its name begins with a dot:

    conversation_id,patient_id,substance,turn,speaker,text,language
    c01,p01,tabaco,1,terapeuta,"Como passou a semana?",pt

- `turn`: whole numbers without a gap, from 0 or 1; the order of the rows does not matter.
- `speaker`: client, patient, cliente, paciente; counsellor, therapist, conselheiro, terapeuta.
- `language`: optional, two letters (ISO 639-1), pt where there is none. A translation is the same
  conversation_id with another language, in the same or in another file.
- patient, substance and language stay the same in a whole conversation.

Group: a fingerprint of the patient, since a patient may have come twice; the split is by patient.
A fingerprint hides an id from sight, not from someone who holds the list of ids. Ids, words, cells
and names of files are in no message, no dialogue id and no log: a message counts the files of the
folder by name. Corpora marked private are never uploaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from empathy.errors import UserError
from empathy.reading.tables import Row, check_words, is_number, read_csv, read_jsonl
from empathy.records import Dialogue, Speaker, Turn, fingerprint

COLUMNS = ("conversation_id", "patient_id", "substance", "turn", "speaker", "text")
LANGUAGE, PORTUGUESE = "language", "pt"
SPEAKERS: dict[str, Speaker] = {
    **dict.fromkeys(("client", "patient", "cliente", "paciente"), "client"),
    **dict.fromkeys(("counsellor", "therapist", "conselheiro", "terapeuta"), "counsellor"),
}
REMEDY = "correct that row as the format in empathy/corpora/ufjf.py says"


class Said(NamedTuple):
    """One turn of a conversation, and where it stands."""

    where: str
    number: int
    patient: str  # a fingerprint
    substance: str
    turn: Turn


def load(folder: Path | None) -> list[Dialogue]:
    """The conversations of `folder/ufjf` in the order of files and rows, each turn in its place.

    Raises `UserError`, without any word of a patient, for a missing or broken file.
    """
    if folder is None:
        raise UserError("corpus 'ufjf' needs a folder: set EMPATHY_DATA or data.folder")
    paths = _files(folder / "ufjf")
    conversations: dict[tuple[str, str], list[Said]] = {}
    for number, path in enumerate(paths, start=1):
        called = f"file {number} of {len(paths)} in {path.parent} (by name)"
        for where, row in READERS[path.suffix.lower()](path, called):
            key, said = _said(row, where)
            conversations.setdefault(key, []).append(said)
    return [_dialogue(*key, said) for key, said in conversations.items()]


def counts(dialogues: Sequence[Dialogue]) -> dict[str, int]:
    """Conversations, each language its own, their patients and turns."""
    return {
        "conversations": len(dialogues),
        "patients": len({dialogue.group for dialogue in dialogues}),
        "turns": sum(len(dialogue.turns) for dialogue in dialogues),
    }


def _files(home: Path) -> list[Path]:
    """The files to read. Raises `UserError` for none, and for an entry that nothing would read."""
    entries = sorted(home.iterdir()) if home.is_dir() else []
    visible = [entry for entry in entries if not entry.name.startswith(".")]
    paths = [path for path in visible if path.is_file() and path.suffix.lower() in READERS]
    if len(paths) < len(visible):
        raise UserError(
            f"{home} has {len(visible) - len(paths)} entries that nobody would read: only files "
            "*.csv and *.jsonl directly in it are read; save them as one of these, or move them "
            "to another folder"
        )
    if not paths:
        raise UserError(
            f"{home} holds no *.csv and no *.jsonl; put the sessions there in the format of "
            "empathy/corpora/ufjf.py, or name another folder by EMPATHY_DATA or data.folder"
        )
    return paths


def _csv(path: Path, called: str) -> Iterator[tuple[str, Row]]:
    return read_csv(path, COLUMNS, REMEDY, called)


def _jsonl(path: Path, called: str) -> Iterator[tuple[str, Row]]:
    return read_jsonl(path, COLUMNS, (LANGUAGE,), REMEDY, called)


READERS = {".csv": _csv, ".jsonl": _jsonl}


def _said(row: Row, where: str) -> tuple[tuple[str, str], Said]:
    """The key of the conversation, a fingerprint and a language, and what was said in it."""
    for name in COLUMNS:
        check_words(row[name], where, name, REMEDY)
    if not is_number(row["turn"].strip()):
        raise UserError(f"{where}: turn is not a whole number; {REMEDY}")
    speaker = row["speaker"].strip().casefold()
    if speaker not in SPEAKERS:
        raise UserError(f"{where}: speaker is none of {', '.join(SPEAKERS)}; {REMEDY}")
    language = row.get(LANGUAGE, "").strip().casefold() or PORTUGUESE
    if not re.fullmatch("[a-z]{2}", language):
        raise UserError(f"{where}: language is not two letters, as pt or en; {REMEDY}")
    said = Said(
        where,
        int(row["turn"]),
        fingerprint("ufjf patient", row["patient_id"]),
        " ".join(row["substance"].split()),
        Turn(SPEAKERS[speaker], " ".join(row["text"].split())),
    )
    return (fingerprint("ufjf conversation", row["conversation_id"]), language), said


def _dialogue(conversation: str, language: str, said: Sequence[Said]) -> Dialogue:
    turns = sorted(said, key=lambda each: each.number)
    _check(turns)
    return Dialogue(
        dialogue_id=f"ufjf-{conversation}-{language}",
        group=f"ufjf-patient-{turns[0].patient}",
        corpus="ufjf",
        turns=tuple(each.turn for each in turns),
        language=language,
        metadata={"substance": turns[0].substance},
    )


def _check(turns: Sequence[Said]) -> None:
    """Raises `UserError` for a gap, a repeated turn, a second patient and a lonely speaker."""
    first = turns[0]
    if first.number > 1:
        raise UserError(f"{first.where}: the conversation's first turn is not 0 or 1; {REMEDY}")
    for before, after in pairwise(turns):
        if after.number != before.number + 1:
            fault = "occurs twice" if after.number == before.number else "follows a gap"
            raise UserError(f"{after.where}: this turn of the conversation {fault}; {REMEDY}")
        for name in ("patient", "substance"):
            if getattr(after, name) != getattr(first, name):
                raise UserError(
                    f"{after.where}: another {name} than in {first.where}, but the same "
                    f"conversation; {REMEDY}"
                )
    if len({each.turn.speaker for each in turns}) < 2:
        raise UserError(f"{first.where}: only one person speaks in this conversation; {REMEDY}")
