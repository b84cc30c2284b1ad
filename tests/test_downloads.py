"""The table of files: complete, pinned, inside their folders, and equal to the real ones.

.venv/bin/python -m pytest tests/test_downloads.py
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path, PurePosixPath

import pytest

from empathy.cache import cache_folder, file_sha256
from empathy.errors import UserError
from empathy.fetch import downloads
from empathy.fetch.downloads import HOST, Origin, RemoteFile, data_folder, mirror, origins

ROOT = Path(__file__).parent.parent


def test_every_file_is_pinned_and_stays_in_its_folder() -> None:
    assert {name: len(origin.files) for name, origin in origins().items()} == {
        **{"annomi": 2, "mi": 13, "epitome": 3},
    }
    for origin in origins().values():
        assert re.fullmatch(r"[\w-]+/[\w-]+", origin.repository)
        assert re.fullmatch(r"[0-9a-f]{40}", origin.commit)
        assert len({file.target for file in origin.files}) == len(origin.files)
        for file in origin.files:
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
            assert file.size > 0
            assert not PurePosixPath(file.target).is_absolute()
            assert ".." not in PurePosixPath(file.target).parts


def test_the_table_is_that_of_the_real_files() -> None:
    beside = ROOT.parent / "shared" / "data"
    folder = Path(os.environ.get("EMPATHY_DATA") or beside)
    if not all((folder / name).is_dir() for name in origins()):
        pytest.skip("the real files are not here; EMPATHY_DATA says where")
    for name, origin in origins().items():
        for file in origin.files:
            path = folder / name / file.target
            assert (path.stat().st_size, file_sha256(path)) == (file.size, file.sha256), path


def test_a_file_cut_at_a_row_end_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = b"a,b\n1,2\n3,4\n"
    file = RemoteFile("t.csv", "t.csv", len(whole), hashlib.sha256(whole).hexdigest())
    origin = Origin("o/r", "0" * 40, (file, file._replace(target="absent.csv")))
    monkeypatch.setattr(downloads, "origins", lambda: {"toy": origin})
    path = tmp_path / "toy" / "t.csv"
    path.parent.mkdir()
    counted = []
    for data in (whole, whole[:8], whole.replace(b"4", b"5")):
        path.write_bytes(data)
        counted.append(downloads.altered("toy", tmp_path))
    assert counted == [0, 1, 1]  # an absent file is another matter


def test_an_address_has_the_commit_and_no_blanks() -> None:
    origin = origins()["mi"]
    (labels,) = (file for file in origin.files if file.target.endswith("ebp_labels.txt"))
    assert origin.address(labels, HOST) == (
        "https://raw.githubusercontent.com/anuradha1992/Boosting-with-MI-Strategy/"
        "5850f0756a232bcb14ecde5a62e5c81bf44be5ec/Software/MI%20Classifier/ebp_labels.txt"
    )


def test_the_data_folder_is_the_variable_s_or_the_cache_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPATHY_DATA", "~/data")
    assert data_folder() == Path.home() / "data"
    monkeypatch.setenv("EMPATHY_DATA", "")
    assert data_folder() == cache_folder() / "data"


def test_a_mirror_must_be_a_web_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMPATHY_MIRROR", raising=False)
    assert mirror() == HOST
    monkeypatch.setenv("EMPATHY_MIRROR", "http://127.0.0.1:8000/")
    assert mirror() == "http://127.0.0.1:8000"
    monkeypatch.setenv("EMPATHY_MIRROR", "ftp://example.org")
    with pytest.raises(UserError, match=r"EMPATHY_MIRROR is 'ftp://example\.org'; it must start"):
        mirror()
