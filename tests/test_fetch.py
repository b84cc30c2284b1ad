"""The command `fetch` from end to end, against a real server on this machine.

.venv/bin/python -m pytest tests/test_fetch.py
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from http_server import Behaviour, serving

from empathy.__main__ import main
from empathy.cache import cache_folder
from empathy.corpora import CORPORA, load_corpora
from empathy.fetch import command as fetch
from empathy.fetch import downloads
from empathy.fetch.downloads import Origin, RemoteFile

COMMIT = "0123456789" * 4
ROWS = [
    "mi_quality,transcript_id,video_title,video_url,topic,utterance_id,interlocutor,"
    "timestamp,utterance_text,main_therapist_behaviour,client_talk_type",
    "high,0,t,https://example.org/v0,x,0,client,00:00:01,I want to stop,n/a,change",
    "high,0,t,https://example.org/v0,x,1,therapist,00:00:02,You are ready,other,n/a",
]
TEXTS = {
    "annomi": {"AnnoMI-simple.csv": "\n".join([*ROWS, ""]).encode()},
    "mi": {"MI Classifier output/a.txt": b"Warn,12", "b.txt": b"two"},
}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behaviour]:
    """A mirror of two small invented data sets, which stand in the table; the cache is new."""
    table, files = {}, {}
    for name, texts in TEXTS.items():
        rows = [
            RemoteFile(f"raw/{target}", target, len(text), hashlib.sha256(text).hexdigest())
            for target, text in texts.items()
        ]
        table[name] = Origin(f"owner/{name}", COMMIT, tuple(rows))
        for row in rows:
            files[table[name].address(row, "")] = texts[row.target]
    monkeypatch.setattr(fetch, "origins", lambda: table)
    monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path / "cache"))
    for variable in ("EMPATHY_DATA", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    behaviour = Behaviour(files)
    with serving(behaviour) as address:
        monkeypatch.setenv("EMPATHY_MIRROR", address)
        yield behaviour


def said(words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, output and errors of a command line."""
    code = main(words.split())
    told = capsys.readouterr()
    return code, told.out, told.err


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_licences_are_stated_and_nothing_is_fetched_before_they_are_accepted(
    server: Behaviour, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said("fetch annomi mi", capsys)
    assert code == 2
    assert "annomi: https://github.com/owner/annomi at 0123456\n  licence: no licence file" in out
    assert "licence:" in out.partition("mi: https://github.com/owner/mi at 0123456")[2]
    assert err.startswith("error: nothing was fetched: read the licences above")
    assert server.asked == []
    assert not (cache_folder() / "data").exists()


def test_what_is_fetched_is_found_by_the_loaders_and_not_fetched_again(
    server: Behaviour, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said("fetch annomi mi --accept-licence", capsys)
    assert (code, err) == (0, "")
    assert "3 files fetched" in out
    assert files_in(cache_folder() / "data") == {
        f"{name}/{target}": text for name, texts in TEXTS.items() for target, text in texts.items()
    }
    (dialogue,) = load_corpora(["annomi"], None)
    assert [turn.text for turn in dialogue.turns] == ["I want to stop", "You are ready"]
    code, out, _ = said("fetch mi annomi --accept-licence", capsys)
    assert code == 0
    assert "0 files fetched (0.0 MB), 3 were there already" in out
    assert len(server.asked) == 3


def test_the_variable_and_the_option_name_another_folder(
    server: Behaviour,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("EMPATHY_DATA", str(tmp_path / "variable"))
    assert said("fetch mi --accept-licence", capsys)[0] == 0
    assert said(f"fetch mi --accept-licence --data {tmp_path / 'option'}", capsys)[0] == 0
    assert files_in(tmp_path / "variable") == files_in(tmp_path / "option")
    assert len(files_in(tmp_path / "option")) == 2


def test_a_file_that_differs_stops_all_before_anything_is_fetched(
    server: Behaviour, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mi" / "b.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    code, _, err = said(f"fetch annomi mi --accept-licence --data {tmp_path}", capsys)
    assert code == 2
    assert f"{mine} is there but is not the published file" in err
    assert mine.read_text() == "mine"
    assert server.asked == []


@pytest.mark.parametrize("kind", ["folder", "dangling link"])
def test_what_cannot_be_read_is_not_replaced(
    server: Behaviour, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    place = tmp_path / "mi" / "b.txt"
    if kind == "folder":
        place.mkdir(parents=True)
    else:
        place.parent.mkdir()
        place.symlink_to(tmp_path / "gone")
    code, _, err = said(f"fetch mi --accept-licence --data {tmp_path}", capsys)
    assert code == 2
    assert "is there but cannot be read" in err


def test_a_changed_file_upstream_keeps_those_before_it(
    server: Behaviour, capsys: pytest.CaptureFixture[str]
) -> None:
    server.files[f"/owner/mi/{COMMIT}/raw/b.txt"] = b"TWO"
    code, out, err = said("fetch mi --accept-licence", capsys)
    assert (code, err.count("\n")) == (2, 1)
    assert "raw/b.txt is not the file that was published" in err
    assert "fetched (" not in out
    assert files_in(cache_folder() / "data") == {"mi/MI Classifier output/a.txt": b"Warn,12"}


def test_a_folder_that_is_a_file_is_one_sentence(
    server: Behaviour, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    code, _, err = said(f"fetch mi --accept-licence --data {tmp_path / 'file'}", capsys)
    assert (code, err.count("\n")) == (2, 1)
    assert "cannot be written" in err
    assert (tmp_path / "file").read_text() == "mine"


def test_a_disk_without_room_is_noticed_before_anything_is_fetched(
    server: Behaviour, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # 7 + 3 bytes are needed.
    for free, code in ((9, 2), (10, 0)):
        usage = shutil._ntuple_diskusage(100, 100 - free, free)
        monkeypatch.setattr(shutil, "disk_usage", lambda path, usage=usage: usage)
        found, _, err = said("fetch mi --accept-licence", capsys)
        assert found == code
        assert ("the disk has no room" in err) == (code == 2)
        assert len(server.asked) == (0 if code else 2)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ("sample", "there is no corpus 'sample' to fetch; choose: annomi, mi"),
        ("mi mi", "a corpus is named twice"),
    ],
)
def test_names_that_cannot_be_fetched_are_refused(
    server: Behaviour, capsys: pytest.CaptureFixture[str], names: str, says: str
) -> None:
    code, _, err = said(f"fetch {names} --accept-licence", capsys)
    assert code == 2
    assert says in err


def test_every_data_set_of_the_table_has_a_licence() -> None:
    assert all(CORPORA[name].licence for name in downloads.origins())
