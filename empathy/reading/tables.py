"""Files of rows, read strictly: a fault is named by file, line and remedy, and none is passed over.

Plain `csv` and `json` rather than the `datasets` library: its readers infer types (`n/a` becomes a
missing cell, an id a number), join or drop what does not fit, and do not tell the line of a fault.
No message here quotes a cell, since a cell may hold what a client said.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from empathy.errors import UserError

Row = dict[str, str]

MOST_WORDS = 4_000
"""Words in one turn. The longest of the public corpora has 1,811; one of many thousands is a file
whose quotes or line ends broke, so it is refused here and never cut silently later."""
MOST_DIGITS = 9


def read_text(path: Path, remedy: str, called: str | None = None) -> str:
    """The file's text without a byte order mark. Raises `UserError` for anything but UTF-8.

    Here and below, `called` stands in messages for the path, whose name may be a patient's.
    """
    name = called or str(path)
    if not path.is_file():
        raise UserError(f"{name} is missing; {remedy}")
    try:
        data = path.read_bytes()
    except OSError as error:
        # Not chained: the error it came from holds the path.
        raise UserError(f"{name} cannot be read ({error.strerror}); {remedy}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        # Not chained: the error it came from holds the bytes of the whole file.
        raise UserError(f"{name}, line {line}: not UTF-8; save it as UTF-8, or {remedy}") from None
    if not text.strip():
        raise UserError(f"{name} is empty; {remedy}")
    return text


def read_lines(path: Path, remedy: str, called: str | None = None) -> Iterator[tuple[str, str]]:
    """Every line that is not blank, after where it stands ("file, line 3")."""
    for number, line in enumerate(read_text(path, remedy, called).split("\n"), start=1):
        if line.strip():
            yield f"{called or path}, line {number}", line.removesuffix("\r")


def read_csv(
    path: Path,
    columns: Sequence[str],
    remedy: str,
    called: str | None = None,
    *,
    delimiters: str = ",",
    named: Callable[[str], str] = str,
) -> Iterator[tuple[str, Row]]:
    """Every row by column, after where it begins ("file, line 3"); other columns come along.

    Of several `delimiters` the one counts that the header has most of. `named` gives the name of a
    column from its cell in the header.

    Raises `UserError` if the file is missing, not UTF-8, empty or without rows, lacks one of
    `columns`, ends inside a quoted cell, or has a row with too few or too many cells.
    """
    name = called or str(path)
    text = read_text(path, remedy, called)
    between = max(delimiters, key=text.lstrip().partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True)
    names: list[str] | None = None
    rows, before = 0, 0
    try:
        for cells in reader:
            where, before = f"{name}, line {before + 1}", reader.line_num
            if not cells:
                continue
            if names is None:
                names = _header(name, [named(cell) for cell in cells], columns, remedy)
            elif len(cells) != len(names):
                raise UserError(f"{where}: a row with too few or too many cells; {remedy}")
            else:
                rows += 1
                yield where, dict(zip(names, cells, strict=True))
    except csv.Error as error:
        raise UserError(f"{name}, after line {before}: {error}; {remedy}") from None
    if not rows:
        raise UserError(f"{name} has a header but no rows; {remedy}")


def read_jsonl(
    path: Path,
    columns: Sequence[str],
    also: Sequence[str],
    remedy: str,
    called: str | None = None,
) -> Iterator[tuple[str, Row]]:
    """Every line's object, after where it stands: its `columns` and those of `also` that it has.

    A whole number is read as text and null as a blank; other columns are passed over. Raises
    `UserError` as `read_csv` does, and for a line that is no JSON object or names a column twice.
    """
    for where, line in read_lines(path, remedy, called):
        try:
            cells = json.loads(line, object_pairs_hook=tuple)  # a dict would hide a second name
        except (ValueError, RecursionError):
            # Not chained: the error it came from holds the whole line.
            raise UserError(f"{where}: not a JSON object, or one cut short; {remedy}") from None
        if not isinstance(cells, tuple):
            raise UserError(f"{where}: not a JSON object; {remedy}")
        row = dict(cells)
        if len(row) < len(cells):
            raise UserError(f"{where}: names a column twice; {remedy}")
        if missing := [name for name in columns if name not in row]:
            raise UserError(f"{where}: no {', '.join(missing)}; {remedy}")
        row = {name: row[name] for name in (*columns, *also) if name in row}
        for name, value in row.items():
            if value is not None and not isinstance(value, str | int):
                raise UserError(f"{where}: {name} is neither text nor a whole number; {remedy}")
        yield where, {name: "" if value is None else str(value) for name, value in row.items()}


def _header(place: str, names: list[str], columns: Sequence[str], remedy: str) -> list[str]:
    missing = [name for name in columns if name not in names]
    if missing:
        raise UserError(f"{place} has no column {', '.join(missing)}; {remedy}")
    if len(set(names)) < len(names):
        raise UserError(f"{place} names a column twice in its header; {remedy}")
    return names


def is_number(text: str) -> bool:
    """Whether a cell counts something: digits, and not thousands of them, which `int` refuses."""
    return text.isdecimal() and len(text) <= MOST_DIGITS


def check_words(text: str, where: str, column: str, remedy: str) -> None:
    """Raises `UserError` for a blank text, one of more than `MOST_WORDS` words, and one that no
    file can hold (half of a surrogate pair, which JSON can spell)."""
    words = len(text.split())
    if not words:
        raise UserError(f"{where}: {column} is blank; {remedy}")
    if words > MOST_WORDS:
        raise UserError(
            f"{where}: {column} has {words:,} words, and no turn may have over {MOST_WORDS:,}; "
            f"look for a quote that is never closed, or {remedy}"
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        # Not chained: the error it came from holds the text.
        raise UserError(
            f"{where}: {column} has half a character (\\ud800 to \\udfff alone); {remedy}"
        ) from None
