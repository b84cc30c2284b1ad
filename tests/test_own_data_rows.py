"""A user's file: what is read from it, what is only counted, what is refused and how.

python -m pytest tests/test_own_data_rows.py
"""

from __future__ import annotations

from pathlib import Path

import pytest
from plain_judges import write

from empathy.errors import UserError
from empathy.own_data.rows import OwnRows, read

TEXTS = ("prompt", "reply")
SECRET = "I drank again."


def found(tmp_path: Path, *rows: dict[str, object], kind: str = "csv") -> OwnRows:
    return read(write(tmp_path / f"f.{kind}", rows), TEXTS)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_what_a_row_says(tmp_path: Path, kind: str) -> None:
    first = {"prompt": " Hi ", "reply": "Yes?", "dialogue_id": 7, "id": "r1", "mood": "low"}
    second = {"prompt": "Oi", "reply": "Sim?", "dialogue_id": 8, "id": "r2", "mood": "low"}
    one, two = found(
        tmp_path, first | {"language": "EN"}, second | {"language": "pt"}, kind=kind
    ).rows
    assert one.texts == {"prompt": "Hi", "reply": "Yes?"}
    assert (one.group, one.language, two.group, two.language) == ("7", "en", "8", "pt")
    assert one.given == {"dialogue_id": "7", "id": "r1", "language": "EN"}  # not the mood
    assert (one.line, two.line) == (("2", "3") if kind == "csv" else ("1", "2"))
    prompt = two.prompt("p2")
    assert (prompt.client_text, prompt.group, prompt.language) == ("Oi", "8", "pt")


def test_a_group_is_the_group_column_s_else_the_dialogue_s_else_the_prompt_s(
    tmp_path: Path,
) -> None:
    row: dict[str, object] = {"prompt": "Hi", "reply": "Yes?"}
    both = found(tmp_path, row | {"dialogue_id": "d", "group": "g"})
    assert (both.rows[0].group, both.grouped_by) == ("g", "group")
    bare = found(tmp_path, row, row | {"reply": "No."}, row | {"prompt": "Well"})
    assert (bare.grouped_by, bare.groups, len(bare.rows)) == ("prompt", 2, 3)
    assert str(bare) == "3 rows of 2 groups (one per prompt)"


def test_blank_texts_are_counted_by_column(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"prompt": "Hi", "reply": "Yes?"},
        {"prompt": " ", "reply": "Yes?"},
        {"prompt": "Hi", "reply": None},
        {"prompt": "Hi", "reply": ""},
        {"prompt": None, "reply": ""},
    ]
    path = write(tmp_path / "f.jsonl", rows)
    strict = read(path, TEXTS)
    assert strict.left_out == {"blank prompt": 1, "blank reply": 2, "blank prompt and reply": 1}
    assert str(strict).endswith(
        "(4 rows left out: 1 blank prompt, 2 blank reply, 1 blank prompt and reply)"
    )
    lenient = read(path, TEXTS, may_be_blank=["reply"])
    assert lenient.left_out == {"blank prompt": 2}
    assert [row.texts["reply"] for row in lenient.rows] == ["Yes?", "", ""]
    with pytest.raises(UserError, match=r"f\.csv has no row without a blank text; give CSV"):
        found(tmp_path, {"prompt": " ", "reply": "Yes?"})


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("f.csv", b"", "is empty"),
        ("f.csv", b"prompt,reply\n", "has a header but no rows"),
        ("f.csv", b"prompt,answer\nHi,Yes\n", "has no column reply; give CSV with a header, or"),
        ("f.csv", b"prompt;reply\nHi;Yes\n", "has no column prompt, reply"),
        ("f.csv", b"prompt,reply,reply\nHi,a,b\n", "names a column twice"),
        ("f.csv", b"prompt,reply\nHi\n", "line 2: a row with too few or too many cells"),
        ("f.csv", b'prompt,reply\nHi,"Yes\n', "after line 1: unexpected end of data"),
        ("f.csv", "prompt,reply\nHi,é\n".encode("latin-1"), "line 2: not UTF-8"),
        ("f.csv", b"prompt,reply,group\nHi,Yes,\n", "line 2: group is blank or missing; fill it"),
        ("f.csv", b"prompt,reply,language\nHi,Yes,en-US\n", "line 2: language is not two letters"),
        ("f.csv", b"prompt,reply\nHi," + b"no " * 5000, "line 2: reply has 5,000 words"),
        ("f.jsonl", b"\n\n", "is empty"),
        ("f.jsonl", b'{"prompt": "Hi", "reply": "a"}\n{"prompt": "Hi"', "line 2: not a JSON obj"),
        ("f.jsonl", b'[{"prompt": "Hi", "reply": "a"}]', "line 1: not a JSON object"),
        ("f.jsonl", b'{"prompt": "Hi"}', "line 1: no reply"),
        ("f.jsonl", b'{"prompt": "Hi", "reply": "a", "reply": "b"}', "line 1: names a column tw"),
        ("f.jsonl", b'{"prompt": ["Hi"], "reply": "a"}', "line 1: prompt is neither text nor"),
        ("f.jsonl", b'{"prompt": {"a": 1}, "reply": "a"}', "line 1: prompt is neither text nor"),
        ("f.jsonl", b'{"prompt": "Hi", "reply": "a \\ud83d"}', "line 1: reply has half a charac"),
        (
            "f.jsonl",
            b'{"prompt": "Hi", "reply": "a", "group": "g"}\n{"prompt": "Hi", "reply": "a"}',
            "line 2: group is blank or missing",
        ),
        ("f.xlsx", b"prompt,reply\nHi,Yes\n", r"ends neither in \.csv nor in \.jsonl; give CSV"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(data.replace(b"Hi", SECRET.encode()))
    with pytest.raises(UserError, match=says) as caught:
        read(path, TEXTS)
    assert SECRET not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_byte_order_mark_and_a_suffix_in_capitals_are_read(tmp_path: Path) -> None:
    path = tmp_path / "F.CSV"
    path.write_bytes(b"\xef\xbb\xbfprompt,reply\r\nHi,Yes\r\n")
    assert read(path, TEXTS).rows[0].texts == {"prompt": "Hi", "reply": "Yes"}


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    for path in (folder, tmp_path / "gone.csv"):
        with pytest.raises(UserError, match=r"\.csv is missing; give CSV"):
            read(path, TEXTS)
    with pytest.raises(UserError, match="cannot be read"):
        read(tmp_path / f"{'x' * 300}.csv", TEXTS)
