"""Strict reading: what stands where, and what each broken file says.

.venv/bin/python -m pytest tests/test_tables.py
"""

from __future__ import annotations

from pathlib import Path

import pytest

from empathy.errors import UserError
from empathy.reading.tables import MOST_WORDS, check_words, read_csv, read_jsonl, read_lines

GOOD = 'id,text\r\n1,"two\r\nlines"\r\n\r\n2,n/a\r\n'


def table(tmp_path: Path, data: bytes) -> list[tuple[str, dict[str, str]]]:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    return [(where.removeprefix(f"{path}, "), row) for where, row in read_csv(path, ["text"], "X")]


def test_a_row_is_placed_by_its_first_line(tmp_path: Path) -> None:
    expected = [
        ("line 2", {"id": "1", "text": "two\r\nlines"}),
        ("line 5", {"id": "2", "text": "n/a"}),  # a value; the blank line before it is no row
    ]
    assert table(tmp_path, GOOD.encode()) == expected
    assert table(tmp_path, b"\xef\xbb\xbf" + GOOD.encode()) == expected
    assert table(tmp_path, GOOD.replace("\r\n", "\n").encode())[1] == expected[1]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", r"t\.csv is empty; X"),
        (b" \n", r"t\.csv is empty; X"),
        (b"id,text\n", "has a header but no rows; X"),
        (b"id,words\n1,a\n", "has no column text; X"),
        (b"text,text\n1,a\n", "names a column twice"),
        (b"id,text\n1,a\n2\n", "line 3: a row with too few or too many cells; X"),
        (b"id,text\n1,a\n2,b,c\n", "line 3: a row with too few or too many cells; X"),
        (b"id,text\n1,a\n2,caf\xe9\n", "line 3: not UTF-8; save it as UTF-8, or X"),
        ("id,text\n1,a\n".encode("utf-16"), "line 1: not UTF-8"),
        (b'id,text\n1,a\n2,"cut sho', "after line 2: unexpected end of data; X"),
        (b'id,text\n1,a\n2,"b"c\n', "after line 2: .* expected after '\"'; X"),
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        table(tmp_path, data)
    # No cause in a chain either, which would show the bytes of the file.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.csv is missing; X"):
        list(read_csv(tmp_path / "gone.csv", ["text"], "X"))


def test_lines_are_numbered_and_blank_ones_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_bytes("a\u2028b\r\n\r\nc\n".encode())  # a separator within a line ends no line
    assert list(read_lines(path, "X")) == [
        (f"{path}, line 1", "a\u2028b"),
        (f"{path}, line 3", "c"),
    ]


def test_a_line_s_object_has_the_columns_that_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"text": "a", "id": 7, "mood": [1]}\r\n\n{"text": null}\n')
    assert list(read_jsonl(path, ["text"], ["id"], "X")) == [
        (f"{path}, line 1", {"text": "a", "id": "7"}),
        (f"{path}, line 3", {"text": ""}),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"text": "a"', "line 2: not a JSON object, or one cut short; X"),
        ("[" * 100_000, "line 2: not a JSON object, or one cut short; X"),
        ('["a"]', "line 2: not a JSON object; X"),
        ('{"id": 7}', "line 2: no text; X"),
        ('{"text": "a", "text": "b"}', "line 2: names a column twice; X"),
        ('{"text": 1.5}', "line 2: text is neither text nor a whole number; X"),
        ('{"text": {"a": "b"}}', "line 2: text is neither text nor a whole number; X"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(f'{{"text": "a"}}\n{line}\n')
    with pytest.raises(UserError, match=says) as caught:
        list(read_jsonl(path, ["text"], ["id"], "X"))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_turn_has_words_and_not_too_many() -> None:
    check_words("word " * MOST_WORDS, "file, line 3", "text", "X")
    with pytest.raises(UserError, match="file, line 3: text is blank; X"):
        check_words(" \n", "file, line 3", "text", "X")
    with pytest.raises(
        UserError, match=r"line 3: text has 10,000 words, .* over 4,000; .* or X"
    ) as e:
        check_words("word " * 10_000, "file, line 3", "text", "X")
    assert "word word" not in str(e.value)
