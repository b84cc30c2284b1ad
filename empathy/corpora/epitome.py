"""EPITOME, Reddit part: 3,084 rows of (post in distress, peer's response), rated for three
empathic mechanisms.

Source: Sharma, Miner, Atkins, Althoff, "A Computational Approach to Understanding Empathy
Expressed in Text-Based Mental Health Support", EMNLP 2020; academic, non-commercial licence. Not
shipped here: the files `emotional-reactions-reddit.csv`, `interpretations-reddit.csv` and
`explorations-reddit.csv` are read from `<folder>/epitome/`. Level 0 is none, 1 weak, 2 strong. A
row of one file, as sp_id, rp_id, seeker_post, response_post, level, rationales (words invented):

    a1, b2, "I failed again.", "I am sorry.", 1, "sorry|"

The three files are joined on row number: their ids repeat, so a join on ids would multiply rows.
Texts are the interpretations file's, since the emotional-reactions file has collapsed its double
blanks.

They train and test the scorers, and as dialogues (a post and one response each) they serve the
policies. A post keeps its scorer's split there: a post that taught a scorer is never a test prompt.
Group: the post. Metadata, as text: `levels` ("1 0 2", in the order of MECHANISMS), and where a
mechanism is at level 2, `without_evidence`: the response with all that the raters named as evidence
of its strong mechanisms cut out, if that is something and leaves at least five words. Of the 1,705
responses with a strong mechanism 837 have one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Literal, NamedTuple

from empathy.errors import UserError
from empathy.fetch.downloads import data_folder
from empathy.reading.evidence import Span, spans, without
from empathy.reading.tables import Row, check_words, read_csv
from empathy.records import Dialogue, Split, Turn, fingerprint

Half = Literal["rank", "evaluate"]
HALVES: tuple[Half, ...] = ("rank", "evaluate")
MECHANISMS = ("emotional_reactions", "interpretations", "explorations")
LEVELS = 3
FILES = {
    "emotional_reactions": "emotional-reactions-reddit.csv",
    "interpretations": "interpretations-reddit.csv",
    "explorations": "explorations-reddit.csv",
}
COLUMNS = ("sp_id", "rp_id", "seeker_post", "response_post", "level", "rationales")
TRAIN_PERCENT, VALIDATION_PERCENT = 75, 5  # the paper's 75 : 5 : 20, but by post instead of by row
LEAST_WORDS = 5  # of a response whose evidence was cut out
REMEDY = "take all three files of EPITOME from the authors again and leave them unchanged"

Placed = tuple[str, Row]  # "file, line 3", and its cells


@dataclass(frozen=True, slots=True)
class Example:
    """A post, one response to it and the response's level (0, 1 or 2) per mechanism.

    `evidence` is where in the response the raters saw it, per mechanism; empty at level 0, and
    where the words they named do not stand in the response.
    """

    post_id: str
    response_id: str
    post: str
    response: str
    levels: tuple[int, ...]  # in the order of MECHANISMS
    evidence: tuple[tuple[Span, ...], ...] = ((), (), ())


class Epitome(NamedTuple):
    """The unique pairs, how many rows went where on the way, and the rows as they stand."""

    examples: tuple[Example, ...]
    counts: Mapping[str, int]
    """rows, repeated_rows, repeated_pairs, conflicting_pairs, pairs; of the pairs' level-1 and -2
    ratings, how many have evidence (`evident`) and how many none that could be found (`bare`)."""
    rows: tuple[Example, ...]
    """Repeats and all, for the paper's split alone."""


def load(folder: Path | None) -> Epitome:
    """The unique (post, response) pairs in the order of the files.

    `folder` holds `epitome/`; None means `downloads.data_folder()`. Raises UserError when the
    folder or a file is missing or broken, or the files do not run in parallel.
    """
    home = _home(folder)
    tables = [_rows(home / FILES[mechanism]) for mechanism in MECHANISMS]
    _check_parallel(tables)
    texts = tables[MECHANISMS.index("interpretations")]
    rows = [
        Example(
            row["sp_id"],
            row["rp_id"],
            row["seeker_post"],
            row["response_post"],
            tuple(int(table[index][1]["level"]) for table in tables),
            tuple(spans(row["response_post"], table[index][1]["rationales"]) for table in tables),
        )
        for index, (_, row) in enumerate(texts)
    ]
    return merge_repeats(rows)


def dialogues(folder: Path | None) -> list[Dialogue]:
    """Every unique pair as a dialogue of two turns, in the split of its post."""
    return [_dialogue(example) for example in load(folder).examples]


def without_evidence(example: Example) -> str | None:
    """The response without the evidence of its mechanisms at level 2; None where that is nothing
    or leaves fewer than `LEAST_WORDS` words."""
    strong = zip(example.levels, example.evidence, strict=True)
    cut = [span for level, found in strong if level == LEVELS - 1 for span in found]
    left = without(example.response, cut)
    return left if cut and len(left.split()) >= LEAST_WORDS else None


def _dialogue(example: Example) -> Dialogue:
    weak = without_evidence(example)
    pair = f"{example.post_id} {example.response_id}"
    return Dialogue(
        dialogue_id=f"epitome-{fingerprint('response', pair)}",
        group=f"epitome-post-{fingerprint('post', example.post_id)}",
        corpus="epitome",
        turns=(
            Turn("client", " ".join(example.post.split())),
            Turn("counsellor", " ".join(example.response.split())),
        ),
        metadata={
            "levels": " ".join(map(str, example.levels)),
            **({} if weak is None else {"without_evidence": weak}),
        },
        split=split_of(example.post_id),
    )


def merge_repeats(rows: Iterable[Example]) -> Epitome:
    """One example per (post, response), at the place of its first copy.

    Copies that disagree take, per mechanism, the level that most of them carry; a tie goes to the
    higher level, because the raters of that copy found evidence which the others overlooked. The
    evidence is that of the first copy with the level taken.
    """
    rows = tuple(rows)
    copies: dict[tuple[str, str], list[Example]] = {}
    for row in rows:
        copies.setdefault((row.post_id, row.response_id), []).append(row)
    examples = tuple(_merged(same) for same in copies.values())
    repeats = [same for same in copies.values() if len(same) > 1]
    counts = {
        "rows": len(rows),
        "repeated_rows": sum(len(same) - 1 for same in repeats),
        "repeated_pairs": len(repeats),
        "conflicting_pairs": sum(len({row.levels for row in same}) > 1 for same in repeats),
        "pairs": len(examples),
        "evident": sum(bool(spans) for example in examples for spans in example.evidence),
        "bare": sum(
            level > 0 and not spans
            for example in examples
            for level, spans in zip(example.levels, example.evidence, strict=True)
        ),
    }
    return Epitome(examples, counts, rows)


def split_of(post_id: str) -> Split:
    """The part a post belongs to, by hash: the same for ever, whatever other posts there are."""
    return _part(_percentile("epitome-split", post_id))


def row_split_of(number: int) -> Split:
    """The part that a row (0 is the first) has in a split by row, as the paper's is.

    It leaks: a post's other rows, and a row's own copy, may be in another part. For comparison with
    the paper's numbers only.
    """
    return _part(_percentile("epitome-row", str(number)))


def half_of(post_id: str) -> Half:
    """Which of the two scorers may see a training post: one ranks pairs, the other evaluates."""
    return HALVES[_percentile("epitome-half", post_id) >= 50]


def select(
    examples: Iterable[Example], split: Split, half: Half | None = None
) -> tuple[Example, ...]:
    """The examples of a split and, where `half` says so, of that half of the posts only."""
    return tuple(
        example
        for example in examples
        if split_of(example.post_id) == split and (half is None or half_of(example.post_id) == half)
    )


def _part(place: int) -> Split:
    if place < TRAIN_PERCENT:
        return "train"
    return "validation" if place < TRAIN_PERCENT + VALIDATION_PERCENT else "test"


def _percentile(salt: str, name: str) -> int:
    digest = hashlib.sha256(f"{salt}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100


def _home(folder: Path | None) -> Path:
    home = (folder or data_folder()) / "epitome"
    if not home.is_dir():
        raise UserError(
            f"there is no folder {home}; run `python -m empathy fetch epitome`, or name the folder"
            " that holds epitome/ by --data or EMPATHY_DATA"
        )
    return home


def _rows(path: Path) -> list[Placed]:
    rows = list(read_csv(path, COLUMNS, REMEDY))
    for where, row in rows:
        for name in COLUMNS[:4]:
            check_words(row[name], where, name, REMEDY)
        if row["level"] not in ("0", "1", "2"):
            raise UserError(f"{where}: level is not 0, 1 or 2; {REMEDY}")
    return rows


def _check_parallel(tables: Sequence[list[Placed]]) -> None:
    """The same post and response at the same place of all three files, or `UserError`."""
    for places in zip_longest(*tables):
        there = [place for place in places if place is not None]
        if len(there) < len(places):
            raise UserError(f"{there[0][0]}: another file of EPITOME ends before; {REMEDY}")
        if len({(row["sp_id"], row["rp_id"]) for _, row in there}) > 1:
            raise UserError(
                f"{there[0][0]}: the files do not name the same post and response row by row; "
                f"{REMEDY}"
            )


def _merged(same: Sequence[Example]) -> Example:
    first = same[0]
    levels = tuple(
        max(Counter(column).items(), key=lambda item: (item[1], item[0]))[0]
        for column in zip(*(row.levels for row in same), strict=True)
    )
    evidence = tuple(
        next(row.evidence[k] for row in same if row.levels[k] == level)
        for k, level in enumerate(levels)
    )
    return replace(first, levels=levels, evidence=evidence)
