"""The report's parallel coordinates: one line per trial through its settings to its score.

Plotly's own trace for it draws with WebGL, which not every browser, printer or phone has; lines of
an ordinary chart look the same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go

from sweeps.record.ledger import Trial
from sweeps.record.observers import BASELINES
from sweeps.record.wording import named, number, said, setting
from sweeps.report.cautions import position
from sweeps.report.charts import Label, colour, dress, end_labels, faintness, is_main, is_named
from sweeps.report.findings import Outcome


def parallel_coordinates(found: Outcome) -> go.Figure:
    """One line per trial through its parameters to its metric on validation prompts."""
    axes = [*found.searched, found.metric]
    trials = [trial for trial in found.trials.values()
              if trial.trial_id not in BASELINES and found.score(trial)]  # fmt: skip
    figure = go.Figure()
    scores = [figure_.value for trial in trials if (figure_ := found.score(trial))]
    heights = {name: _heights(name, trials, found.parameters.get(name, {}))
               for name in found.searched}  # fmt: skip
    heights[found.metric] = {trial.trial_id: _between(score, min(scores), max(scores))
                             for trial, score in zip(trials, scores, strict=True)}  # fmt: skip
    for trial in reversed(trials):
        figure.add_trace(_polyline(found, trial, axes, heights))
    dress(figure, height=380)
    for place, name in enumerate(axes):
        ticks = ([number(s, found.metric) for s in (min(scores), max(scores))]
                 if name == found.metric else None)  # fmt: skip
        _axis(figure, place, _ticks(name, trials, found.parameters.get(name, {}), ticks))
    labels = [Label(trial.trial_id, heights[found.metric][trial.trial_id], colour(found, trial))
              for trial in trials if is_named(found, trial)]  # fmt: skip
    figure.update_xaxes(
        tickvals=list(range(len(axes))), showgrid=False, range=[-0.22, len(axes) - 1 + 0.12],
        ticktext=[f"<b>{escape(named(name)).replace(' ', '<br>')}</b>" for name in axes],
        side="top", ticks="",
    )  # fmt: skip
    figure.update_yaxes(visible=False, range=[-0.08, 1.06])
    figure.update_layout(margin={"l": 30, "r": 48, "t": 52, "b": 10})
    end_labels(figure, labels, 1.0)
    return figure


def _polyline(
    found: Outcome, trial: Trial, axes: Sequence[str], heights: Mapping[str, Mapping[str, float]]
) -> go.Scatter:
    main = is_main(found, trial)
    told = "<br>".join(f"{escape(named(name))} {escape(setting(value))}"
                       for name, value in trial.parameters.items())  # fmt: skip
    score = f"{escape(named(found.metric))} {said(found.score(trial), found.metric)}"
    return go.Scatter(
        x=list(range(len(axes))),
        y=[heights[name].get(trial.trial_id) for name in axes],
        mode="lines+markers",
        marker={"size": 6 if main else 4},
        line={"color": colour(found, trial), "width": 3 if main else 1.5,
              "dash": "dot" if trial.state == "stopped" else "solid"},
        opacity=1.0 if main else faintness(found),
        hovertext=f"{escape(trial.trial_id)} ({trial.state})<br>{told}<br>{score}",
        hoverinfo="text",
    )  # fmt: skip


def _between(value: float, low: float, high: float) -> float:
    return 0.5 if high == low else (value - low) / (high - low)


def _choices(name: str, trials: Sequence[Trial], ranges: Mapping[str, Any]) -> list[Any]:
    """The values of a parameter that has no range, in the sweep file's order."""
    seen = dict.fromkeys(trial.parameters[name] for trial in trials if name in trial.parameters)
    return list(ranges.get("values") or seen)


def _heights(name: str, trials: Sequence[Trial], ranges: Mapping[str, Any]) -> dict[str, float]:
    """Where each trial crosses the axis of a parameter, 0 (bottom) to 1, by trial id."""
    chosen = {trial.trial_id: trial.parameters[name] for trial in trials
              if name in trial.parameters}  # fmt: skip
    if ranges.get("min") is not None and ranges.get("max") is not None:
        return {trial_id: position(value, ranges) for trial_id, value in chosen.items()}
    choices = _choices(name, trials, ranges)
    return {trial_id: _between(choices.index(value), 0, len(choices) - 1)
            for trial_id, value in chosen.items()}  # fmt: skip


def _ticks(
    name: str, trials: Sequence[Trial], ranges: Mapping[str, Any], ends: Sequence[str] | None
) -> dict[float, str]:
    """Text by height for an axis: the two ends of a range, or every choice."""
    if ends is None and ranges.get("min") is not None and ranges.get("max") is not None:
        ends = [setting(float(ranges[end])) for end in ("min", "max")]
    if ends is not None:
        return dict(zip((0.0, 1.0), ends, strict=True))
    choices = _choices(name, trials, ranges)
    return {_between(at, 0, len(choices) - 1): setting(choice)
            for at, choice in enumerate(choices)}  # fmt: skip


def _axis(figure: go.Figure, place: int, ticks: Mapping[float, str]) -> None:
    figure.add_shape(type="line", x0=place, x1=place, y0=0, y1=1, layer="below",
                     line={"color": "#8d939c", "width": 1})  # fmt: skip
    for height, text in ticks.items():
        figure.add_annotation(
            x=place, y=height, text=escape(text), showarrow=False, xanchor="right", xshift=-6,
            yshift={0.0: -7, 1.0: 7}.get(height, 0),  # off the lines that end there
            font={"size": 12, "color": "#7a7f87"},
        )  # fmt: skip
