"""Advice without permission said again with permission: single sentences, no client before them.

Source, licence: as `empathy.corpora.mi` (Welivita and Pu, 2023; CC BY-NC-SA 3.0). PP comes from
gold labels, PPA from automatic ones. `template` rewrites by rule, which teaches a few openers ("I
wonder if you"); `retrieve` takes the likest adherent sentence of another author, which often means
something else. A line (invented), its blanks being tabs:

    text:Call her.  labels:You may want to call her.  episode_done:True

The published parts (train, valid, test) leak: they share source sentences. They are therefore read
as one, a source is kept once per corpus and kind (its first target), and the group is the source's
words. Pairs with a gold test sentence on either side are dropped, as that file is for tests only.
PPA's `advise_train.txt` exceeds 4 MB and may be absent.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from empathy.errors import UserError
from empathy.reading.miti import REMEDY, gold_test
from empathy.reading.tables import check_words, read_lines
from empathy.records import Contrast, fingerprint, same_words

KINDS = ("template", "retrieve")
PARTS = ("train", "valid", "test")
FOLDERS = {"PP": "PP Dataset", "PPA": "PPA Dataset"}
OPTIONAL = ("PPA", "train")  # not among the public files that are small enough to fetch
FIELDS = ("text:", "labels:", "episode_done:")


class Rephrasing(NamedTuple):
    """One line: corpus PP or PPA, how it was made, the published part, and its two sentences."""

    corpus: str
    kind: str
    part: str
    source: str
    target: str


class Rephrasings(NamedTuple):
    """What may be learnt from, and how many lines went where on the way."""

    contrasts: tuple[Contrast, ...]
    counts: Mapping[str, int]


def contrasts(folder: Path | None) -> list[Contrast]:
    """The contrasts of `folder/mi`. Raises `UserError` for a missing or broken file."""
    return list(read(folder).contrasts)


def read(folder: Path | None) -> Rephrasings:
    """The contrasts of `folder/mi`, and the counts of what was dropped."""
    if folder is None:
        raise UserError("corpus 'mi' needs a folder: set EMPATHY_DATA or data.folder")
    return merge(rows(folder), (sentence.text for sentence in gold_test(folder)))


def rows(folder: Path) -> list[Rephrasing]:
    """Every line of every file, as published."""
    found = []
    for corpus, name in FOLDERS.items():
        for kind in KINDS:
            for part in PARTS:
                path = folder / "mi" / name / kind / f"advise_{part}.txt"
                if (corpus, part) == OPTIONAL and not path.is_file():
                    continue
                for where, line in read_lines(path, REMEDY):
                    found.append(Rephrasing(corpus, kind, part, *_sentences(line, where)))
    return found


def merge(lines: Iterable[Rephrasing], gold: Iterable[str]) -> Rephrasings:
    """One contrast per corpus, kind and source, none with a sentence of `gold`; with counts.

    `in several published parts` counts the sources that the authors' own parts share.
    """
    tests = {same_words(text) for text in gold}
    kept: dict[tuple[str, str, str], Rephrasing] = {}
    parts: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    dropped: Counter[str] = Counter()
    total = 0
    for line in lines:
        key, target = (line.corpus, line.kind, same_words(line.source)), same_words(line.target)
        total += 1
        parts[key].add(line.part)
        if key in kept and same_words(kept[key].target) == target:
            dropped["exact duplicates"] += 1
        elif key in kept:
            dropped["other targets of a source"] += 1
        elif key[2] in tests or target in tests:
            dropped["with a gold test sentence"] += 1
        else:
            kept[key] = line
    found = tuple(_contrast(line) for line in kept.values())
    shared = sum(len(each) > 1 for each in parts.values())
    counts = {"lines": total, **dropped, "contrasts": len(found)}
    return Rephrasings(found, {**counts, "in several published parts": shared})


def _sentences(line: str, where: str) -> tuple[str, str]:
    cells = line.split("\t")
    named = len(cells) == len(FIELDS) and all(
        cell.startswith(field) for cell, field in zip(cells, FIELDS, strict=True)
    )
    if not named or cells[-1] != "episode_done:True":
        raise UserError(
            f"{where}: not text:, labels: and episode_done:True with tabs between; {REMEDY}"
        )
    source, target = (
        " ".join(cell.removeprefix(field).split())
        for cell, field in zip(cells[:2], FIELDS[:2], strict=True)
    )
    check_words(source, where, "text", REMEDY)
    check_words(target, where, "labels", REMEDY)
    if same_words(source) == same_words(target):
        raise UserError(f"{where}: text and labels say the same; remove the line, or {REMEDY}")
    return source, target


def _contrast(line: Rephrasing) -> Contrast:
    words = fingerprint("rephrasing", same_words(line.source))  # PPA has blanks before its marks
    return Contrast(
        contrast_id=f"mi-{line.corpus.lower()}-{line.kind}-{words}",
        group=f"mi-rephrasing-{words}",
        corpus="mi",
        better=line.target,
        worse=line.source,
    )
