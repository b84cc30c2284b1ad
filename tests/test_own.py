"""A user's own CSV: what spreadsheets write is read, what is wrong is named by line and column.

.venv/bin/python -m pytest tests/test_own.py
"""

from __future__ import annotations

import io
import json
import runpy
from pathlib import Path
from typing import Any

import invented_own
import pytest
from invented_own import DIALOGUES, EXCHANGES, rows, write

import launch
from empathy.corpora import CORPORA, count_corpora, load_corpora, own
from empathy.errors import UserError
from empathy.privacy import holds_private
from empathy.prompts import prompts
from empathy.records import Dialogue
from empathy.settings import DataSettings
from empathy.splits import by_split
from sweeps.sweepfile import spec
from sweeps.watching.tracking import without_paths

SECRETS = ("Maria", "landlord")
GOOD = "\n".join(
    ["dialogue_id,speaker,text", "a,client,I failed.", "a,counsellor,What happened?",
     "b,client,I lost it.", "b,counsellor,Tell me more.", ""]
)  # fmt: skip


def saved(folder: Path, content: str | bytes) -> Path:
    path = folder / "Maria.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def table(given: list[dict[str, str]], **form: str) -> str:
    stream = io.StringIO(newline="")
    write(stream, given, **form)
    return stream.getvalue()


def test_eighty_dialogues_fill_every_split(tmp_path: Path) -> None:
    found = own.load(saved(tmp_path, table(rows())))
    assert len(found) == len({d.group for d in found}) == DIALOGUES
    first = found[0]
    assert [turn.speaker for turn in first.turns] == ["client", "counsellor"] * EXCHANGES
    assert first.turns[0].text == rows()[0]["text"]
    assert (first.corpus, first.language, first.split, first.metadata) == ("own", "en", None, {})
    parts = by_split(found)
    for split in ("validation", "test"):  # under ten groups there would be no interval
        held_out = prompts(parts[split], DataSettings()).prompts
        assert len({prompt.group for prompt in held_out}) >= 10
    assert prompts(found, DataSettings()).left_out == {}


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.replace("dialogue_id,speaker", "Conversation_ID, Role"),
        GOOD.replace("client", " Patient ").replace("counsellor", "THERAPIST"),
        GOOD.replace("I failed.", '"I\nfailed."'),
        GOOD.replace("text\n", "text\n\n"),
    ],
)
def test_what_spreadsheets_write_is_read_alike(tmp_path: Path, content: str) -> None:
    assert own.load(saved(tmp_path, content)) == own.load(saved(tmp_path, GOOD))


def test_no_id_is_kept_and_the_writing_of_one_does_not_matter(tmp_path: Path) -> None:
    columns = [{**row, "dialogue_id": "Maria", "group": "Maria"} for row in rows(1)]
    (found,) = own.load(saved(tmp_path, table(columns)))
    assert "Maria" not in f"{found.dialogue_id} {found.group} {found.metadata}"
    shouted = [{**row, "dialogue_id": " MARIA "} for row in columns]
    assert own.load(saved(tmp_path, table(shouted))) == [found]


def with_columns(**columns: list[str]) -> list[dict[str, str]]:
    """As many dialogues of six rows as the columns have values."""
    return [
        {**row, **{name: values[place // (2 * EXCHANGES)] for name, values in columns.items()}}
        for place, row in enumerate(rows(len(next(iter(columns.values())))))
    ]


def test_optional_columns_say_something_of_a_whole_dialogue(tmp_path: Path) -> None:
    given = with_columns(
        group=["x", "x", "y"],
        language=["en", "PT", "en"],
        quality=["high", "Low", "high"],
        split=["train", "train", "Test"],
        notes=["", "n", ""],
    )
    file = saved(tmp_path, table(given))
    first, second, third = own.load(file)
    assert first.group == second.group != third.group
    assert [d.language for d in (first, second, third)] == ["en", "pt", "en"]
    assert [d.split for d in (first, second, third)] == ["train", "train", "test"]
    left_out = prompts([first, second, third], DataSettings()).left_out
    assert left_out == {"low-quality counsellor": EXCHANGES}
    counts = {"dialogues": 3, "groups": 2, "turns": 18, "columns passed over": 1}
    assert count_corpora(["own"], None, file) == {"own": counts}


def test_a_dialogue_without_an_answer_is_counted(tmp_path: Path) -> None:
    content = f"{GOOD}c,counsellor,Hello there.\nc,client,Good evening.\n"
    unheard = own.read(saved(tmp_path, content)).counts["dialogues without an answer to the client"]
    assert unheard == 1


def refused(file: Path, says: str) -> None:
    """Reading fails as told; neither the message nor its chain gives anything away."""
    with pytest.raises(UserError, match=says) as caught:
        own.load(file)
    assert not any(secret in str(caught.value) for secret in SECRETS)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("dialogue_id,", "number,", "data.file has no column dialogue_id; correct the file"),
        (GOOD, GOOD.partition("\n")[2], "data.file has no column dialogue_id, speaker, text;"),
        ("text\n", "text,text\n", "names a column twice"),
        ("dialogue_id,speaker", "dialogue_id,session_id", "names a column twice|no column speaker"),
        ("a,client,I failed.", "a,client", "line 2: a row with too few or too many cells"),
        ("I failed.", "I, Maria, failed.", "line 2: a row with too few or too many cells"),
        ("I failed.", '"I failed.', "unexpected end of data"),
        ("I failed.", " ", "line 2: text is blank; correct"),
        ("a,client,I", ",client,I", "line 2: dialogue_id is blank"),
        ("I failed.", "no " * 5000, "line 2: text has 5,000 words, and no turn may have over"),
        ("a,client", "a,Maria", "line 2: speaker is none of client, patient, user, seeker"),
        ("a,counsellor", "a,client", "line 2: in the column speaker, only one person speaks"),
        ("b,client,I lost it.\n", "", "line 4: in the column speaker, only one person speaks"),
        ("b,counsellor,Tell me more.\n", "b,counsellor,Oh.\na,client,And.\na,counsellor,So.\n",
         "line 6: this dialogue_id stands in line 2, too, with another between"),
    ],
)  # fmt: skip
def test_a_broken_file_is_named_without_its_words(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in GOOD
    refused(saved(tmp_path, GOOD.replace(old, new, 1)), says)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "data.file is empty"),
        (GOOD.partition("\n")[0].encode(), "has a header but no rows"),
        (GOOD.replace("lost", "caf\xe9").encode("latin-1"), "line 4: not UTF-8; save it as UTF-8"),
        (GOOD.encode("utf-16"), "line 1: not UTF-8"),
        (b"PK\x03\x04" + bytes(range(200)), "line 2: not UTF-8"),  # a workbook by another name
    ],
)
def test_what_is_no_csv_in_utf8_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    refused(saved(tmp_path, content), says)


def test_a_workbook_is_told_to_be_saved_as_csv(tmp_path: Path) -> None:
    path = saved(tmp_path, "x").rename(tmp_path / "Maria.XLSX")
    refused(path, r"data\.file is a workbook \(\.XLSX\); save its sheet as CSV in UTF-8")


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"split": ["train", "testing"]}, "line 8: split is none of train, validation, test"),
        ({"quality": ["high", "7"]}, "line 8: quality is none of high, low"),
        ({"language": ["en", "English"]}, "line 8: language is not two letters, as en or pt"),
        ({"group": ["x", " "]}, "line 8: group is blank"),
        ({"spilt": ["train", "test"]}, "column 4: it is nearly called split and would be passed"),
        ({"group": ["x", "x"], "split": ["train", "test"]},
         "line 8: the split is test, but train in line 2 of the same group"),
    ],
)  # fmt: skip
def test_a_wrong_optional_column_is_named(
    tmp_path: Path, columns: dict[str, list[str]], says: str
) -> None:
    refused(saved(tmp_path, table(with_columns(**columns))), says)


def test_a_dialogue_that_contradicts_itself_is_named(tmp_path: Path) -> None:
    given = with_columns(quality=["high"])
    given[3] = {**given[3], "quality": "low"}
    refused(saved(tmp_path, table(given)), "line 5: another quality than in line 2, but the same")


def test_words_in_two_splits_are_named_by_all_their_lines(tmp_path: Path) -> None:
    """The counsellor's opening of every session, which a user has to take out at once."""
    opening = "welcome to the landlord line where all you say stays between the two of us"
    given = rows()
    for start in range(0, len(given), 2 * EXCHANGES):
        given[start + 1] = {**given[start + 1], "text": opening}
    says = r"lines 3, 9, 15, 21, 27, 33, 39, 45 and 72 more: the same words in the splits train and"
    refused(saved(tmp_path, table(given)), says)
    grouped = [{**row, "group": "all"} for row in given]
    assert len(own.load(saved(tmp_path, table(grouped)))) == DIALOGUES  # one group, one split


def test_a_whole_dialogue_of_short_words_in_two_splits_is_named(tmp_path: Path) -> None:
    given = [
        {"dialogue_id": f"d{number}", "speaker": speaker, "text": text}
        for number in range(40)  # by their hashes not all of them train
        for speaker, text in (("client", "I feel low."), ("counsellor", "Tell me more."))
    ]
    refused(saved(tmp_path, table(given)), "lines 2, 4, 6, .* the same words in the splits train")


# -- where the file is named, and what follows from it ---------------------------------------------


def test_the_file_and_the_corpus_ask_for_each_other(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"data\.corpora names 'own'; set data\.file, too"):
        spec.load("demo", ["data.corpora=[own]"])
    with pytest.raises(UserError, match=r"does not name 'own', which reads it; add --set 'data\.c"):
        spec.load("demo", ["data.file=x.csv"])
    with pytest.raises(UserError, match=r"names 'my\.csv'; .*for a file of your own set data\.cor"):
        spec.load("demo", ["data.corpora=[my.csv]"])
    with pytest.raises(UserError, match=r"corpus 'own' is given .*gone\.csv, which is no file"):
        load_corpora(["own"], None, tmp_path / "gone.csv")
    with pytest.raises(UserError, match="corpus 'own' is given no file"):
        load_corpora(["own"], None)


OWN = ("data.corpora=[own]", "data.file=Maria.csv")
JUDGE = "judges.llm={url: 'http://localhost:8000', model: m}"


def test_own_words_are_private_unless_that_is_denied() -> None:
    assert CORPORA["own"].private
    for private, held in (("null", True), ("true", True), ("false", False)):
        sweep = spec.load("demo", [*OWN, f"data.private={private}"])
        assert holds_private(sweep.model_dump(mode="json")["data"]) is held
        assert holds_private(sweep.data.model_dump()) is held
    assert holds_private({"corpora": ["own", "ufjf"], "private": False})  # not one's own to deny
    spec.load("demo", [*OWN, "data.private=false", "tracking.mode=online"])
    with pytest.raises(UserError, match="corpus 'own' is private and nothing of it is uploaded"):
        spec.load("demo", [*OWN, "tracking.mode=online"])


def test_a_judge_elsewhere_asks_for_itself_even_where_privacy_is_denied() -> None:
    with pytest.raises(UserError, match=r"judges\.llm is given, but corpus 'own' is private"):
        spec.load("demo", [*OWN, "data.private=false", JUDGE])
    spec.load("demo", [*OWN, JUDGE, "judges.llm.allow_private=true"])


def test_the_name_of_the_file_is_not_sent() -> None:
    settings = spec.load("demo", OWN).model_dump(mode="json")
    assert "Maria" not in json.dumps(without_paths(settings))


def test_a_plan_counts_the_dialogues_and_tells_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = saved(tmp_path, table(rows()))
    arguments = ["--sweep", "demo", "--set", OWN[0], "--set", f"data.file={file}", "--dry-run"]
    assert launch.main([*arguments, "--json"]) == 0
    plan: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert plan["data"]["dialogues"] == DIALOGUES
    assert "private" in plan["tracking"]
    saved(tmp_path, GOOD.replace("a,client", "a,Maria"))
    assert launch.main(arguments) == 2
    told = capsys.readouterr().out
    assert "data.file, line 2: speaker is none of client, patient" in told


def test_the_script_writes_what_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(invented_own.__file__, run_name="__main__")
    found: list[Dialogue] = own.load(saved(tmp_path, capsys.readouterr().out))
    assert len(found) == DIALOGUES
