"""Run: python -m pytest tests/test_cache.py"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from empathy.cache import Part, cache_folder, content_key, file_sha256, write_atomically


def test_cache_folder_obeys_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path / "with space" / "new"))
    assert cache_folder() == tmp_path / "with space" / "new"
    assert cache_folder().is_dir()
    monkeypatch.delenv("EMPATHY_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "empathy"


def test_key_is_the_hash_of_canonical_json() -> None:
    assert content_key("a", 1) == hashlib.sha256(b'["a", 1]').hexdigest()


def test_keys_differ_where_values_differ() -> None:
    singles: list[Part] = [1, 1.0, True, "1", b"1", None, "ab", ["a", "b"]]
    keys = {content_key(), content_key("a", "b"), *(content_key(each) for each in singles)}
    assert len(keys) == len(singles) + 2
    digest = hashlib.sha256(b"1").hexdigest()
    assert content_key({"bytes": digest}) != content_key(b"1")


def test_keys_do_not_depend_on_order_of_mappings() -> None:
    assert content_key({"a": 1, "b": 2}) == content_key({"b": 2, "a": 1})
    assert content_key((1, 2)) == content_key([1, 2])


def test_what_has_no_fixed_content_has_no_key() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        content_key(float("nan"))
    with pytest.raises(TypeError):
        content_key(Path("a"))  # type: ignore[arg-type]  # wrong on purpose


def test_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "a.txt"
    write_atomically(target, lambda path: path.write_text("old"))
    seen: list[str] = []

    def write(path: Path) -> None:
        path.write_text("new")
        seen.extend([path.suffix, target.read_text()])  # readers still see the old one

    write_atomically(target, write)
    assert seen == [".txt", "old"]
    assert target.read_text() == "new"
    assert file_sha256(target) == hashlib.sha256(b"new").hexdigest()
    assert [each.name for each in target.parent.iterdir()] == ["a.txt"]


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def write(path: Path) -> None:
        path.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(target, write)
    assert target.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_writing_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "a.txt", lambda path: None)


def _folder_writer(text: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        (path / "sub").mkdir(parents=True)
        (path / "sub" / "a.txt").write_text(text)

    return write


def test_folder_that_appeared_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "folder"

    def write(path: Path) -> None:
        _folder_writer("second")(path)
        _folder_writer("first")(target)

    write_atomically(target, write)
    assert (target / "sub" / "a.txt").read_text() == "first"
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


def test_file_never_replaces_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path / "a", lambda path: path.write_text("x"))
    assert (tmp_path / "a").is_dir()


def test_concurrent_writers_of_one_folder_leave_one_whole_folder(tmp_path: Path) -> None:
    target, start = tmp_path / "folder", threading.Barrier(8)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        def write(path: Path) -> None:
            path.mkdir()
            for name in "abc":
                (path / name).write_text(str(number))
            start.wait()

        try:
            write_atomically(target, write)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len({(target / name).read_text() for name in "abc"}) == 1  # all from one writer
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]
