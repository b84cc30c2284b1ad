"""Who was preferred, how surely, and a file that keeps it: choices only, no word that was said."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from empathy.errors import UserError
from empathy.uncertainty import FEWEST_GROUPS, Estimate, share_interval
from empathy.winner.talk import EQUAL, Choice


@dataclass(frozen=True)
class Session:
    """What must be the same for choices to be counted together, and what tells sessions apart."""

    session: str
    winner: str
    """The start of the adapter's SHA-256."""
    against: str
    blind: bool
    seed: int
    temperature: float
    max_new_tokens: int

    def row(self, choice: Choice) -> dict[str, Any]:
        """A choice as a line of the file."""
        return {**vars(self), **choice._asdict()}

    def alike(self, row: Mapping[str, Any]) -> bool:
        """Whether a line of the file was said of the same two, under the same conditions."""
        same = ("winner", "against", "blind", "temperature", "max_new_tokens")
        return all(row.get(name) == getattr(self, name) for name in same)


class Count(NamedTuple):
    """Choices by what was preferred, and the winner's share of them, ties half."""

    winner: int
    rival: int
    equal: int
    unanswered: int
    share: Estimate | None
    """None where nothing was preferred at all."""


def count(rows: Sequence[Mapping[str, Any]], winner: str) -> Count:
    """Count lines of the file. Turns of one conversation are not independent: the interval is over
    conversations."""
    scores = {winner: 1.0, EQUAL: 0.5}
    said = [row for row in rows if row["preferred"] is not None]
    marks = [scores.get(row["preferred"], 0.0) for row in said]
    groups = [f"{row['session']}/{row['conversation']}" for row in said]
    return Count(
        marks.count(1.0),
        marks.count(0.0),
        marks.count(0.5),
        len(rows) - len(said),
        share_interval(marks, groups) if said else None,
    )


def told(found: Count, winner: str, rival: str) -> list[str]:
    """The count as sentences."""
    share = found.share
    if share is None:
        return ["No reply was preferred to another."]
    unanswered = f", {found.unanswered} without an answer" if found.unanswered else ""
    first = (
        f"{winner} preferred {found.winner} times, {rival} {found.rival} times, equal "
        f"{found.equal} times{unanswered}: {100 * share.value:.0f} % for {winner}, ties half"
    )
    return [f"{first}{_interval(share)}."]


def _interval(share: Estimate) -> str:
    over = f"{share.groups} conversation{'' if share.groups == 1 else 's'}"
    if share.low is None or share.high is None:
        return f", over {over}, which says nothing of how sure that is"
    ends = f"{100 * share.low:.0f} to {100 * share.high:.0f} %"
    if share.level is None:
        return (
            f", {ends} as each of {over} is left out; an interval needs {FEWEST_GROUPS} "
            "(/new begins another)"
        )
    chance = "" if share.low > 0.5 or share.high < 0.5 else ", which includes chance"
    return f", 95 % interval {ends} over {over}{chance}"


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a file that was kept; none where there is no file.

    Raises UserError for a file that is none of ours, or cannot be read.
    """
    try:
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        rows = [json.loads(line) for line in lines]
    except (OSError, ValueError) as error:
        raise UserError(f"--keep {path} cannot be read: {error}; name another file") from error
    wanted = {"session", "conversation", "preferred", "winner", "against"}
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not wanted <= row.keys():
            raise UserError(
                f"--keep {path}, line {number}, is no choice of a chat; name another file"
            )
    return rows


def append(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add lines to the file, which is made where there is none. Raises UserError if it cannot."""
    text = "".join(json.dumps(row) + "\n" for row in rows)
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UserError(f"--keep {path} cannot be written: {error.strerror}") from error
