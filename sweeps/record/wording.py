"""Numbers and names as a reader sees them; rounding happens here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from empathy.metrics import METRICS
from sweeps.record.ledger import Figure

NAMES = {"base": "Base", "sft": "SFT", "lora_rank": "LoRA rank", "lora_alpha": "LoRA alpha",
         "distinct_2": "distinct-2", "win_rate_sft": "wins over SFT",
         "win_rate_human": "wins over human reply", "empathy_second": "empathy, second scorer",
         "empathy_referee": "empathy, referee", "mi_adherence": "MI adherence",
         "reflections_to_questions": "reflections per question",
         "log_ratio": "log-ratio to SFT", "length_ratio": "length against SFT's",
         "chosen_logp_change": "log-probability of chosen replies"}  # fmt: skip


def named(name: str) -> str:
    """A parameter, metric or baseline as a reader calls it; a trial id as it is."""
    return NAMES.get(name, name.replace("_", " "))


def unit(metric: str) -> str:
    """The unit of a metric, "" where it is unknown."""
    return METRICS[metric].unit if metric in METRICS else ""


def number(value: float, metric: str, *, signed: bool = False) -> str:
    """A value of `metric`: shares as per cent, words and nats with one digit, others with two."""
    sign = "+" if signed else ""
    if unit(metric) == "share":
        return f"{100 * value:{sign}z.0f}"  # z: what rounds to 0 has no minus
    digits = 1 if unit(metric) in ("words", "nats per reply") else 2
    return f"{value:{sign}z.{digits}f}"


def said(figure: Figure | None, metric: str, *, difference: bool = False) -> str:
    """A figure with its interval, as "2.90 [2.60, 3.20]" or "62 % [55, 69]"; a difference has its
    sign, and "points" for per cent. What is a range only reads "2.90 (range 2.60 to 3.20)". A dash
    when it was not measured."""
    if figure is None:
        return "-"
    mark = {True: " points", False: " %"}[difference] if unit(metric) == "share" else ""
    value = number(figure.value, metric, signed=difference) + mark
    if figure.spread is not None:
        ends = " to ".join(number(end, metric, signed=difference) for end in figure.spread)
        return f"{value} (range {ends})"
    if figure.low is None or figure.high is None:
        return f"{value}, no interval"
    low, high = (number(end, metric, signed=difference) for end in (figure.low, figure.high))
    return f"{value} [{low}, {high}]"


def setting(value: Any) -> str:
    """A parameter's value with the digits that matter: 0.08, 3.1e-4, 16."""
    if not isinstance(value, float):
        return str(value)
    if value != 0 and abs(value) < 0.001:
        digits, power = f"{value:.1e}".split("e")
        return f"{digits.removesuffix('.0')}e{int(power)}"
    return f"{value:.3g}"


def settings(parameters: Mapping[str, Any]) -> str:
    """Parameters as "beta 0.08, learning rate 3.1e-4, LoRA rank 16"."""
    return ", ".join(f"{named(name)} {setting(value)}" for name, value in parameters.items())


def duration(seconds: float | None) -> str:
    """Seconds as "48 s", "9 min 20 s" or "3 h 5 min"; a dash where unknown."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def counted(count: int, thing: str) -> str:
    """A count and its noun: "1 trial", "3 trials"."""
    return f"{count} {thing}{'' if count == 1 else 's'}"
