"""Numbers for people in a terminal. Rounding happens here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from empathy.uncertainty import LEAVE_ONE_OUT, Estimate

FEW_GROUPS = (
    "(low, high) is no interval but the range as each group in turn is left out: "
    "under ten groups there is no interval"
)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of as many cells each, as lines with their columns under each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def value(found: Estimate | None, *, signed: bool = False) -> str:
    """The number, "-" where there is none; a difference has its sign."""
    return "-" if found is None else f"{found.value:{'+' if signed else ''}.2f}"


def interval(found: Estimate | None, *, signed: bool = False) -> str:
    """Both ends, in round brackets where they are a range without a confidence."""
    if found is None or found.low is None or found.high is None:
        return "-"
    sign = "+" if signed else ""
    ends = f"{found.low:{sign}.2f}, {found.high:{sign}.2f}"
    return f"({ends})" if found.method == LEAVE_ONE_OUT else f"[{ends}]"


def ranges(found: Iterable[Estimate | None]) -> list[str]:
    """The sentence on round brackets, where one of the numbers needs it."""
    few = any(each is not None and each.method == LEAVE_ONE_OUT for each in found)
    return [FEW_GROUPS] if few else []
