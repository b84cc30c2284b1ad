"""The private format: invented sessions, splits by patient, and errors that give nothing away.

.venv/bin/python -m pytest tests/test_ufjf.py
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from invented_ufjf import EXCHANGES, PATIENTS, SESSIONS, invented_sessions, write_ufjf

from empathy.corpora import CORPORA, ufjf
from empathy.errors import UserError
from empathy.prompts import prompts
from empathy.records import Dialogue
from empathy.settings import DataSettings
from empathy.splits import by_split

SECRETS = ("Maria", "Invented", "session-", "festa", "ontem", "party")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_fifteen_sessions_of_thirteen_patients(tmp_path: Path, kind: str) -> None:
    found = ufjf.load(write_ufjf(tmp_path, "pt", kind))  # type: ignore[arg-type]  # from a table
    assert (len(found), len({d.group for d in found})) == (SESSIONS, PATIENTS)
    assert {d.language for d in found} == {"pt"}  # no column: Portuguese
    assert {d.metadata["substance"] for d in found} == {"tabaco", "álcool"}
    assert found[0].group == found[13].group
    assert found[1].group == found[14].group
    for dialogue in found:
        assert len(dialogue.turns) == 2 * EXCHANGES
        assert all(a.speaker != b.speaker for a, b in pairwise(dialogue.turns))
        assert all(len(turn.text.split()) >= 5 for turn in dialogue.turns)
    assert found[0].turns[0].text == "Eu fumei de novo ontem à noite na festa do meu irmão."
    assert prompts(found, DataSettings()).left_out == {}
    assert len(prompts(found, DataSettings()).prompts) == SESSIONS * EXCHANGES


def test_a_patient_is_in_one_split_with_the_translation_too(tmp_path: Path) -> None:
    write_ufjf(tmp_path, "pt")
    found = ufjf.load(write_ufjf(tmp_path, "en", "jsonl"))
    assert len(found) == len({d.dialogue_id for d in found}) == 2 * SESSIONS
    assert len({d.group for d in found}) == PATIENTS
    assert {d.language for d in found} == {"pt", "en"}
    parts = by_split(found)
    assert all(parts.values())  # thirteen invented patients reach every split
    homes = [{dialogue.group for dialogue in part} for part in parts.values()]
    assert sum(map(len, homes)) == len(set().union(*homes)) == PATIENTS


def test_no_id_is_in_what_is_read(tmp_path: Path) -> None:
    for dialogue in ufjf.load(write_ufjf(tmp_path)):
        shown = f"{dialogue.dialogue_id} {dialogue.group} {dict(dialogue.metadata)}"
        assert not any(secret in shown for secret in SECRETS)
    assert CORPORA["ufjf"].private


def test_the_order_of_rows_and_the_writing_of_an_id_do_not_matter(tmp_path: Path) -> None:
    rows = invented_sessions("pt")
    plain = read(tmp_path / "a", rows)
    odd = [row | {"patient_id": f" {row['patient_id'].upper()} "} for row in reversed(rows)]
    assert sorted(read(tmp_path / "b", odd), key=str) == sorted(plain, key=str)
    from_zero = [row | {"turn": str(int(row["turn"]) - 1)} for row in rows]
    assert read(tmp_path / "c", from_zero) == plain


def read(folder: Path, rows: list[dict[str, str]]) -> list[Dialogue]:
    (folder / "ufjf").mkdir(parents=True)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "ufjf" / "s.jsonl").write_text(lines, encoding="utf-8")
    return ufjf.load(folder)


def refused(tmp_path: Path, says: str) -> None:
    """Reading fails as told, and neither the message nor its chain gives anything away."""
    with pytest.raises(UserError, match=says) as caught:
        ufjf.load(tmp_path)
    assert not any(secret in str(caught.value) for secret in SECRETS)
    named = [path.name for path in (tmp_path / "ufjf").glob("*")]
    assert not any(name in str(caught.value) for name in named)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"speaker": "Maria"}, "line 2: speaker is none of client, patient, cliente, paciente"),
        ({"turn": "Maria"}, "line 2: turn is not a whole number"),
        ({"turn": "1"}, "line 2: this turn of the conversation occurs twice"),
        ({"turn": "99"}, "line 3: this turn of the conversation follows a gap"),
        ({"patient_id": "Maria 2"}, "line 2: another patient than in .*line 1, but the same"),
        ({"substance": "party"}, "line 2: another substance than in .*line 1"),
        ({"language": "Maria"}, "line 2: language is not two letters"),
        ({"text": " "}, "line 2: text is blank"),
        ({"text": "festa " * 10_000}, "line 2: text has 10,000 words, .*4,000"),
        ({"patient_id": ""}, "line 2: patient_id is blank"),
        ({"patient_id": "Maria \ud83d"}, "line 2: patient_id has half a character"),
        ({"text": "festa \udc00"}, "line 2: text has half a character"),
        ({"text": ["festa"]}, "line 2: text is neither text nor a whole number"),
        ({"language": "en"}, "line 3: this turn of the conversation follows a gap"),
    ],
)
def test_a_broken_row_is_named_without_its_words(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
    rows = invented_sessions("pt")
    rows[1] = rows[1] | change  # type: ignore[assignment]  # wrong on purpose
    with pytest.raises(UserError, match=rf"file 1 of 1 in .*ufjf \(by name\), {says}"):
        read(tmp_path, rows)
    refused(tmp_path, "correct that row as the format in empathy/corpora/ufjf.py says")


def test_one_speaker_only_is_refused(tmp_path: Path) -> None:
    rows = [row | {"speaker": "cliente"} for row in invented_sessions("pt")]
    with pytest.raises(UserError, match="line 1: only one person speaks in this conversation"):
        read(tmp_path, rows)
    refused(tmp_path, "only one person")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", r"file 1 of 1 in .* is empty"),
        (b'{"patient_id": "Maria", "te', "line 1: not a JSON object, or one cut short"),
        (b"[" * 100_000, "line 1: not a JSON object, or one cut short"),
        (b'["Maria"]\n', "line 1: not a JSON object;"),
        (b'{"patient_id": "Maria"}\n', "line 1: no conversation_id, substance, turn, speaker,"),
        ('{"patient_id": "Mária"}\n'.encode("latin-1"), "line 1: not UTF-8"),
    ],
)
def test_a_broken_jsonl_file_is_named(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "ufjf").mkdir()
    (tmp_path / "ufjf" / "s.jsonl").write_bytes(data)
    refused(tmp_path, says)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("patient_id", "patient", "has no column patient_id; correct"),
        ("Eu fumei", "Eu \udce9", "line 2: not UTF-8"),
        (",tabaco,1,", ",tabaco,", "line 2: a row with too few or too many cells"),
        ("Eu fumei", '"Eu fumei', "after line 1: .*; correct"),
    ],
)
def test_a_broken_csv_file_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = write_ufjf(tmp_path) / "ufjf" / "sessions-pt.csv"
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode(errors="surrogateescape"))
    refused(tmp_path, rf"file 1 of 1 in .*{says}")


def test_the_same_conversation_twice_is_refused(tmp_path: Path) -> None:
    write_ufjf(tmp_path, "pt", "csv")
    write_ufjf(tmp_path, "pt", "jsonl")
    refused(tmp_path, r"file 2 of 2 in .*, line 1: this turn of the conversation occurs twice")


def test_suffixes_in_capitals_are_read(tmp_path: Path) -> None:
    path = write_ufjf(tmp_path, "pt") / "ufjf" / "sessions-pt.csv"
    path.rename(path.with_suffix(".CSV"))
    (tmp_path / "ufjf" / ".DS_Store").touch()
    found = ufjf.load(tmp_path)
    turns = 2 * SESSIONS * EXCHANGES
    assert ufjf.counts(found) == {"conversations": SESSIONS, "patients": PATIENTS, "turns": turns}


def test_what_nobody_would_read_is_refused_without_its_name(tmp_path: Path) -> None:
    write_ufjf(tmp_path, "pt")
    (tmp_path / "ufjf" / "Maria.xlsx").touch()
    (tmp_path / "ufjf" / "Invented").mkdir()
    refused(tmp_path, r"has 2 entries that nobody would read: only files \*\.csv and")


def test_a_missing_folder_names_the_format(tmp_path: Path) -> None:
    refused(tmp_path, r"holds no \*\.csv and no \*\.jsonl; put the sessions there")
    with pytest.raises(UserError, match="needs a folder"):
        ufjf.load(None)


def test_a_file_that_cannot_be_opened_is_told_without_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_ufjf(tmp_path) / "ufjf" / "sessions-pt.csv"

    def locked(self: Path) -> bytes:  # as the system does for a file of somebody else's
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(path), "read_bytes", locked)
    refused(tmp_path, r"file 1 of 1 in .* cannot be read \(Permission denied\)")
