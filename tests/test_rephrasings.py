"""Rephrasings: leaking parts, duplicates and gold test sentences, and broken lines.

.venv/bin/python -m pytest tests/test_rephrasings.py
"""

from __future__ import annotations

from pathlib import Path

import pytest
from invented_mi import write_mi

from empathy.corpora import rephrasings
from empathy.errors import UserError
from empathy.splits import by_split

FIRST = Path("mi", "PP Dataset", "template", "advise_train.txt")


def test_a_source_is_kept_once_per_corpus_and_kind_and_the_rest_is_counted(tmp_path: Path) -> None:
    found = rephrasings.read(write_mi(tmp_path))
    assert found.counts == {
        "lines": 13,
        "exact duplicates": 1,
        "other targets of a source": 1,  # "call  her." of another part, rewritten otherwise
        "with a gold test sentence": 2,  # one as source, one as target
        "contrasts": 9,
        "in several published parts": 1,
    }
    first = found.contrasts[0]
    assert (first.worse, first.better) == ("Call her.", "You may want to call her.")
    ids = [contrast.contrast_id.rpartition("-")[0] for contrast in found.contrasts]
    assert ids[:3] == ["mi-pp-template", "mi-pp-template", "mi-pp-retrieve"]
    assert ids.count("mi-ppa-template") == ids.count("mi-ppa-retrieve") == 2
    assert len({contrast.contrast_id for contrast in found.contrasts}) == 9
    said = " ".join(contrast.better + contrast.worse for contrast in found.contrasts)
    assert "test on this" not in said.casefold()


def test_the_same_source_is_one_group_in_every_corpus_and_kind(tmp_path: Path) -> None:
    found = rephrasings.contrasts(write_mi(tmp_path))
    calls = {c.group for c in found if c.worse == "Call her."}
    assert len(calls) == 1
    assert sum(c.group in calls for c in found) == 3  # PP template, PP retrieve, PPA template
    assert sum(map(len, by_split(found).values())) == 9


def test_ids_do_not_depend_on_the_order_of_lines(tmp_path: Path) -> None:
    before = {c.contrast_id for c in rephrasings.contrasts(write_mi(tmp_path))}
    path = tmp_path / "mi" / "PP Dataset" / "retrieve" / "advise_train.txt"
    path.write_text("text:Go.\tlabels:You may go.\tepisode_done:True\n" + path.read_text())
    assert before < {c.contrast_id for c in rephrasings.contrasts(tmp_path)}


def test_the_large_part_is_read_where_it_is_there(tmp_path: Path) -> None:
    path = write_mi(tmp_path) / "mi" / "PPA Dataset" / "template" / "advise_train.txt"
    path.write_text("text:Go .\tlabels:You may go .\tepisode_done:True\n")
    assert rephrasings.read(tmp_path).counts["lines"] == 14


def test_any_other_file_must_be_there(tmp_path: Path) -> None:
    (write_mi(tmp_path) / FIRST).unlink()
    with pytest.raises(UserError, match=r"advise_train\.txt is missing; fetch"):
        rephrasings.contrasts(tmp_path)
    with pytest.raises(UserError, match="needs a folder"):
        rephrasings.contrasts(None)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("text:Go.\tlabels:You may go.", "line 2: not text:, labels: and episode_done:True"),
        ("text:Go.\tlabels:You may go.\tepisode_do", "line 2: not text:"),
        ("labels:You may go.\ttext:Go.\tepisode_done:True", "line 2: not text:"),
        ("text:Go.\tlabels: \tepisode_done:True", "line 2: labels is blank"),
        ("text:Go.\tlabels:gO.\tepisode_done:True", "line 2: text and labels say the same"),
        (f"text:{'go ' * 10_000}\tlabels:a\tepisode_done:True", "line 2: text has 10,000 words"),
        ("text:G\udce9\tlabels:a\tepisode_done:True", "line 2: not UTF-8"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    path = write_mi(tmp_path) / FIRST
    good = path.read_bytes().splitlines(keepends=True)[0]
    path.write_bytes(good + line.encode(errors="surrogateescape"))
    with pytest.raises(UserError, match=rf"advise_train\.txt, {says}.*fetch the authors'"):
        rephrasings.contrasts(tmp_path)


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (write_mi(tmp_path) / FIRST).write_bytes(b"")
    with pytest.raises(UserError, match=r"advise_train\.txt is empty"):
        rephrasings.contrasts(tmp_path)
