"""Records as tables: in the terminal, and as Markdown for the README."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rich.box import SIMPLE
from rich.table import Table as RichTable

GIB = 2**30


class Table(NamedTuple):
    """Words only; the first column is the name of a row."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def figure(value: float | None, digits: int = 3) -> str:
    """A number with so many digits that mean something; `-` for one that is missing."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 10**digits else f"{value:.{digits}g}"


def between(spread: Mapping[str, Any]) -> str:
    """Median, and least to most behind it."""
    return f"{figure(spread['median'])} ({figure(spread['min'])} to {figure(spread['max'])})"


def step(model: str, found: Mapping[str, Any]) -> Iterator[Table]:
    """The race of steps: the contenders, then the ratios."""
    told = (
        f"{model} ({found['weights']}) on {found['device']}, {found['dtype']}, {found['pairs']}, "
        f"{found['pairs_per_step']} pairs per step; matrix products "
        f"{figure(found['matrix_flops_per_second'] / 1e12)} TFLOP/s, "
        f"{figure(found['flops_per_pair'] / 1e9)} GFLOP a pair"
    )
    rows = [
        [
            name,
            between(each["pairs_per_second"]),
            figure(each["trials_per_hour"]),
            figure(100 * each["flop_utilisation"]),
            figure(each["peak_bytes"] / GIB if each["peak_bytes"] else None),
            figure(each["warm_seconds"]["median"]),
        ]
        for name, each in found["contenders"].items()
    ]
    rows += [[name, why, "-", "-", "-", "-"] for name, why in found["failed"].items()]
    headings = ("", "pairs/s", f"trials of {found['trial_steps']} steps per hour",
                "FLOP use, %", "peak, GiB", "warm-up, s")  # fmt: skip
    yield Table(told, headings, rows)
    yield Table(f"{model}: lanes by TRL (fastest form: {found['trl_fastest']})", RATIO_HEADINGS,
                ratio_rows(found))  # fmt: skip


RATIO_HEADINGS = ("times as fast as", "ratio", "lowest", "highest")
PREFIX = "ratio_vs_trl_"


def ratio_rows(found: Mapping[str, Any]) -> list[list[str]]:
    """Every `ratio_vs_trl_...` of a record; the best number of lanes only as such."""
    best = {f"{key}_by_{each['lanes']}_lanes" for key, each in found.items() if _is_best(key, each)}
    return [
        [_named(key, each), *(figure(each[name]) for name in ("ratio", "lowest", "highest"))]
        for key, each in found.items()
        if key.startswith(PREFIX) and key not in best
    ]


def _is_best(key: str, found: Any) -> bool:
    return key.startswith(PREFIX) and "lanes" in found


def _named(key: str, found: Mapping[str, Any]) -> str:
    """As in "TRL defaults, by 4 lanes (their best number)"."""
    rival, by, lanes = key.removeprefix(PREFIX).replace("_", " ").partition(" by ")
    if "lanes" in found:
        return f"TRL {rival}, by {found['lanes']} lanes (their best number)"
    return f"TRL {rival}{',' if by else ''}{by}{lanes}"


def plain(title: str, found: Mapping[str, Any]) -> Iterator[Table]:
    """A record whose `figures` are rows of name and value or spread, and its ratios."""
    rows = [
        [name, between(value) if isinstance(value, Mapping) else figure(value)]
        for name, value in found["figures"].items()
    ]
    yield Table(f"{title} on {found['device']}", ("", "measured"), rows)
    if ratios := ratio_rows(found):
        yield Table(f"{title}: ours by theirs", RATIO_HEADINGS, ratios)


def growth(model: str, found: Mapping[str, Any]) -> Iterator[Table]:
    """One table per thing that grows."""
    for name, points in found["growth"].items():
        rows = [
            [
                str(point["at"]),
                between(point["step_seconds"]),
                figure(point["pairs_per_second"]),
                figure(point["peak_bytes"] / GIB if point["peak_bytes"] else None),
            ]
            for point in points
        ]
        headings = (name, "seconds a step", "pairs/s", "peak, GiB")
        yield Table(f"{model} on {found['device']}: {found['meaning'][name]}", headings, rows)


PARTS = {
    "step": step,
    "generation": lambda model, found: plain(f"{model}: generation", found),
    "start": lambda model, found: plain(f"{model}: from nothing to the first step", found),
    "sweep": lambda model, found: plain(f"{model}: a whole sweep", found),
    "growth": growth,
}


def tables(part: str, name: str, found: Mapping[str, Any]) -> list[Table]:
    """The tables of one record."""
    return list(PARTS[part](name, found))


def in_terminal(table: Table) -> RichTable:
    """For rich."""
    shown = RichTable(title=table.title, box=SIMPLE, title_justify="left")
    for number, heading in enumerate(table.headings):
        shown.add_column(heading, justify="right" if number else "left")
    for row in table.rows:
        shown.add_row(*row)
    return shown


def as_markdown(table: Table) -> str:
    """For a README."""
    lines = [list(table.headings), ["---", *["---:"] * (len(table.headings) - 1)], *table.rows]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table.title}:\n\n{body}\n"
