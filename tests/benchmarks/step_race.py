"""How fast a training step is: lanes against TRL in every form, taking turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from contenders import (
    DEFAULTS,
    PRECOMPUTED,
    RANK,
    TRIED,
    Contender,
    Run,
    TrlForm,
    lanes,
    processes,
)
from flops import Dimensions, dimensions, matrix_rate, mean_of_pairs
from lengths import PROMPT, REPLY, SHORTEST, pairs
from ratios import Ratio, ratio, spread
from turns import FailedError, apart, together

from empathy.lanes.rows import Example

TRIAL_STEPS = 150  # of the trials that are counted by the hour: TrainingSettings' default
TRY_PAIRS = 4  # in the only step of a try of a TRL form on a CPU
Say = Callable[[str], None]


class Plan(NamedTuple):
    """One race."""

    model: str
    steps: int
    """Timed steps of a run."""
    batch: int
    repeats: int
    lanes: tuple[int, ...]
    processes: tuple[int, ...]
    """Of TRL at the same time, beside one."""
    device: str
    pairs: list[Example] | None = None
    """Real ones to draw from, in the order given; None makes random ones."""


class Outcome(NamedTuple):
    """Runs by contender, why others have none, and how fast each tried form of TRL was."""

    runs: dict[str, list[Run]]
    failed: dict[str, str]
    tries: dict[TrlForm, float]


def race(plan: Plan, say: Say) -> dict[str, Any]:
    """Find TRL's fastest form, let all take turns, and return the record."""
    model = apart(read, plan.model)
    rate = apart(matrix_rate)
    say(f"matrix products: {rate / 1e12:.3g} TFLOP/s")
    timed, warm = material(plan, model.vocabulary)
    tries = try_forms(plan, timed, warm, say)
    outcome = rounds(plan, contenders(plan, fastest(tries)), timed, warm, say)._replace(tries=tries)
    needed = mean_of_pairs(model, timed, RANK)
    return record(plan, outcome, {"flops_per_pair": needed, "matrix_flops_per_second": rate})


def read(name: str) -> Dimensions:
    """A model's dimensions; to be called in a process of its own, for it loads the model."""
    from shapes import load

    return dimensions(load(name).model.config)


def material(plan: Plan, vocabulary: int) -> tuple[list[Example], list[Example]]:
    """Pairs to time, and pairs to warm up with: on a CPU the shortest there can be."""
    count = plan.steps * plan.batch
    if plan.device == "cpu":
        warm = pairs(plan.batch, vocabulary, seed=1, lengths=SHORTEST)
    else:
        warm = pairs(2 * plan.batch, vocabulary, seed=1)
    if plan.pairs is None:
        return pairs(count, vocabulary), warm
    if len(plan.pairs) < count:
        raise ValueError(f"{plan.steps} steps need {count} pairs, there are {len(plan.pairs)}")
    return plan.pairs[:count], warm


def try_forms(
    plan: Plan, timed: list[Example], warm: list[Example], say: Say
) -> dict[TrlForm, float]:
    """Pairs a second of each form of TRL that might be the fastest; one that fails is left out."""
    count = TRY_PAIRS if plan.device == "cpu" else len(timed)
    batch = min(plan.batch, count)
    found: dict[TrlForm, float] = {}
    for form in (PRECOMPUTED, *TRIED):
        try:
            contender = Contender(form.label, trl=form)
            run = together(contender, plan.model, timed[:count], warm[:batch], batch)
        except FailedError as error:
            say(f"{plan.model}, try, {form.label}: {error}")
            continue
        found[form] = run.pairs_per_second
        say(f"{plan.model}, try, {form.label}: {run.pairs_per_second:.3g} pairs/s")
    return found


def fastest(tries: Mapping[TrlForm, float]) -> TrlForm:
    """The form with most pairs a second. Raises FailedError where none ran."""
    if not tries:
        raise FailedError("TRL ran in no form")
    return max(tries, key=lambda form: tries[form])


FASTEST = "TRL, fastest found"
ONE, ALL_DEFAULT = "TRL, precomputed reference", "TRL, defaults"


def contenders(plan: Plan, form: TrlForm) -> list[Contender]:
    """In the order in which they take turns."""
    return [
        *map(lanes, plan.lanes),
        Contender(ALL_DEFAULT, trl=DEFAULTS),
        Contender(ONE, trl=PRECOMPUTED),
        Contender(FASTEST, trl=form),
        *map(processes, plan.processes),
    ]


def rounds(
    plan: Plan,
    racing: Sequence[Contender],
    timed: list[Example],
    warm: list[Example],
    say: Say,
) -> Outcome:
    """Every contender has its turn in every round; one that fails is out, and the reason kept."""
    outcome = Outcome({}, {}, {})
    for number in range(plan.repeats):
        for each in racing:
            if each.name in outcome.failed:
                continue
            where = f"{plan.model}, round {number + 1} of {plan.repeats}, {each.name}"
            try:
                found = together(each, plan.model, timed, warm, plan.batch)
            except FailedError as error:
                outcome.failed[each.name] = str(error)
                outcome.runs.pop(each.name, None)
                say(f"{where}: {error}")
                continue
            outcome.runs.setdefault(each.name, []).append(found)
            say(
                f"{where}: {found.pairs_per_second:.3g} pairs/s, warm-up {found.warm_seconds:.0f} s"
            )
    return outcome


def record(plan: Plan, outcome: Outcome, costs: dict[str, float]) -> dict[str, Any]:
    """What is kept of a race."""
    first = next(iter(outcome.runs.values()))[0]
    random = {"prompt": list(PROMPT), "reply": list(REPLY)}
    return {
        "dtype": first.dtype,
        "threads": first.threads,
        "weights": first.source,
        "pairs": "log-normal lengths" if plan.pairs is None else "AnnoMI",
        "lengths_median_sigma_least_most": random if plan.pairs is None else None,
        "pairs_per_step": plan.batch,
        "timed_steps": plan.steps,
        "repeats": plan.repeats,
        "lora_rank": RANK,
        "trial_steps": TRIAL_STEPS,
        **costs,
        "trl_tries_pairs_per_second": {form.label: n for form, n in outcome.tries.items()},
        "trl_fastest": fastest(outcome.tries).label,
        "contenders": {name: _shown(plan, runs, costs) for name, runs in outcome.runs.items()},
        "failed": outcome.failed,
        **ratios(plan, outcome.runs),
    }


def _shown(plan: Plan, runs: Sequence[Run], costs: Mapping[str, float]) -> dict[str, Any]:
    speeds = [run.pairs_per_second for run in runs]
    a_trial = TRIAL_STEPS * plan.batch
    peaks = [run.peak_bytes for run in runs if run.peak_bytes is not None]
    used = median(speeds) * costs["flops_per_pair"] / costs["matrix_flops_per_second"]
    return {
        "pairs_per_second": spread(speeds),
        "trials_per_hour": 3600 * median(speeds) / a_trial,
        "flop_utilisation": used,
        "peak_bytes": max(peaks, default=None),
        "setup_seconds": spread([run.setup_seconds for run in runs]),
        "warm_seconds": spread([run.warm_seconds for run in runs]),
    }


RIVALS = {"defaults": ALL_DEFAULT, "precomputed": ONE, "fastest": FASTEST}


def ratios(plan: Plan, runs: Mapping[str, Sequence[Run]]) -> dict[str, Any]:
    """`ratio_vs_trl_<rival>` of the fastest number of lanes, and `..._by_<n>_lanes` of each."""
    speeds = {name: [run.pairs_per_second for run in some] for name, some in runs.items()}
    ours = {n: speeds[lanes(n).name] for n in plan.lanes if lanes(n).name in speeds}
    if not ours:
        return {}
    best = max(ours, key=lambda n: median(ours[n]))
    found: dict[str, Any] = {}
    for key, theirs in rivals(plan, speeds).items():
        whole: Ratio = ratio(ours[best], theirs)
        found[f"ratio_vs_trl_{key}"] = {**whole, "lanes": best}
        for n, own in ours.items():
            found[f"ratio_vs_trl_{key}_by_{n}_lanes"] = ratio(own, theirs)
    return found


def rivals(plan: Plan, speeds: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """TRL's rates by round: of each form, of the fastest process, of the best number of them."""
    found = {key: list(speeds[name]) for key, name in RIVALS.items() if name in speeds}
    if FASTEST in speeds and ONE in speeds:
        # Which form is fastest was found by one short try each, so the other one may win a round.
        found["fastest"] = [max(rates) for rates in zip(speeds[FASTEST], speeds[ONE], strict=True)]
    names = [ONE, *(processes(n).name for n in plan.processes)]
    several = [speeds[name] for name in names if name in speeds]
    if several:
        found["best_of_processes"] = [max(rates) for rates in zip(*several, strict=True)]
    return found
