"""Every fault, wrong input, and promise of privacy and security, with the tests of each.

python tests/promises.py    prints all of them; the README has the last two
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["fault", "input", "privacy", "security"]
TITLES: dict[Kind, tuple[str, str]] = {
    "fault": ("Fault", "faults survived"),
    "input": ("Input", "inputs refused"),
    "privacy": ("Privacy", "promises of privacy"),
    "security": ("Security", "promises of security"),
}
FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Promise:
    """A row: what happens, what follows, and the tests that show it."""

    kind: Kind
    row: str
    then: str
    tests: tuple[str, ...]
    missing: str | None = None
    """Of a row without tests: what is not shown."""


def read(path: Path = FILE) -> tuple[Promise, ...]:
    """All rows, in the order of the file."""
    rows = tomllib.loads(path.read_text("utf-8"))["promise"]
    return tuple(Promise(**{**row, "tests": tuple(row["tests"])}) for row in rows)


def table(promises: Sequence[Promise], kind: Kind) -> str:
    """The rows of one kind as a Markdown table under a line that counts them."""
    chosen = [each for each in promises if each.kind == kind]
    shown = sum(bool(each.tests) for each in chosen)
    title, counted = TITLES[kind]
    lines = [f"{shown} of {len(chosen)} {counted}, each by its test:", ""]
    lines += [f"| {title} | What follows | Shown by |", "|---|---|---|"]
    lines += [f"| {each.row} | {each.then} | {_shown_by(each)} |" for each in chosen]
    return "\n".join(lines)


def in_readme(promises: Sequence[Promise]) -> str:
    """What is promised of privacy and security, a line each, as the README has it."""
    lines = ["| Promise | Held by |", "|---|---|"]
    for kind in ("privacy", "security"):
        lines += [f"| {each.row} | {_shown_by(each)} |" for each in promises if each.kind == kind]
    return "\n".join(lines)


def _shown_by(promise: Promise) -> str:
    if not promise.tests:
        return f"**no test yet**: {promise.missing}"
    names = dict.fromkeys(test.partition("::")[0].removeprefix("tests/") for test in promise.tests)
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    rows = read()
    print("\n\n".join(table(rows, kind) for kind in TITLES))
