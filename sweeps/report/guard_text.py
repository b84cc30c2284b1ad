"""What guards say of trials, as readers of the report see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sweeps.record.ledger import Trial
from sweeps.record.observers import BASELINES, of_search
from sweeps.record.wording import named
from sweeps.sweepfile.limits import ABSENT
from sweeps.verdict.guards import Bound, Break, Figures, Guarded, broken, open_guards

SURE, UNSURE = "breaks", "may break, by values whose intervals include the limit,"


def breaks(
    bounds: Sequence[Bound], metrics: Figures, changes: Figures
) -> Mapping[str, list[Break]]:
    """What is broken, by the verb that says how surely; a verb without any is left out."""
    found = broken(bounds, metrics, changes)
    split = {SURE: [b for b in found if b.sure], UNSURE: [b for b in found if not b.sure]}
    return {verb: some for verb, some in split.items() if some}


def in_leaderboard(found: Guarded, trial: Trial, *, won: bool, changes: Figures) -> str:
    """What a trial breaks, on test prompts where it has them: "wins the score, breaks relevance".

    `changes` are the winner's paired differences to SFT on test prompts. Guards that could not be
    judged are named; a dash where nothing that is guarded was measured.
    """
    bounds, metrics, paired = found.of("test"), trial.test, changes if won else {}
    if not metrics:
        bounds, metrics, paired = found.of("validation"), trial.metrics, {}
    if not any(bound.metric in metrics for bound in bounds):
        return "-"
    told = "; ".join(
        f"{'breaks' if verb == SURE else 'may break'} {_listed(each.bound.metric for each in some)}"
        for verb, some in breaks(bounds, metrics, paired).items()
    )
    told = f"wins the score, {told}" if won and told else told
    left = [name.rpartition(".")[0] for name in open_guards(found.limits, bounds, metrics)]
    if trial.trial_id in BASELINES:  # of these some numbers are nobody's to measure
        left = [name for name in left if name not in ABSENT["sft"]]
    unknown = f"not measured: {_listed(left)}" if left else ""
    return "; ".join(filter(None, (told, unknown))) or "kept"


def _listed(metrics: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(map(named, metrics)))


def nobody_won(found: Guarded, trials: Iterable[Trial], metric: str) -> str | None:
    """Why no trial won although some were trained to the end; None where guards do not bar them.

    `trials` come in the order of the leaderboard, the highest score first.
    """
    complete = [t for t in trials if of_search(t.trial_id) and t.state == "completed"]
    scored = [trial for trial in complete if metric in trial.metrics]
    barring = [broken(found.constraints, trial.metrics) for trial in scored]
    if not barring or not all(barring):
        return None
    return (
        f"No trial won: each of the {len(scored)} that were trained to the end breaks a guard, on "
        f"validation prompts, that this sweep enforces. The best score is {scored[0].trial_id}'s, "
        f"which breaks {'; '.join(map(str, barring[0]))}."
    )
