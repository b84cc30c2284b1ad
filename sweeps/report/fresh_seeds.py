"""What a reader is told of the finalists' trainings with fresh seeds, from summary.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sweeps.record.ledger import Figure, figures
from sweeps.record.wording import counted, named, said


class SeedRow(NamedTuple):
    """A finalist's settings over fresh seeds, on test prompts, as text."""

    trial: str
    fresh_seeds: int
    score: str
    deviation: str
    """From seed to seed, of all its runs."""


def sentence(seeds: Mapping[str, Any] | None, best: str, metric: str, sign: int) -> str:
    """What fresh seeds leave of the winner; "" where there are none."""
    if seeds is None or seeds["corrected"] is None:
        return ""
    corrected = figures(seeds["corrected"])
    lead = figures(seeds["differences"]["vs_sft"]).get(metric)
    count = len(seeds["finalists"][best]["runs"]) - 1
    told = (
        f"Trained again with {counted(count, 'fresh seed')}, the same settings scored "
        f"{said(corrected['fresh'], metric)} on these prompts"
    )
    if lead is not None:
        told += f", {said(lead, metric, difference=True)} against SFT{_open(lead, sign)}"
    return (
        f"{told}: expect this of them, not the selected run's score, which on validation prompts "
        f"was {said(corrected['optimism'], metric, difference=True)} beside the fresh ones. "
        "Intervals are over prompts and seeds."
    )


def _open(lead: Figure, sign: int) -> str:
    """Whether fresh seeds separate the settings from SFT."""
    if lead.low is None or lead.high is None:
        return ", without an interval"
    low, high = sorted((sign * lead.low, sign * lead.high))
    if low > 0:
        return ""
    return ", which is worse" if high < 0 else ", which includes 0 and may be luck"


def rows(seeds: Mapping[str, Any] | None, metric: str) -> list[SeedRow]:
    """A row per finalist that was trained again, in the order of the search's ranking."""
    if seeds is None:
        return []
    return [
        SeedRow(
            trial,
            len(found["runs"]) - 1,
            said(figures(found["fresh"]).get(metric), metric),
            said(Figure.of(found["deviation"]), metric),
        )
        for trial, found in seeds["finalists"].items()
    ]


def failures(seeds: Mapping[str, Any] | None) -> str:
    """Which trainings failed, in a sentence; "" for none."""
    failed = seeds["failed"] if seeds else []
    if not failed:
        return ""
    return f"{named(', '.join(failed))} failed, and count for nothing."
