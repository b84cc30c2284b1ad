"""A user's file -> its rows, with a count of those that no judge could read.

CSV with commas and a header, or JSONL with one object a line, in UTF-8 (words invented):

    prompt,reply,group,language,policy
    I failed again.,What happened?,session 7,en,ours

Beside its texts a file may have, in any order, these columns; each has a value in every row or is
left out of the whole file:

- `group`, or else `dialogue_id`: what rows are not independent within, as a session or a client.
  Without either, the rows of one prompt are a group.
- `language`: two letters (ISO 639-1); en without it.
- `id`: yours, of the row. `policy`: who replied. Other columns are passed over.

What is broken is refused by its line, as everywhere; a blank text is only counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from empathy.errors import UserError
from empathy.pairs import listed
from empathy.reading.tables import Row, check_words, read_csv, read_jsonl
from empathy.records import Prompt, Turn, fingerprint

PROMPT = "prompt"
GROUPS = ("group", "dialogue_id")
OPTIONAL = (*GROUPS, "language", "id", "policy")
CORPUS = "own"


class OwnRow(NamedTuple):
    """One row: the line it begins on, its texts by column, and what else it says of itself.

    `given` has those of the optional columns that the file has.
    """

    line: str
    texts: Mapping[str, str]
    group: str
    language: str
    given: Mapping[str, str]

    def prompt(self, prompt_id: str) -> Prompt:
        """The prompt as the rest of this package has it."""
        turns = (Turn("client", self.texts[PROMPT]),)
        return Prompt(prompt_id, self.group, CORPUS, turns, "", self.language)


@dataclass(frozen=True, slots=True)
class OwnRows:
    """The rows that can be used, why others cannot, and which column says what a group is."""

    rows: tuple[OwnRow, ...]
    left_out: Mapping[str, int]
    grouped_by: str

    @property
    def groups(self) -> int:
        """How many groups the rows come from."""
        return len({row.group for row in self.rows})

    def as_dict(self) -> dict[str, Any]:
        """How many there are, of how many groups, ready for JSON."""
        return {
            "rows": len(self.rows),
            "left_out": dict(self.left_out),
            "groups": self.groups,
            "grouped_by": self.grouped_by,
        }

    def __str__(self) -> str:
        column = f"column {self.grouped_by}" if self.grouped_by in GROUPS else "one per prompt"
        left_out = listed("rows left out", self.left_out)
        return f"{len(self.rows)} rows of {self.groups} groups ({column}){left_out}"


def read(path: Path, columns: Sequence[str], may_be_blank: Sequence[str] = ()) -> OwnRows:
    """The rows of a file with these columns of text.

    A row with a blank text in any column but `may_be_blank` is left out and counted. Raises
    UserError for a file that cannot be read or is broken, and where no row is left.
    """
    remedy = f"give CSV with a header, or JSONL, with {', '.join(columns)}"
    try:
        found = list(_raw(path, columns, remedy))
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); {remedy}") from error
    present = [name for name in OPTIONAL if any(name in row for _, row in found)]
    grouped_by = next((name for name in GROUPS if name in present), PROMPT)
    rows, left_out = [], Counter[str]()
    for where, row in found:
        _check(where, row, present, remedy)
        blank = [name for name in columns if not row[name].strip()]
        if unusable := [name for name in blank if name not in may_be_blank]:
            left_out[f"blank {' and '.join(unusable)}"] += 1
            continue
        for name in columns:
            if name not in blank:
                check_words(row[name], where, name, remedy)
        rows.append(_row(where, row, columns, present, grouped_by))
    if not rows:
        raise UserError(f"{path} has no row without a blank text; {remedy}")
    return OwnRows(tuple(rows), dict(left_out), grouped_by)


def _raw(path: Path, columns: Sequence[str], remedy: str) -> Iterator[tuple[str, Row]]:
    """Rows after where they stand; the file's ending says how to read them."""
    match path.suffix.lower():
        case ".csv":
            return read_csv(path, columns, remedy)
        case ".jsonl":
            return read_jsonl(path, columns, OPTIONAL, remedy)
    raise UserError(f"{path} ends neither in .csv nor in .jsonl; {remedy}")


def _check(where: str, row: Row, present: Iterable[str], remedy: str) -> None:
    """Raises UserError where an optional column has no value, or the language is none."""
    for name in present:
        if not row.get(name, "").strip():
            raise UserError(
                f"{where}: {name} is blank or missing; fill it in for every row, or leave the "
                "column out of the whole file"
            )
        check_words(row[name], where, name, remedy)
    if not re.fullmatch("[a-z]{2}", _language(row)):
        raise UserError(f"{where}: language is not two letters, as en or pt; correct that row")


def _row(
    where: str, row: Row, columns: Sequence[str], present: Sequence[str], grouped_by: str
) -> OwnRow:
    texts = {name: row[name].strip() for name in columns}
    given = {name: row[name].strip() for name in present}
    group = given.get(grouped_by) or fingerprint(PROMPT, texts[PROMPT])
    return OwnRow(where.rpartition(" ")[2], texts, group, _language(row), given)


def _language(row: Row) -> str:
    return row.get("language", "en").strip().casefold()
