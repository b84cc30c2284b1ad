"""AnnoMI's published counts, reproduced from the authors' files where those are."""

from __future__ import annotations

import os
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from empathy.corpora import annomi
from empathy.prompts import prompts
from empathy.records import Dialogue
from empathy.settings import DataSettings
from empathy.splits import by_split


@pytest.fixture(scope="module")
def folder() -> Path:
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("EMPATHY_DATA") or beside)
    if not (folder / "annomi" / annomi.SIMPLE).is_file():
        pytest.skip("the real AnnoMI files are not here; EMPATHY_DATA says where")
    return folder


@pytest.fixture(scope="module")
def real(folder: Path) -> list[Dialogue]:
    return annomi.load(folder)


def totals(dialogues: list[Dialogue], name: str) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for dialogue in dialogues:
        for part in filter(None, dialogue.metadata[name].split(", ")):
            label, number = part.rsplit(" ", 1)
            counts[label] += int(number)
    return dict(counts)


def test_real_counts(real: list[Dialogue]) -> None:
    speakers = Counter(turn.speaker for dialogue in real for turn in dialogue.turns)
    assert (len(real), sum(speakers.values())) == (133, 9699)
    assert speakers == {"counsellor": 4882, "client": 4817}
    assert Counter(d.metadata["mi_quality"] for d in real) == {"high": 110, "low": 23}
    assert len({d.group for d in real}) == 119
    assert len({d.metadata["topic"] for d in real}) == 43
    neighbours = [(a.speaker, b.speaker) for d in real for a, b in pairwise(d.turns)]
    assert sum(a == b for a, b in neighbours) == 38
    assert len(neighbours) == 9566
    assert neighbours.count(("client", "counsellor")) == 4743
    assert not any("[" in turn.text or "]" in turn.text for d in real for turn in d.turns)


def test_real_marks_are_counted(real: list[Dialogue]) -> None:
    found = annomi.counts(real)
    assert (found["transcripts"], found["videos"], found["utterances"]) == (133, 119, 9699)
    assert found["marks removed"] >= 285  # so many utterances hold at least one
    assert found["utterances of marks alone"] == sum(not t.text for d in real for t in d.turns)


def test_real_labels(real: list[Dialogue]) -> None:
    assert totals(real, "behaviours") == {
        "other": 1586,
        "question": 1386,
        "reflection": 1296,
        "therapist_input": 614,
    }
    assert totals(real, "client_talk") == {"neutral": 3102, "change": 1174, "sustain": 541}


def test_real_annotators(real: list[Dialogue]) -> None:
    if "annotators" not in real[0].metadata:
        pytest.skip("AnnoMI-full.csv is not here")
    ten = [d for d in real if d.metadata["annotators"] == "10"]
    assert [int(d.dialogue_id[-3:]) for d in ten] == [7, 27, 55, 56, 66, 109, 130]
    assert sum(len(d.turns) for d in ten) == 428
    assert {d.metadata["annotators"] for d in real} == {"1", "10"}


def test_real_full_file_alone_tells_the_same(
    folder: Path, real: list[Dialogue], tmp_path: Path
) -> None:
    if not (folder / "annomi" / annomi.FULL).is_file():
        pytest.skip("AnnoMI-full.csv is not here")
    (tmp_path / "annomi").mkdir()
    (tmp_path / "annomi" / annomi.FULL).symlink_to((folder / "annomi" / annomi.FULL).resolve())
    assert [d.turns for d in annomi.load(tmp_path)] == [d.turns for d in real]


def test_real_exchanges_are_all_accounted_for(real: list[Dialogue]) -> None:
    made = prompts(real, DataSettings())
    assert len(made.prompts) + sum(made.left_out.values()) == 4743
    assert made.left_out["low-quality counsellor"] == 412
    low = {d.dialogue_id for d in real if d.metadata["mi_quality"] == "low"}
    assert not any(prompt.prompt_id.rsplit("-", 1)[0] in low for prompt in made.prompts)


def test_real_splits_hold_enough_groups_for_an_interval(real: list[Dialogue]) -> None:
    for part in by_split(real).values():
        assert len({prompt.group for prompt in prompts(part, DataSettings()).prompts}) >= 10
