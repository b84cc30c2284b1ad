"""How much each searched parameter seems to matter, by PED-ANOVA over the trials on record."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from sweeps.record.ledger import Trial
from sweeps.record.observers import BASELINES
from sweeps.report.findings import Outcome

MIN_TRIALS = 4


class TooLittleError(Exception):
    """There is too little to estimate importance from; the message says why, to the reader."""


def importance(found: Outcome) -> tuple[dict[str, float], int]:
    """Shares by parameter, summing to 1, largest first, and the count of trials behind them.

    Only trials trained to the end count: others were judged at another step. What is explained is
    which trials belong to the better half (Watanabe et al. 2023, PED-ANOVA, with quantile 0.5: the
    usual 0.1 would leave one trial of ten). Raises `TooLittleError`.
    """
    full = [trial for trial in found.trials.values() if trial.trial_id not in BASELINES
            and trial.state == "completed" and found.score(trial) is not None]  # fmt: skip
    if len(full) < MIN_TRIALS:
        raise TooLittleError(
            f"Left out: {len(full)} of the trials were trained to the end, "
            f"and fewer than {MIN_TRIALS} say nothing about it."
        )
    scores = [figure.value for trial in full if (figure := found.score(trial)) is not None]
    if len(set(scores)) == 1:
        raise TooLittleError("Left out: all trials scored the same.")
    varied = [name for name in found.searched if len({_key(trial, name) for trial in full}) > 1]
    if not varied:
        raise TooLittleError("Left out: all trials trained to the end have the same settings.")
    return _evaluated(full, scores, varied, found), len(full)


def _key(trial: Trial, name: str) -> str:
    return repr(trial.parameters.get(name))


def _evaluated(
    full: list[Trial], scores: list[float], names: list[str], found: Outcome
) -> dict[str, float]:
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(direction=found.goal)
        given = {name: _distribution([trial.parameters[name] for trial in full],
                                     found.parameters.get(name, {})) for name in names}  # fmt: skip
        for trial, score in zip(full, scores, strict=True):
            chosen = {name: trial.parameters[name] for name in names}
            study.add_trial(
                optuna.trial.create_trial(params=chosen, distributions=given, value=score)
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=0.5)
            found_shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
        return {name: float(share) for name, share in found_shares.items()}
    finally:
        optuna.logging.set_verbosity(verbosity)


def _distribution(values: list[Any], ranges: Mapping[str, Any]) -> Any:
    """The range as Optuna says it: a continuous one where it has min and max, else categories."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    if ranges.get("min") is None or ranges.get("max") is None:
        return CategoricalDistribution(ranges.get("values") or sorted(set(values), key=repr))
    log = str(ranges.get("distribution") or "").startswith("log")
    return FloatDistribution(float(ranges["min"]), float(ranges["max"]), log=log)
