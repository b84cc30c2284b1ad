"""Where to search next: what to set when the best setting lies at the end of what was searched."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sweeps.sweepfile.reading import SettingError
from sweeps.sweepfile.space import Parameter, check, kind

FACTOR = 3.0  # by which an end on a logarithmic scale moves: half a decade
TRIES = 4  # each goes half as far as the last


def wider(name: str, ranges: Mapping[str, Any], *, up: bool) -> str | None:
    """The `--set` that moves the upper (or lower) end of a range outwards.

    None where the setting can go no further: a weight decay has no value under 0.
    """
    key = "max" if up else "min"
    for end in _ends(name, ranges, up=up):
        if _allowed(name, {**ranges, key: end}):
            return _option(f"parameters.{name}.{key}={_plain(end)}")
    return None


def longer(name: str, values: Sequence[Any], *, up: bool) -> str | None:
    """The `--set` that adds one more value beyond the largest (or smallest) number of a list."""
    numbers = sorted(value for value in values if _number(value))
    near, end = numbers[-2:] if up else (numbers[1], numbers[0])
    steady = near > 0 and end > 0
    beyond = float(f"{end * end / near if steady else end + (end - near):.6g}")
    if kind(name) == "whole":  # a rank of a half is rounded to none, which is refused
        beyond = round(beyond)
    listed = [*values, beyond] if up else [beyond, *values]
    if not _allowed(name, {"values": listed}):
        return None
    told = ", ".join(_plain(value) if _number(value) else str(value) for value in listed)
    return _option(f"parameters.{name}.values=[{told}]")


def _ends(name: str, ranges: Mapping[str, Any], *, up: bool) -> Iterator[float]:
    """Ends farther out, the farthest first."""
    low, high = float(ranges["min"]), float(ranges["max"])
    log = str(ranges.get("distribution") or "").startswith("log")
    for attempt in range(TRIES):
        share = 0.5**attempt
        if log:
            end = high * FACTOR**share if up else low / FACTOR**share
        else:
            end = high + share * (high - low) if up else low - share * (high - low)
        rounded = float(f"{end:.2g}")
        whole = kind(name) == "whole"
        yield round(rounded) if whole else rounded


def _allowed(name: str, ranges: Mapping[str, Any]) -> bool:
    given = {key: value for key, value in ranges.items() if value is not None}
    try:
        check(name, Parameter.model_validate(given))
    except SettingError:
        return False
    return True


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(number: float) -> str:
    """Without an exponent, which YAML would read as a word where it has no point: 5e-4."""
    return format(Decimal(repr(number)), "f")


def _option(setting: str) -> str:
    return f"--set {shlex.quote(setting)}"
