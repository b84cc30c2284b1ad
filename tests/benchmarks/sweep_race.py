"""A whole sweep with ASHA: ours against Ray Tune over TRL, the same trials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tuned
from ratios import ratio, spread
from tuned import Searched
from turns import apart

from sweeps.sweepfile import spec


class Size(NamedTuple):
    """How large a sweep is raced."""

    trials: int
    lanes: int
    at_once: int
    """TRL processes on the device."""
    settings: tuple[str, ...]
    """Of the sweep, as for `launch.py --set`."""


HALVED = "early_terminate={{type: hyperband, min_iter: {}, eta: {}}}"
# Far beyond what a real model bears, so that a few steps tell trials of a tiny random one apart.
RATES = "parameters.learning_rate={distribution: log_uniform_values, min: 1e-3, max: 1e-1}"
SIZES: dict[str, Size] = {
    "quick": Size(4, 2, 2, (
        HALVED.format(2, 2),
        "training={max_steps: 4, batch_size: 2, max_prompt_tokens: 300, max_length: 400}",
        "evaluation={report_every: 2, validation_prompts: 4, test_prompts: 4, max_new_tokens: 4}",
    )),
    "cpu": Size(32, 8, 2, (
        HALVED.format(4, 2),
        RATES,
        "training={max_steps: 16, batch_size: 4, max_prompt_tokens: 300, max_length: 400}",
        "evaluation={report_every: 4, validation_prompts: 12, test_prompts: 4, max_new_tokens: 16}",
    )),
    "cuda": Size(32, 16, 4, (
        HALVED.format(50, 3),
        "training={max_steps: 150, batch_size: 8}",
        "evaluation={report_every: 50, validation_prompts: 16, test_prompts: 16,"
        " max_new_tokens: 64}",
    )),
}  # fmt: skip


def race(
    model: str, size: Size, device: str, repeats: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Both searches in turn, and the record."""
    more = (f"run_cap={size.trials}", *size.settings)
    sweep = spec.load("demo", tuned.overrides(model, device, size.lanes, *more))
    train, held_out = apart(tuned.pairs_of, sweep)
    ours: list[Searched] = []
    theirs: list[Searched] = []
    for number in range(repeats):
        ours.append(apart(tuned.by_lanes, sweep, size.lanes))
        theirs.append(apart(tuned.by_trl, sweep, model, train, held_out, size.at_once))
        say(
            f"{model}, sweep, round {number + 1} of {repeats}: lanes {ours[-1].seconds:.0f} s "
            f"(and {ours[-1].preparation_seconds:.0f} s to prepare), TRL {theirs[-1].seconds:.0f} s"
        )
    return record(size, ours, theirs)


def record(size: Size, ours: Sequence[Searched], theirs: Sequence[Searched]) -> dict[str, Any]:
    """What is kept; ratios are of seconds, theirs by ours."""
    whole = [run.seconds + run.preparation_seconds for run in ours]
    busy = [run.busy_seconds / run.seconds for run in ours if run.busy_seconds is not None]
    figures: dict[str, Any] = {
        "trials": size.trials,
        "lanes": size.lanes,
        "TRL processes at once": size.at_once,
        "lanes: seconds of the search": spread([run.seconds for run in ours]),
        "lanes: seconds of preparation": spread([run.preparation_seconds for run in ours]),
        "lanes: steps trained": spread([run.steps for run in ours]),
        "lanes: share of the search that the device works": spread(busy),
        "TRL: seconds of the search": spread([run.seconds for run in theirs]),
        "TRL: steps trained": spread([run.steps for run in theirs]),
    }
    paced = [[run.steps / run.seconds for run in each] for each in (ours, theirs)]
    return {
        "trl_form": tuned.FORM.label,
        "figures": figures,
        "ratio_vs_trl_sweep": ratio([run.seconds for run in theirs], [run.seconds for run in ours]),
        "ratio_vs_trl_sweep_with_our_preparation": ratio([run.seconds for run in theirs], whole),
        "ratio_vs_trl_sweep_steps_per_second": ratio(*paced),
    }
