"""What a search costs on so many nodes: GPU-hours by arithmetic, money only by the user's price."""

from __future__ import annotations

from typing import NamedTuple

from pace import Pace, Work

HOUR = 3600.0


class Search(NamedTuple):
    """What of a sweep decides how long it takes."""

    work: Work
    """Of the search: `plan` says how to foresee it, a simulation how ASHA makes it."""
    max_steps: int
    reports: int
    """Of a trial that is not stopped."""
    pairs: int
    """In a step of a trial."""
    prompts: int
    """That a report is measured on."""
    repeats: int
    """Waves of the finalists' trainings with other seeds: 0 without any, 1 where lanes suffice."""


class Cost(NamedTuple):
    """Of a search on so many GPUs, all of them held from the start to the end."""

    nodes: int
    gpus: int
    hours: float
    """On the wall."""
    gpu_hours: float
    busy: float
    """Share of these in which every lane is occupied."""
    money: float | None
    """In the currency of the price; None without a price."""


def cost(
    search: Search,
    pace: Pace,
    *,
    nodes: int,
    gpus_per_node: int,
    lanes: int,
    price_per_node_hour: float | None = None,
) -> Cost:
    """Hours and GPU-hours: preparation, the work on full lanes, its ragged end, finalists.

    Trials end one after the other when none is left to begin: on average a lane then idles for half
    of a trial that is not stopped. Finalists' fresh seeds are one such trial long. Left out are
    the start of the nodes, the examination on test prompts (one host, minutes) and the report.
    """
    gpus = nodes * gpus_per_node
    full = search.work.ideal(pace, gpus, lanes, search.pairs, search.prompts)
    longest = search.max_steps * pace.step(lanes, search.pairs) + search.reports * pace.evaluation(
        lanes, search.prompts
    )
    seconds = pace.prepare_seconds + full + longest / 2 + search.repeats * longest
    hours = seconds / HOUR
    return Cost(
        nodes,
        gpus,
        hours,
        gpus * hours,
        full / seconds,
        None if price_per_node_hour is None else nodes * hours * price_per_node_hour,
    )
