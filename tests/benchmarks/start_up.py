"""Seconds from "trial suggested" to "first step": a lane of a warm host against a TRL process."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import tuned
from contenders import PRECOMPUTED, Contender
from lengths import pairs
from ratios import ratio, spread
from step_race import read
from tuned import Searched
from turns import apart, together

from sweeps.sweepfile import spec

LANES = 4
SETTINGS = (
    "early_terminate=null",
    "training={max_steps: 2, batch_size: 2, max_prompt_tokens: 300, max_length: 400}",
    "evaluation={report_every: 1, validation_prompts: 2, test_prompts: 2, max_new_tokens: 1}",
)


def race(
    model: str, trials: int, device: str, repeats: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """A short sweep of ours, then a TRL process of one step; and again."""
    more = (f"run_cap={trials}", *SETTINGS)
    sweep = spec.load("demo", tuned.overrides(model, device, LANES, *more))
    data = pairs(2, apart(read, model).vocabulary)
    cold: list[list[float]] = []
    warm: list[list[float]] = []
    gaps: list[float] = []
    theirs = []
    for number in range(repeats):
        run = apart(tuned.by_lanes, sweep, LANES)
        waits = waited(run)
        gaps += idle(run, LANES)
        cold.append(waits[:LANES])
        warm.append(waits[LANES:])
        begun = time.time()
        rival = together(Contender("TRL", trl=PRECOMPUTED), model, data, [], len(data))
        theirs.append(rival.first_step_at - begun)
        say(
            f"{model}, start, round {number + 1} of {repeats}: lanes {median(cold[-1]):.2f} s, "
            f"later {median(warm[-1]):.2f} s, TRL {theirs[-1]:.1f} s"
        )
    return {
        "figures": {
            "lanes: first trials, whose clients' processes start": spread(
                [each for some in cold for each in some]
            ),
            "lanes: later trials": spread([each for some in warm for each in some]),
            "lanes: from a free lane to the next trial's first report": spread(gaps),
            "TRL: a process from its start": spread(theirs),
        },
        "ratio_vs_trl_start": ratio(theirs, [median(each) for each in warm]),
        "ratio_vs_trl_start_of_first_trials": ratio(theirs, [median(each) for each in cold]),
    }


def waited(run: Searched) -> list[float]:
    """Seconds from suggestion to first report, in the order of suggestion.

    Our trials are heard of when their first step has been measured and reported, and one that is
    suggested before a lane is free waits for it: both make ours longer than it is.
    """
    names = sorted(run.suggested, key=lambda name: run.suggested[name])
    return [run.reported[name] - run.suggested[name] for name in names]


def idle(run: Searched, lanes: int) -> list[float]:
    """Seconds from each end of a trial to the first report of the trial that took its lane.

    The n-th trial to end gives its lane to the n-th of those that did not start at once. A report
    comes after its steps and its evaluation: this is more than the time for which the lane is idle.
    """
    first = sorted(run.reported.values())[lanes:]
    # The last trials to end free lanes that nobody takes.
    pairs_of_times = zip(sorted(run.ended.values()), first, strict=False)
    return [reported - ended for ended, reported in pairs_of_times]
