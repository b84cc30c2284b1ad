"""The report's part on several numbers at once: which trials no other beats in all of them.

A sweep of one metric is shown against the drift, for a score is often bought with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

import plotly.graph_objects as go

from empathy.metrics import METRICS
from sweeps.record.ledger import Trial
from sweeps.record.observers import of_search
from sweeps.record.wording import named, said
from sweeps.report.charts import colour, dress, is_main, titled
from sweeps.report.findings import Outcome
from sweeps.sweepfile.sections import Aim
from sweeps.verdict.guards import broken
from sweeps.verdict.pareto import front

DRIFT = Aim(name="log_ratio", goal="minimize")
CURVES = [each.name for each in METRICS.values() if each.curve]


class Line(NamedTuple):
    """A trial on the front, with its numbers on validation prompts as text."""

    trial: Trial
    values: list[str]


class View(NamedTuple):
    """What the templates show. `charts` hold the first number against each of the others."""

    aims: tuple[Aim, ...]
    searched: bool
    """Whether the sweep was after all of these numbers, or only after the first."""
    front: list[Line]
    trials: int
    barred: int
    """How many of them break an enforced guard, which keeps them off the front."""
    charts: dict[str, Any]


def pareto_view(
    found: Outcome, metric: Mapping[str, Any], draw: Callable[[go.Figure, str], Any]
) -> View | None:
    """`metric` is the sweep file's; None where fewer than two trials have all the numbers."""
    also = tuple(Aim.model_validate(each) for each in metric.get("also", ()))
    if not also and found.metric in (DRIFT.name, *CURVES):
        return None
    aims = (Aim(name=found.metric, goal=found.goal), *(also or (DRIFT,)))
    trials = {
        trial_id: trial
        for trial_id, trial in found.trials.items()
        if of_search(trial_id)
        and trial.state == "completed"
        and all(aim.name in trial.metrics for aim in aims)
    }
    if len(trials) < 2:
        return None
    measured = [{t: trial.metrics[aim.name].value for t, trial in trials.items()} for aim in aims]
    able = [name for name, trial in trials.items() if not _barred(found, trial)]
    best = front(aims, measured, able)
    lines = [
        Line(trials[t], [said(trials[t].metrics[aim.name], aim.name) for aim in aims]) for t in best
    ]
    charts = {
        aim.name: draw(chart(found, list(trials.values()), best, (aims[0], aim)), f"front{place}")
        for place, aim in enumerate(aims[1:])
    }
    return View(aims, bool(also), lines, len(trials), len(trials) - len(able), charts)


def _barred(found: Outcome, trial: Trial) -> bool:
    """Whether it breaks a guard that is enforced: then it neither wins nor is on the front."""
    return bool(broken(found.guarded.constraints, trial.metrics))


def chart(
    found: Outcome, trials: Sequence[Trial], best: Sequence[str], aims: tuple[Aim, Aim]
) -> go.Figure:
    """One dot per trial with its intervals, the front's joined by a line and named."""
    up, across = aims
    figure = go.Figure()
    line = sorted(
        (t.metrics[across.name].value, t.metrics[up.name].value)
        for t in trials if t.trial_id in best
    )  # fmt: skip
    figure.add_trace(go.Scatter(
        x=[x for x, _ in line], y=[y for _, y in line], mode="lines", hoverinfo="skip",
        line={"color": "#8d939c", "width": 1.5, "dash": "dot"},
    ))  # fmt: skip
    for trial in reversed(trials):
        figure.add_trace(_dot(found, trial, trial.trial_id in best, aims))
    dress(figure, height=360)
    figure.update_layout(margin={"l": 50, "r": 48, "t": 10, "b": 52})
    figure.update_xaxes(title_text=f"{titled(across.name)}, to {across.goal}", showgrid=False)
    figure.update_yaxes(title_text=titled(up.name))
    return figure


def _dot(found: Outcome, trial: Trial, named_there: bool, aims: tuple[Aim, Aim]) -> go.Scatter:
    up, across = (trial.metrics[aim.name] for aim in aims)
    told = "<br>".join(f"{named(a.name)} {said(trial.metrics[a.name], a.name)}" for a in aims)
    ends = [None, None] if up.low is None or up.high is None else [up.high - up.value,
                                                                   up.value - up.low]  # fmt: skip
    return go.Scatter(
        x=[across.value],
        y=[up.value],
        error_y={"type": "data", "symmetric": False, "array": ends[:1], "arrayminus": ends[1:],
                 "thickness": 1, "width": 0, "color": colour(found, trial)},
        mode="markers+text",
        marker={"color": colour(found, trial), "size": 10 if is_main(found, trial) else 7,
                "symbol": "circle" if named_there else "circle-open"},
        text=[escape(trial.trial_id) if named_there else ""],
        textposition="top right",
        textfont={"color": colour(found, trial)},
        hovertext=f"{escape(trial.trial_id)}<br>{told}",
        hoverinfo="text",
    )  # fmt: skip
