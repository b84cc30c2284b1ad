"""Every corpus by name, the shipped sample, and what a broken sample file says."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from invented_mi import write_mi

from empathy.corpora import ALTERED, CORPORA, count_corpora, load_contrasts, load_corpora, sample
from empathy.errors import UserError
from empathy.prompts import prompts
from empathy.records import Split
from empathy.settings import DataSettings
from empathy.splits import by_split

HELD_OUT: tuple[tuple[Split, int], ...] = (("test", 24), ("validation", 16))
GOOD = {
    "dialogue_id": "sample-900",
    "topic": "sleep",
    "turns": [["client", "I lie awake."], ["counsellor", "What keeps you up?"]],
}


def test_unknown_corpus_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match="unknown corpus 'anomi'; known: annomi, mi, ufjf, epitome"):
        load_corpora(["anomi"], None)


@pytest.mark.parametrize(("names", "says"), [([], "is empty"), (["sample"] * 2, "twice")])
def test_no_or_repeated_names_are_refused(names: list[str], says: str) -> None:
    with pytest.raises(UserError, match=says):
        load_corpora(names, None)


def test_a_corpus_without_its_folder_names_all_ways_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("EMPATHY_DATA", raising=False)
    monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path))
    ways = r"run `python -m empathy fetch annomi`, set EMPATHY_DATA or data\.folder .* 'annomi/'"
    with pytest.raises(UserError, match=ways):
        load_corpora(["annomi"], None)


def test_the_variable_stands_in_for_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EMPATHY_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="nowhere"):
        load_corpora(["annomi"], None)


def test_contrasts_and_counts_come_from_the_corpora_that_have_some(tmp_path: Path) -> None:
    write_mi(tmp_path)
    assert {contrast.corpus for contrast in load_contrasts(["sample", "mi"], tmp_path)} == {"mi"}
    assert load_contrasts(["sample"], None) == []
    assert count_corpora(["sample"], None) == {}
    counts = count_corpora(["mi", "sample"], tmp_path)
    assert list(counts) == ["mi"]
    assert counts["mi"][ALTERED] == 12  # the invented files read, but nobody published them
    assert (counts["mi"]["questions"], counts["mi"]["rephrasings: exact duplicates"]) == (2, 1)
    with pytest.raises(UserError, match="unknown corpus 'anomi'"):
        load_contrasts(["anomi"], None)


def test_only_ufjf_and_a_corpus_of_one_s_own_are_private() -> None:
    private = {name: corpus.deniable for name, corpus in CORPORA.items() if corpus.private}
    assert private == {"ufjf": False, "own": True}


def test_nothing_shipped_is_private_and_every_licence_is_stated() -> None:
    assert all(corpus.licence for corpus in CORPORA.values())
    assert not CORPORA["sample"].needs_folder
    assert not CORPORA["sample"].private


def test_the_sample_has_at_least_80_alternating_dialogues() -> None:
    dialogues = load_corpora(["sample"], None)
    assert len(dialogues) >= 80
    assert len({dialogue.metadata["topic"] for dialogue in dialogues}) >= 10
    for dialogue in dialogues:
        speakers = [turn.speaker for turn in dialogue.turns]
        assert all(a != b for a, b in pairwise(speakers))
        assert (dialogue.corpus, dialogue.group) == ("sample", dialogue.dialogue_id)


def test_the_sample_fills_the_held_out_splits_under_default_settings() -> None:
    """Fewer than ten groups would give no interval, fewer prompts no final evaluation."""
    parts = by_split(load_corpora(["sample"], None))
    for split, least in HELD_OUT:
        held_out = prompts(parts[split], DataSettings()).prompts
        assert len(held_out) >= least
        assert len({prompt.group for prompt in held_out}) >= 10


def test_a_good_line_is_read_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(f"\n{json.dumps(GOOD)}\n\n", encoding="utf-8")
    (dialogue,) = sample.read(path)
    assert [turn.text for turn in dialogue.turns] == ["I lie awake.", "What keeps you up?"]
    assert dialogue.metadata == {"topic": "sleep"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"turns": [["client", "Hello."]]}, "client and counsellor, both"),
        ({"turns": [["client", "Hello."], ["robot", "Hi."]]}, "client and counsellor, both"),
        ({"turns": [["client", "  "], ["counsellor", "Hi."]]}, "blank"),
        ({"turns": [["client"], ["counsellor", "Hi."]]}, "expected"),
        ({"turns": "Hello."}, "expected"),
        ({"turns": [["client", "no " * 10_000], ["counsellor", "Hi."]]}, "10,000 words"),
        ({"topic": None}, "expected"),
        ({"dialogue_id": " "}, "blank"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, change: dict[str, object], says: str) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n{json.dumps({**GOOD, 'dialogue_id': 'b', **change})}\n")
    with pytest.raises(UserError, match=rf"s\.jsonl, line 2: .*{says}"):
        sample.read(path)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "holds no dialogues"),
        (b"[1, 2]\n", "line 1: .*expected"),
        (b'{"dialogue_id": "a", "tur', "line 1: .*expected"),
        ("é".encode("latin-1"), "not UTF-8 at byte 0"),
        (f"{json.dumps(GOOD)}\n{json.dumps(GOOD)}".encode(), "line 2: sample-900 occurs twice"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(data)
    with pytest.raises(UserError, match=says):
        sample.read(path)


def test_a_missing_sample_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="install this software again"):
        sample.read(tmp_path / "gone.jsonl")
