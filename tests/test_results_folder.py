"""The results folder: who may claim it, and that earlier results survive a failed start.

python -m pytest tests/test_results_folder.py
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from disks import make_read_only, mounted

from empathy.errors import UserError
from sweeps.record.results_folder import check, claimed, continued


def fail(out: Path, name: str, stop: type[BaseException] = ZeroDivisionError) -> None:
    """Claim a folder as a sweep does that ends in an error once it has written one file."""
    with claimed(out, overwrite=True):
        (out / name).write_text('{"sweep": "new"}', "utf-8")
        raise stop


def claim(out: Path, *, overwrite: bool) -> None:
    """Claim a folder as a sweep does that measures something."""
    with claimed(out, overwrite=overwrite):
        assert list(out.iterdir()) == []
        (out / "history.jsonl").write_text("{}", "utf-8")


def results(folder: Path, **manifest: object) -> Path:
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"sweep": "demo", **manifest}), "utf-8")
    (folder / "history.jsonl").write_text("{}", "utf-8")
    (folder / "trials.csv").write_text("kept", "utf-8")
    return folder


def test_results_that_did_not_end_say_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds results of sweep 'demo', which did not end: "):
        claim(results(tmp_path / "cut", ended=None), overwrite=False)


@pytest.mark.parametrize("manifest", [None, "{", "[1]", '{"name": "a web app"}'])
def test_overwrite_deletes_nothing_that_is_not_ours(tmp_path: Path, manifest: str | None) -> None:
    precious = tmp_path / "thesis.tex"
    precious.write_text("years", "utf-8")
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest, "utf-8")
    for overwrite in (True, False):
        with pytest.raises(UserError, match="holds files that are no results of a sweep"):
            claim(tmp_path, overwrite=overwrite)
    assert precious.exists()


def test_overwrite_does_not_follow_a_link(tmp_path: Path) -> None:
    target = results(tmp_path / "target")
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(UserError, match="cannot be used"):
        claim(link, overwrite=True)
    assert (target / "trials.csv").exists()


def test_an_empty_or_new_folder_is_taken_and_a_file_is_not(tmp_path: Path) -> None:
    for _ in range(2):
        with claimed(tmp_path / "a" / "b", overwrite=False):
            pass
    (tmp_path / "file").write_text("x", "utf-8")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match=r"--out .*file\S* cannot be used: "):
            claim(out, overwrite=True)
    assert (tmp_path / "file").read_text("utf-8") == "x"


@pytest.mark.parametrize("stop", [ZeroDivisionError, KeyboardInterrupt])
def test_a_start_that_fails_gives_the_earlier_results_back(
    tmp_path: Path, stop: type[BaseException]
) -> None:
    out = results(tmp_path / "out", ended="2026")
    with pytest.raises(stop):
        fail(out, "manifest.json", stop)
    assert (out / "trials.csv").read_text("utf-8") == "kept"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_sweep_that_measured_replaces_the_earlier_results_even_if_it_fails(
    tmp_path: Path,
) -> None:
    out = results(tmp_path / "out")
    with pytest.raises(ZeroDivisionError):
        fail(out, "history.jsonl")
    assert [path.name for path in out.iterdir()] == ["history.jsonl"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_results_moved_aside_by_a_killed_start_are_still_protected(tmp_path: Path) -> None:
    results(tmp_path / ".out.old", ended="2026")
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text('{"sweep": "new", "ended": null}', "utf-8")
    with pytest.raises(UserError, match="holds results of sweep 'demo', which ended 2026"):
        check(out, overwrite=False)
    with pytest.raises(ZeroDivisionError):
        fail(out, "manifest.json")
    assert (out / "trials.csv").read_text("utf-8") == "kept"


def test_a_start_that_failed_before_it_measured_is_in_nobodys_way(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text('{"sweep": "demo", "ended": null}', "utf-8")
    (out / "trials.csv").write_text("", "utf-8")
    (out / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(UserError, match="add --overwrite"):
        check(out, overwrite=False)
    (out / "notes.txt").unlink()
    claim(out, overwrite=False)


def test_a_folder_that_a_sweep_is_writing_to_is_taken_by_no_other(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with claimed(out, overwrite=False):
        (out / "manifest.json").write_text('{"sweep": "demo", "ended": null}', "utf-8")
        with pytest.raises(UserError, match="is being written by a sweep that still runs"):
            check(out, overwrite=True)


def go_on(out: Path, name: str | None = None) -> None:
    """Go on with the sweep in a folder, as one that writes a file."""
    with continued(out):
        if name:
            (out / name).write_text("more", "utf-8")


def test_results_are_gone_on_with_as_they_are(tmp_path: Path) -> None:
    out = results(tmp_path / "cut", ended=None)
    with pytest.raises(UserError, match="which did not end: add --resume to go on with it"):
        check(out, overwrite=False)
    go_on(out, "summary.json")
    names = {path.name for path in out.iterdir()}
    assert names == {"manifest.json", "history.jsonl", "trials.csv", "summary.json"}
    assert (out / "trials.csv").read_text("utf-8") == "kept"


@pytest.mark.parametrize("manifest", [None, '{"name": "a web app"}'])
def test_only_a_sweep_can_be_gone_on_with(tmp_path: Path, manifest: str | None) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest, "utf-8")
    for out in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UserError, match="--resume finds no results of a sweep in"):
            go_on(out)
    assert not (tmp_path / "nowhere").exists()


def test_of_two_that_go_on_one_is_refused_until_the_other_has_ended(tmp_path: Path) -> None:
    out = results(tmp_path / "out")
    with continued(out), pytest.raises(UserError, match="by a sweep that still runs"):
        go_on(out)
    go_on(out)


def test_going_on_with_a_start_that_measured_nothing_keeps_what_was_set_aside(
    tmp_path: Path,
) -> None:
    results(tmp_path / ".out.old", ended="2026")
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text('{"sweep": "new", "ended": null}', "utf-8")
    with pytest.raises(ZeroDivisionError), continued(out):
        raise ZeroDivisionError
    assert (out / "trials.csv").read_text("utf-8") == "kept"


def test_a_folder_on_a_read_only_disk_is_refused(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk") as disk:
        results(disk / "cut", ended=None)
        (disk / "empty").mkdir()
        make_read_only(disk)
        for out in (disk / "new", disk / "empty"):
            with pytest.raises(UserError, match=r"--out .* cannot be used: Read-only file system"):
                claim(out, overwrite=False)
        with pytest.raises(UserError, match=r"--out .*cut cannot be used: Read-only file system"):
            go_on(disk / "cut")


def test_what_a_killed_sweep_left_half_written_goes_when_it_goes_on(tmp_path: Path) -> None:
    out = results(tmp_path / "cut", ended=None)
    (out / "trials" / "t000").mkdir(parents=True)
    (out / "trials" / "t000" / ".tmp-0123-lane.safetensors").write_text("half")
    (out / ".tmp-4567-winner").mkdir()
    go_on(out)
    assert not list(out.rglob(".tmp-*"))
    assert (out / "trials.csv").read_text("utf-8") == "kept"


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    out = results(tmp_path / "cut", ended=None)
    (out / "manifest.json").write_text("{", "utf-8")
    with pytest.raises(UserError, match=r"manifest\.json is damaged \(JSONDecodeError\); put a"):
        go_on(out)
