"""Files of texts: CSV, JSONL and plain text, written again in the form in which they were read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from empathy.errors import UserError
from empathy.reading.tables import read_csv, read_lines, read_text

REMEDY = "give CSV with commas and a header, JSONL with one object a line, or plain text, in UTF-8"
LONG_NUMBER = 7
"""Digits from which a number in JSON is read as a text: a CPF may be written without quotes."""


class Document(NamedTuple):
    """All texts of a file in their order, and the file's content for others in their places."""

    texts: list[str]
    written: Callable[[Sequence[str]], str]


def read(path: Path, keep: Collection[str]) -> Document:
    """The texts of a file, but for those in the columns (or under the keys) to `keep`.

    Raises UserError for a file that is missing or broken, for another ending, and for a column to
    keep that is not there.
    """
    readers = {".csv": _csv, ".jsonl": _jsonl, ".txt": _txt}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UserError(f"{path} ends in none of {', '.join(readers)}; {REMEDY}")
    return reader(path, frozenset(keep))


def _txt(path: Path, keep: frozenset[str]) -> Document:
    if keep:
        raise UserError(f"{path} is plain text without columns; leave --keep out")
    return Document([read_text(path, REMEDY)], lambda texts: texts[0])


def _csv(path: Path, keep: frozenset[str]) -> Document:
    rows = [row for _, row in read_csv(path, (), REMEDY)]
    columns = list(rows[0])
    _check_kept(path, keep, columns)
    places = [(row, name) for row in rows for name in columns if name not in keep]

    def written(texts: Sequence[str]) -> str:
        for (row, name), text in zip(places, texts, strict=True):
            row[name] = text
        stream = io.StringIO(newline="")
        table = csv.DictWriter(stream, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        return stream.getvalue()

    return Document([row[name] for row, name in places], written)


def _jsonl(path: Path, keep: frozenset[str]) -> Document:
    items = []
    for where, line in read_lines(path, REMEDY):
        try:
            items.append(json.loads(line, object_pairs_hook=_once))
        except (ValueError, RecursionError):
            # Not chained: the error it came from holds the whole line.
            raise UserError(
                f"{where}: not JSON, cut short, or a name twice in one object; {REMEDY}"
            ) from None
    _check_kept(path, keep, {name for item in items for name in _keys(item)})
    texts = [text for item in items for text in _texts(item, keep)]

    def written(replaced: Sequence[str]) -> str:
        rest = iter(replaced)
        lines = (json.dumps(_filled(item, keep, rest), ensure_ascii=False) for item in items)
        return "".join(f"{line}\n" for line in lines)

    return Document(texts, written)


def _check_kept(path: Path, keep: Collection[str], there: Collection[str]) -> None:
    missing = sorted(set(keep) - set(there))
    if missing:
        raise UserError(f"--keep {missing[0]}: {path} has no such column or key")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def _texts(value: object, keep: Collection[str]) -> Iterator[str]:
    """Every text in a JSON value, and every number that is long enough to be somebody's."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in keep:
                yield from _texts(inner, keep)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, keep)
    elif isinstance(value, str):
        yield value
    elif _long(value):
        yield str(value)


def _filled(value: object, keep: Collection[str], texts: Iterator[str]) -> object:
    """The value with its texts replaced, in the order in which `_texts` gave them."""
    if isinstance(value, dict):
        return {n: v if n in keep else _filled(v, keep, texts) for n, v in value.items()}
    if isinstance(value, list):
        return [_filled(inner, keep, texts) for inner in value]
    if isinstance(value, str):
        return next(texts)
    if _long(value):
        text = next(texts)
        return value if text == str(value) else text
    return value


def _long(value: object) -> bool:
    number = isinstance(value, int) and not isinstance(value, bool)
    return number and len(str(value).lstrip("-")) >= LONG_NUMBER
