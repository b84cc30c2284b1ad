"""What each run learns from and is judged on: all training posts, one half of them, or the paper's
rows. No torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from empathy.corpora.epitome import HALVES, Epitome, Example, Half, row_split_of, select
from empathy.records import SPLITS, Split

Part = Literal["rank", "evaluate", "full", "row"]
PARTS: tuple[Part, ...] = (*HALVES, "full", "row")


class Material(NamedTuple):
    """The pairs of one part. Validation chooses, test only judges."""

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]


def material(corpus: Epitome, part: Part) -> Material:
    """The part's pairs; only `row` judges on other pairs than the rest, since it splits by row."""
    if part == "row":
        return by_row(corpus.rows)
    half: Half | None = None if part == "full" else part
    return Material(
        select(corpus.examples, "train", half),
        select(corpus.examples, "validation"),
        select(corpus.examples, "test"),
    )


def by_row(rows: Sequence[Example]) -> Material:
    """75 : 5 : 20 by row, as Sharma et al. split; repeats stay, each with its own levels."""
    parts: dict[Split, list[Example]] = {name: [] for name in SPLITS}
    for number, row in enumerate(rows):
        parts[row_split_of(number)].append(row)
    return Material(*(tuple(parts[name]) for name in ("train", "validation", "test")))


def leaks(found: Material) -> dict[str, Any]:
    """Of the test rows, the share whose post, and whose very copy, stands in training too."""
    posts = {row.post_id for row in found.train}
    pairs = {(row.post_id, row.response_id) for row in found.train}
    rows = len(found.test)
    return {
        "post_in_training": sum(row.post_id in posts for row in found.test) / rows,
        "copy_in_training": sum((r.post_id, r.response_id) in pairs for r in found.test) / rows,
    }
