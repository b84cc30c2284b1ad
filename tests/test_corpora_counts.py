"""The public corpora's published counts, reproduced from the authors' files where those are.

.venv/bin/python -m pytest tests/test_corpora_counts.py
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from empathy.corpora import epitome, load_corpora, mi, rephrasings
from empathy.reading.miti import gold_test
from empathy.records import Contrast, Dialogue
from empathy.splits import by_split, check_no_leak

PUBLIC = ("annomi", "mi", "epitome")


@pytest.fixture(scope="module")
def folder() -> Path:
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("EMPATHY_DATA") or beside)
    if not all((folder / name).is_dir() for name in PUBLIC):
        pytest.skip("the real corpora are not all here; EMPATHY_DATA says where")
    return folder


@pytest.fixture(scope="module")
def real(folder: Path) -> list[Dialogue]:
    return load_corpora([*PUBLIC, "sample"], folder)


@pytest.fixture(scope="module")
def lines(folder: Path) -> list[rephrasings.Rephrasing]:
    return rephrasings.rows(folder)


def test_counselchat(real: list[Dialogue]) -> None:
    answers = [d for d in real if d.corpus == "mi"]
    assert mi.counts(answers) == {
        "questions": 546,
        "answers": 1129,
        "answers without a label": 220,
        "answers said before to the same question": 39,
        "sentences": 8857,
        "adherent": 492 + 185 + 5 + 3,
        "non_adherent": 972 + 15 + 6,
    }
    per_question = Counter(d.group for d in answers)
    assert sum(count > 1 for count in per_question.values()) == 206
    assert max(per_question.values()) == 55
    assert len({d.metadata["title"] for d in answers}) == 544
    words = sorted(len(d.turns[1].text.split()) for d in answers)
    assert words[-1] == 908


def test_gold_test_sentences(folder: Path) -> None:
    sentences = gold_test(folder)
    labels = Counter(sentence.label for sentence in sentences)
    assert (len(sentences), labels["Give Information"], labels["Warn"]) == (1681, 489, 8)
    assert len(sentences) - len({sentence.text for sentence in sentences}) == 28
    right = sum(sentence.label == sentence.predicted for sentence in sentences)
    assert round(100 * right / len(sentences), 1) == 68.2


def test_rephrasing_lines(lines: list[rephrasings.Rephrasing]) -> None:
    counted = Counter(line[:3] for line in lines)
    for corpus, kind, expected in (
        ("PP", "template", (192, 24, 24)),
        ("PP", "retrieve", (83, 11, 10)),
        ("PPA", "template", (0, 3856, 3856)),
        ("PPA", "retrieve", (0, 5495, 5496)),
    ):
        assert tuple(counted[corpus, kind, part] for part in rephrasings.PARTS) == expected


def test_rephrasing_leaks_and_duplicates(lines: list[rephrasings.Rephrasing]) -> None:
    def sources(corpus: str, kind: str, part: str) -> set[str]:
        return {line.source for line in lines if line[:3] == (corpus, kind, part)}

    train = sources("PP", "template", "train")
    assert len(train & sources("PP", "template", "valid")) == 12
    assert len(train & sources("PP", "template", "test")) == 6
    for kind, shared, repeated in (("template", 219, (167, 166)), ("retrieve", 108, (106, 99))):
        valid, test = sources("PPA", kind, "valid"), sources("PPA", kind, "test")
        assert len(valid & test) == shared
        for part, count in zip(("valid", "test"), repeated, strict=True):
            same = [line for line in lines if line[:3] == ("PPA", kind, part)]
            assert len(same) - len(set(same)) == count


def test_contrasts_keep_one_source_each_and_no_gold_test_sentence(
    folder: Path, lines: list[rephrasings.Rephrasing]
) -> None:
    gold = gold_test(folder)
    found = rephrasings.merge(lines, [sentence.text for sentence in gold])
    assert found.counts == {
        "lines": 344 + 18703,
        "exact duplicates": 495,
        "other targets of a source": 1283,
        "with a gold test sentence": 719,
        "contrasts": 16550,
        "in several published parts": 362,
    }
    texts = {sentence.text for sentence in gold}
    train: list[Contrast] = by_split(found.contrasts)["train"]
    assert not any(c.worse in texts or c.better in texts for c in train)


def test_epitome_dialogues(real: list[Dialogue]) -> None:
    pairs = [d for d in real if d.corpus == "epitome"]
    assert (len(pairs), len({d.group for d in pairs})) == (3023, 2979)
    strong = [d for d in pairs if "2" in d.metadata["levels"]]
    cut = [d for d in strong if "without_evidence" in d.metadata]
    assert (len(strong), len(cut)) == (1705, 837)
    assert all(len(d.metadata["without_evidence"].split()) >= 5 for d in cut)
    assert not any(d.metadata["without_evidence"] == d.turns[1].text for d in cut)


def test_no_post_that_taught_a_scorer_is_held_out(folder: Path, real: list[Dialogue]) -> None:
    taught = epitome.select(epitome.load(folder).examples, "train")
    words = {" ".join(example.post.split()) for example in taught}
    parts = by_split(d for d in real if d.corpus == "epitome")
    assert {d.turns[0].text for d in parts["train"]} == words
    assert not any(d.turns[0].text in words for d in (*parts["validation"], *parts["test"]))


def test_no_split_shares_anything_with_another_across_corpora(real: list[Dialogue]) -> None:
    parts = by_split(real)
    check_no_leak(parts)
    assert sum(map(len, parts.values())) == 133 + 1129 + 3023 + 110
    assert all({d.corpus for d in part} == {*PUBLIC, "sample"} for part in parts.values())
