"""The sweep itself as a run of Weights & Biases: leaderboard, plots, and what test prompts said.

Numbers, settings and names alone: no replies, no reasons of failures, which may quote them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from empathy.metrics import METRICS
from sweeps.record.ledger import Figure, Record, Trial, by_step, figures
from sweeps.record.observers import BASELINES
from sweeps.record.wording import named
from sweeps.watching.tracked import CURVES, FRONT, LEADERBOARD, SCORES, TEST, ends, with_ends

if TYPE_CHECKING:
    import wandb

DRIFT = "log_ratio"  # what a single metric is held against, as in the report


class Table(NamedTuple):
    """Columns by name, and a list of cells per row; None is a cell that nobody measured."""

    columns: list[str]
    rows: list[list[Any]]


def leaderboard(record: Record) -> Table:
    """Base and SFT, then the trials, best first: parameters and every number with its interval."""
    trials = sorted(record.trials, key=lambda trial: _place(record, trial))
    parameters = list(dict.fromkeys(name for trial in trials for name in trial.parameters))
    measured = [
        column
        for prefix, part in (("", "metrics"), ("test_", "test"))
        for name in _in_order({name for trial in trials for name in getattr(trial, part)})
        for column in (f"{prefix}{name}", *ends(f"{prefix}{name}"))
    ]
    columns = ["trial", "state", "step", "seconds", *parameters, *measured]
    rows = [[_cells(trial).get(column) for column in columns] for trial in trials]
    return Table(columns, rows)


def headline(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The sweep in single numbers: how many trials, who won, and the test prompts' verdict."""
    best = summary.get("best") or {}
    told = {name: summary[name] for name in ("trials", "completed", "stopped_early", "failed")
            if name in summary}  # fmt: skip
    if best:
        told |= {"winner": best["trial"]}
    if best and "tied" in summary:  # the winner is one of them
        told |= {"tied": len(summary["tied"]) - 1}
    judged = {name: each["metrics"] for name, each in summary.get("baselines", {}).items()}
    judged |= {"winner": best.get("metrics", {})}
    judged |= {"winner_minus_sft": summary.get("differences", {}).get("vs_sft", {})}
    for who, metrics in judged.items():
        told |= with_ends(f"{TEST}{who}/", figures(metrics))
    return told


def log_to(run: wandb.Run, record: Record) -> None:
    """Log the table and the plots of a sweep.

    Each table is bound to the run first, for of one that is not W&B makes an artifact as well: a
    copy in the user's home, whose path it notes, and requests that wait for a server which may have
    gone. The run's own folder has the table either way.
    """
    found = logged(record)
    for key, each in found.items():
        if key == LEADERBOARD:
            each.bind_to_run(run, key, 0)
        else:
            each.table.bind_to_run(run, f"{key}_table", 0)
    run.log(found, commit=True)


def logged(record: Record) -> dict[str, Any]:
    """The table and the plots as W&B's own objects, by the key they are logged under."""
    import wandb

    metric, across = record.manifest["metric"]["name"], _against(record)
    table = leaderboard(record)
    columns: list[str | int] = [*table.columns]  # as W&B's own annotation has it
    found: dict[str, Any] = {}
    found[LEADERBOARD] = wandb.Table(columns, table.rows, allow_mixed_types=True)
    scores = _points(record, (metric,))
    if scores:
        bars = wandb.Table(["trial", metric], scores)
        found[SCORES] = wandb.plot.bar(bars, "trial", metric, title=named(metric))
    front = _points(record, (metric, across))
    if front:
        dots = wandb.Table(["trial", metric, across], front)
        found[FRONT] = wandb.plot.scatter(
            dots, across, metric, title=f"{named(metric)} against {named(across)}"
        )
    curves = _curves(record, metric)
    if curves:
        found[CURVES] = wandb.plot.line_series(
            [steps for steps, _ in curves.values()],
            [values for _, values in curves.values()],
            keys=list(curves),
            title=f"{named(metric)} on validation prompts",
            xname="optimizer step",
        )
    return found


def _place(record: Record, trial: Trial) -> tuple[int, float]:
    """Baselines first, then by the sweep's metric; whoever lacks it last."""
    if trial.trial_id in BASELINES:
        return 0, BASELINES.index(trial.trial_id)
    metric = record.manifest["metric"]
    figure = trial.metrics.get(metric["name"])
    if figure is None:
        return 2, 0.0
    return 1, -figure.value if metric["goal"] == "maximize" else figure.value


def _in_order(names: set[str]) -> list[str]:
    """In the catalogue's order, then by name."""
    return [*(name for name in METRICS if name in names), *sorted(names - set(METRICS))]


def _cells(trial: Trial) -> dict[str, Any]:
    """A row of the leaderboard by column."""
    fixed = {name: getattr(trial, name) for name in ("state", "step", "seconds")}
    measured = with_ends("", trial.metrics) | with_ends("test_", trial.test)
    return {"trial": trial.trial_id, **fixed, **trial.parameters, **measured}


def _against(record: Record) -> str:
    """The number that the front sets against the sweep's metric: its second aim, else the drift."""
    also = record.manifest["settings"].get("metric", {}).get("also") or [{"name": DRIFT}]
    return str(also[0]["name"])


def _points(record: Record, names: Sequence[str]) -> list[list[Any]]:
    """Trials and baselines that have all these numbers on validation prompts."""
    found: list[list[Any]] = []
    for trial in record.trials:
        shown: list[Figure | None] = [trial.metrics.get(name) for name in names]
        if None not in shown:
            found.append([trial.trial_id, *(each.value for each in shown if each is not None)])
    return found


def _curves(record: Record, metric: str) -> dict[str, tuple[list[int], list[float]]]:
    """Steps and values by trial."""
    found = by_step(record.history, metric)
    return {trial: ([*steps], [*steps.values()]) for trial, steps in found.items()}
