"""Dialogues of your own: one CSV, a row per turn, as any spreadsheet saves it.

`data.corpora: [own]` reads the file that `data.file` names (words invented):

    dialogue_id,speaker,text,group
    d01,client,I failed again.,c7
    d01,counsellor,"That sounds heavy. What happened?",c7

- `dialogue_id`: the rows of a dialogue stand together, in the order in which they were said.
- `speaker`: client, patient, user, seeker, cliente, paciente; or else counsellor, counselor,
  therapist, assistant, conselheiro, terapeuta.
- `text`: what was said, 4,000 words at most.

Columns that may be there; each is the same in all rows of a dialogue and blank in none:

- `group`: what a split may not cut in two, as the client; else each dialogue is its own.
- `language`: two letters (ISO 639-1); en without it.
- `quality`: high or low; the counsellor's words in a low dialogue are nothing to learn from.
- `split`: train, validation or test; else the group's hash decides.

Other columns are passed over and counted. UTF-8 with or without a byte order mark; commas,
semicolons or tabs, whichever the header has most of; names of columns in any case.

A corpus of one's own is private unless `data.private` is false. Ids are kept as fingerprints, and
no message quotes a cell: it names the line and the column.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import groupby, pairwise
from pathlib import Path

from empathy.errors import UserError
from empathy.reading.tables import Row, check_words, read_csv
from empathy.records import SPLITS, Dialogue, Speaker, Split, Turn, fingerprint, same_words
from empathy.splits import LONG, split_of

COLUMNS = ("dialogue_id", "speaker", "text")
CONSTANT = ("group", "language", "quality", "split")
"""Columns that a file may have, and that say something of a whole dialogue."""
ALSO_CALLED = {"conversation_id": "dialogue_id", "session_id": "dialogue_id", "role": "speaker"}
SPEAKERS: dict[str, Speaker] = {
    **dict.fromkeys(("client", "patient", "user", "seeker", "cliente", "paciente"), "client"),
    **dict.fromkeys(("counsellor", "counselor", "therapist", "assistant", "conselheiro",
                     "terapeuta"), "counsellor"),
}  # fmt: skip
ALLOWED: dict[str, tuple[str, ...]] = {"quality": ("high", "low"), "split": SPLITS}
CALLED = "data.file"
REMEDY = "correct the file as empathy/corpora/own.py says"
WORKBOOKS = (".xlsx", ".xls", ".ods", ".numbers")
SHOWN = 8
"""Lines that a message names at most."""


@dataclass(frozen=True, slots=True)
class Told:
    """A dialogue, and the line of the file on which each of its turns begins."""

    dialogue: Dialogue
    lines: tuple[int, ...]

    @property
    def split(self) -> Split:
        """Where the dialogue goes: where the file says, else where its group's hash does."""
        return self.dialogue.split or split_of(self.dialogue.group)


@dataclass(frozen=True, slots=True)
class Own:
    """What a file holds, and how much of it is of no use."""

    dialogues: tuple[Dialogue, ...]
    counts: Mapping[str, int]


def load(file: Path | None) -> list[Dialogue]:
    """The dialogues in the file's order. Raises `UserError` as `read` does."""
    return list(read(file).dialogues)


def read(file: Path | None) -> Own:
    """The dialogues of the CSV, and how many of its columns and dialogues are of no use.

    Raises `UserError`, in one sentence that names line and column and quotes no cell, for a file
    that is missing or broken, and for words that stand in two splits.
    """
    if file is None or not file.expanduser().is_file():
        given = "no file" if file is None else f"{file}, which is no file"
        raise UserError(
            f"corpus 'own' is given {given}; set data.file to the CSV of your dialogues"
        )
    if file.suffix.casefold() in WORKBOOKS:
        raise UserError(
            f"{CALLED} is a workbook ({file.suffix}); save its sheet as CSV in UTF-8, and name that"
        )
    rows = list(_rows(file.expanduser()))
    _check_names(rows[0][1])
    found = [_told(list(some)) for _, some in groupby(rows, key=lambda row: _key(row[1]))]
    _check_apart(found)
    _check_one_split(found)
    _check_repeats(found)
    passed_over = len(set(rows[0][1]) - {*COLUMNS, *CONSTANT})
    silent = sum(not _answered(each.dialogue) for each in found)
    counts = {
        "dialogues": len(found),
        "groups": len({each.dialogue.group for each in found}),
        "turns": len(rows),
        "columns passed over": passed_over,
        "dialogues without an answer to the client": silent,
    }
    always = {"dialogues", "groups", "turns"}
    kept = {name: count for name, count in counts.items() if count or name in always}
    return Own(tuple(each.dialogue for each in found), kept)


def _rows(file: Path) -> Iterator[tuple[int, Row]]:
    """The rows after their lines, each cell checked for itself."""
    for where, row in read_csv(file, COLUMNS, REMEDY, CALLED, delimiters=",;\t", named=_name):
        for name in (*COLUMNS, *(name for name in CONSTANT if name in row)):
            check_words(row[name], where, name, REMEDY)
        if row["speaker"].strip().casefold() not in SPEAKERS:
            raise UserError(f"{where}: speaker is none of {', '.join(SPEAKERS)}; {REMEDY}")
        for name, allowed in ALLOWED.items():
            if name in row and row[name].strip().casefold() not in allowed:
                raise UserError(f"{where}: {name} is none of {', '.join(allowed)}; {REMEDY}")
        if not re.fullmatch("[a-z]{2}", _said_of(row, "language") or "en"):
            raise UserError(f"{where}: language is not two letters, as en or pt; {REMEDY}")
        yield int(where.rpartition(" ")[2]), row


def _name(cell: str) -> str:
    plain = cell.strip().casefold()
    return ALSO_CALLED.get(plain, plain)


def _check_names(row: Row) -> None:
    """Raises `UserError` for a column that would be passed over for a slip of the pen."""
    for number, name in enumerate(row, start=1):
        near = [] if name in (*COLUMNS, *CONSTANT) else get_close_matches(name, CONSTANT, 1, 0.8)
        if near:
            raise UserError(
                f"{CALLED}, column {number}: it is nearly called {near[0]} and would be passed "
                f"over; call it {near[0]}, or something else"
            )


def _key(row: Row) -> str:
    return fingerprint("own dialogue", row["dialogue_id"])


def _said_of(row: Row, name: str) -> str | None:
    return row[name].strip().casefold() if name in row else None


def _told(rows: Sequence[tuple[int, Row]]) -> Told:
    """One dialogue. Raises `UserError` where its rows contradict each other."""
    (first, row), lines = rows[0], tuple(line for line, _ in rows)
    for line, other in rows:
        for name in CONSTANT:
            if _said_of(other, name) != _said_of(row, name):
                raise UserError(
                    f"{CALLED}, line {line}: another {name} than in line {first}, but the same "
                    f"dialogue_id; {REMEDY}"
                )
    said = [SPEAKERS[each["speaker"].strip().casefold()] for _, each in rows]
    if len(set(said)) < len(set(SPEAKERS.values())):
        raise UserError(
            f"{CALLED}, line {first}: in the column speaker, only one person speaks in this "
            f"dialogue; {REMEDY}"
        )
    quality, key = _said_of(row, "quality"), _key(row)
    dialogue = Dialogue(
        dialogue_id=f"own-{key}",
        group=f"own-group-{fingerprint('own group', row['group']) if 'group' in row else key}",
        corpus="own",
        turns=tuple(Turn(speaker, " ".join(each["text"].split()))
                    for speaker, (_, each) in zip(said, rows, strict=True)),
        language=_said_of(row, "language") or "en",
        metadata={} if quality is None else {"mi_quality": quality},
        split=next((split for split in SPLITS if split == _said_of(row, "split")), None),
    )  # fmt: skip
    return Told(dialogue, lines)


def _check_apart(found: Sequence[Told]) -> None:
    """Raises `UserError` for an id that comes back after another: two dialogues, or rows astray."""
    first: dict[str, int] = {}
    for each in found:
        line = each.lines[0]
        before = first.setdefault(each.dialogue.dialogue_id, line)
        if before != line:
            raise UserError(
                f"{CALLED}, line {line}: this dialogue_id stands in line {before}, too, with "
                "another between; keep the rows of a dialogue together, and give each its own id"
            )


def _check_one_split(found: Sequence[Told]) -> None:
    home: dict[str, Told] = {}
    for each in found:
        other = home.setdefault(each.dialogue.group, each)
        if other.split != each.split:
            raise UserError(
                f"{CALLED}, line {each.lines[0]}: the split is {each.split}, but {other.split} in "
                f"line {other.lines[0]} of the same group; a group has one split"
            )


def _check_repeats(found: Sequence[Told]) -> None:
    """Raises `UserError`, with all lines, for a long turn or a whole dialogue that stands in two
    splits; `splits.check_no_leak` would do so by ids that no user has seen."""
    places: dict[str, list[tuple[int, Split]]] = defaultdict(list)
    for each in found:
        texts = [turn.text for turn in each.dialogue.turns]
        for line, text in zip(each.lines, texts, strict=True):
            if len(text.split()) >= LONG:
                places[same_words(text)].append((line, each.split))
        places["\n".join(map(same_words, texts))].append((each.lines[0], each.split))
    for some in places.values():
        splits = sorted({split for _, split in some}, key=SPLITS.index)
        if len(splits) > 1:
            raise UserError(
                f"{CALLED}, {_lines(sorted({line for line, _ in some}))}: the same words in the "
                f"splits {' and '.join(splits)}, so that a model would be judged on what it has "
                "learnt by heart; delete all of these turns but one, or give the dialogues one "
                "group"
            )


def _lines(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:SHOWN]))
    more = len(numbers) - SHOWN
    return f"lines {shown}{f' and {more} more' if more > 0 else ''}"


def _answered(dialogue: Dialogue) -> bool:
    """Whether the counsellor ever speaks right after the client."""
    speakers = [turn.speaker for turn in dialogue.turns]
    return ("client", "counsellor") in pairwise(speakers)
