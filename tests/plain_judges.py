"""Judges whose answers can be counted by hand, and files of rows for them to judge."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from empathy.judges import Judges

Rows = Sequence[Mapping[str, object]]


class Marks(NamedTuple):
    """Levels by exclamation, full and question marks."""

    emotional_reactions: float
    interpretations: float
    explorations: float

    @property
    def total(self) -> float:
        """Their sum."""
        return sum(self)


class CountsMarks:
    """A scorer of English that counts marks, each as worth as much."""

    languages = frozenset({"en"})

    def __init__(self, worth: float) -> None:
        self.worth = worth

    def score(self, posts: Sequence[str], replies: Sequence[str]) -> list[Marks | None]:
        """No reply is without levels."""
        return [Marks(*(self.worth * text.count(mark) for mark in "!.?")) for text in replies]


class Letters:
    """Embeds a text by how often it has the letters a to h."""

    languages = frozenset({"en"})

    def embed(self, texts: Sequence[str]) -> torch.Tensor:
        """`[n, 8]` of unit length."""
        counts = torch.tensor([[text.count(c) + 0.01 for c in "abcdefgh"] for text in texts])
        return torch.nn.functional.normalize(counts)


def plain_judges() -> Judges:
    """The referee counts twice what the others count."""
    return Judges(CountsMarks(1.0), CountsMarks(1.0), Letters(), CountsMarks(2.0))


def write(path: Path, rows: Rows) -> Path:
    """The rows as CSV or JSONL, as the path's ending says."""
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            file.writelines(json.dumps(row) + "\n" for row in rows)
        else:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
    return path
