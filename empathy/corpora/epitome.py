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
blanks. Posts answer one question here (how good is a scorer?), so they make no dialogues and no
pairs.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, cast

from empathy.errors import UserError
from empathy.records import Split

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


Span = tuple[int, int]
"""First character of a stretch of a response, and the one after its last."""


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
    """The unique pairs, and how many rows went where on the way."""

    examples: tuple[Example, ...]
    counts: Mapping[str, int]
    """rows, repeated_rows, repeated_pairs, conflicting_pairs, pairs; of the pairs' level-1 and -2
    ratings, how many have evidence (`evident`) and how many none that could be found (`bare`)."""


def load(folder: Path | None) -> Epitome:
    """The unique (post, response) pairs in the order of the files.

    `folder` holds `epitome/`; None means the variable EMPATHY_DATA. Raises UserError when the
    folder or a file is missing, a column is, a level is none of 0, 1, 2, or the files do not run
    in parallel.
    """
    home = _home(folder)
    tables = [_rows(home / FILES[mechanism]) for mechanism in MECHANISMS]
    _check_parallel(home, tables)
    texts = tables[MECHANISMS.index("interpretations")]
    rows = [
        Example(
            row["sp_id"],
            row["rp_id"],
            row["seeker_post"],
            row["response_post"],
            tuple(_level(table[index], home / FILES[name]) for name, table in named(tables)),
            tuple(spans(row["response_post"], table[index]["rationales"]) for table in tables),
        )
        for index, row in enumerate(texts)
    ]
    return merge_repeats(rows)


def named(tables: Sequence[list[dict[str, str]]]) -> list[tuple[str, list[dict[str, str]]]]:
    """Each table with the name of its mechanism."""
    return list(zip(MECHANISMS, tables, strict=True))


def spans(response: str, rationales: str) -> tuple[Span, ...]:
    """Where each rationale (they are joined by `|`) first stands in the response.

    Blanks may differ, since one of the files has collapsed them; what is not found is left out.
    """
    found = []
    for rationale in rationales.split("|"):
        words = rationale.split()
        place = re.search(r"\s+".join(map(re.escape, words)), response) if words else None
        if place:
            found.append(place.span())
    return tuple(found)


def merge_repeats(rows: Iterable[Example]) -> Epitome:
    """One example per (post, response), at the place of its first copy.

    Copies that disagree take, per mechanism, the level that most of them carry; a tie goes to the
    higher level, because the raters of that copy found evidence which the others overlooked. The
    evidence is that of the first copy with the level taken.
    """
    copies: dict[tuple[str, str], list[Example]] = {}
    for row in rows:
        copies.setdefault((row.post_id, row.response_id), []).append(row)
    examples = tuple(_merged(same) for same in copies.values())
    repeats = [same for same in copies.values() if len(same) > 1]
    counts = {
        "rows": sum(map(len, copies.values())),
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
    return Epitome(examples, counts)


def split_of(post_id: str) -> Split:
    """The part a post belongs to, by hash: the same for ever, whatever other posts there are."""
    place = _percentile("epitome-split", post_id)
    if place < TRAIN_PERCENT:
        return "train"
    return "validation" if place < TRAIN_PERCENT + VALIDATION_PERCENT else "test"


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


def _percentile(salt: str, post_id: str) -> int:
    digest = hashlib.sha256(f"{salt}:{post_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100


def _home(folder: Path | None) -> Path:
    given = folder or (Path(os.environ["EMPATHY_DATA"]) if os.environ.get("EMPATHY_DATA") else None)
    if given is None:
        raise UserError(
            "no data folder was given; name the one that holds epitome/ by --data or EMPATHY_DATA"
        )
    home = given / "epitome"
    if not home.is_dir():
        raise UserError(
            f"there is no folder {home}; put the three CSV files of EPITOME there or name another"
            " data folder by --data or EMPATHY_DATA"
        )
    return home


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise UserError(f"{path} is missing; EPITOME needs {', '.join(sorted(FILES.values()))}")
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise UserError(f"{path} lacks the columns {missing}; it needs {list(COLUMNS)}")
        return cast("list[dict[str, str]]", list(reader))


def _check_parallel(home: Path, tables: Sequence[list[dict[str, str]]]) -> None:
    keys = [[(row["sp_id"], row["rp_id"]) for row in table] for table in tables]
    if any(other != keys[0] for other in keys[1:]):
        raise UserError(
            f"the files in {home} do not name the same posts and responses row by row; "
            "take all three from one release of EPITOME"
        )


def _level(row: Mapping[str, str], path: Path) -> int:
    if row["level"] not in ("0", "1", "2"):
        raise UserError(
            f"{path} gives level {row['level']!r} to response {row['rp_id']}; allowed are 0, 1, 2"
        )
    return int(row["level"])


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
