"""An invented corpus in EPITOME's format, for tests that may not see the real one."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from empathy.corpora.epitome import COLUMNS, FILES, MECHANISMS

Row = tuple[str, str, str, str, tuple[int, int, int]]

KIND = ("", "I am sorry.", "I am so sorry, that hurts.")
SEEING = ("", "Sounds hard.", "You must feel left alone with it.")
ASKING = ("", "Why?", "What happened before it began?")
WORDS = (KIND, SEEING, ASKING)


def invented_rows(posts: int) -> list[Row]:
    """One response per post; its words follow from its levels, so that they can be learnt."""
    rows: list[Row] = []
    for number in range(posts):
        levels = (number % 3, number // 3 % 3, number // 9 % 3)
        words = (*(WORDS[k][level] for k, level in enumerate(levels)), "Take care.")
        text = " ".join(word for word in words if word)
        rows.append((f"p{number}", f"r{number}", f"Day {number} was bad.", text, levels))
    return rows


def write_epitome(folder: Path, rows: Sequence[Row]) -> Path:
    """Writes the three files under `folder`/epitome and returns `folder`."""
    (folder / "epitome").mkdir(parents=True)
    for k, mechanism in enumerate(MECHANISMS):
        path = folder / "epitome" / FILES[mechanism]
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(COLUMNS)
            for row in rows:
                said = WORDS[k][row[4][k]]
                writer.writerow([*row[:4], row[4][k], f"{said}|" if said in row[3] else ""])
    return folder
