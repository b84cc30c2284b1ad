"""How the report's charts look, and the first of them: the learning curves, by Plotly.

Charts are drawn on a transparent ground and their axes take their colours from the page's style
sheet, so that they stand on light and dark alike. The colours are Okabe and Ito's, which stay
apart for colour-blind eyes, shifted to a lightness that can be read on both; lines differ by
width and dash as well. Labels stand at the lines, there is no legend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

import plotly.graph_objects as go

from sweeps.record.ledger import Figure, Trial, figures
from sweeps.record.observers import BASELINES
from sweeps.record.wording import named, said, unit
from sweeps.report.findings import Outcome

WINNER, TIED, OTHER, STOPPED = "#cc5500", "#b58105", "#7c8ba1", "#8d939c"
BASELINE = {"sft": "#2f7fb8", "base": "#7a7f87"}
LABELLED = 3  # tied trials named beside the winner; more would overlap
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


class Point(NamedTuple):
    """A trial's metric at a step."""

    step: int
    figure: Figure


class Label(NamedTuple):
    """A text at the right end of a line."""

    text: str
    y: float
    colour: str


def curve_points(found: Outcome, history: Sequence[Mapping[str, Any]]) -> dict[str, list[Point]]:
    """The metric by step for each trial that reported it, by trial id."""
    points: dict[str, list[Point]] = {}
    for row in history:
        figure = figures(row.get("metrics", {})).get(found.metric)
        if figure is not None and row["trial_id"] in found.trials:
            points.setdefault(row["trial_id"], []).append(Point(row["step"], figure))
    return points


def colour(found: Outcome, trial: Trial) -> str:
    """The colour that a trial has everywhere in the report."""
    if trial.trial_id == found.best:
        return WINNER
    if trial.trial_id in found.tied:
        return TIED
    return BASELINE.get(trial.trial_id) or (STOPPED if trial.state == "stopped" else OTHER)


def faintness(found: Outcome) -> float:
    """Opacity of the lines in the background: the more there are, the less each may say."""
    return 0.7 if len(found.trials) <= 20 else 0.35


def titled(metric: str) -> str:
    """A metric's name and unit, for an axis."""
    told = unit(metric)
    return f"{named(metric)} ({told})" if told not in ("", metric) else named(metric)


def is_named(found: Outcome, trial: Trial) -> bool:
    """Whether there is room for a trial's label: the winner's and those of the best tied."""
    return trial.trial_id == found.best or trial.trial_id in found.tied[:LABELLED]


def is_main(found: Outcome, trial: Trial) -> bool:
    """Whether a trial is drawn strongly."""
    return trial.trial_id == found.best or trial.trial_id in found.tied


def learning_curves(
    found: Outcome, points: Mapping[str, Sequence[Point]], max_steps: int
) -> go.Figure:
    """The metric on validation prompts by step; base and SFT as level lines."""
    figure = go.Figure()
    labels = []
    for trial_id, trial in reversed(found.trials.items()):
        at = points.get(trial_id, ())
        if not at:
            continue
        if trial_id in BASELINES:
            figure.add_trace(_level(found, trial, at[-1].figure, max_steps))
        else:
            figure.add_trace(_curve(found, trial, at))
        if trial_id in BASELINES or is_named(found, trial):
            labels.append(Label(named(trial_id), at[-1].figure.value, colour(found, trial)))
    if found.best is not None and found.best in points:
        figure.add_trace(_band(points[found.best]))
    dress(figure, height=360)
    end_labels(figure, labels, _spread(points))
    figure.update_layout(margin={"l": 50, "r": 52, "t": 10, "b": 52})
    figure.update_xaxes(title_text="training step", range=[0, max_steps * 1.02], showgrid=False)
    figure.update_yaxes(title_text=titled(found.metric))
    return figure


def _curve(found: Outcome, trial: Trial, at: Sequence[Point]) -> go.Scatter:
    main = is_main(found, trial)
    ended = "x-thin-open" if trial.state in ("stopped", "failed") else "circle"
    told = [
        f"{escape(trial.trial_id)} ({trial.state})<br>step {p.step}: {said(p.figure, found.metric)}"
        for p in at
    ]
    return go.Scatter(
        x=[p.step for p in at],
        y=[p.figure.value for p in at],
        mode="lines+markers",
        line={"color": colour(found, trial), "width": 3 if main else 1.5},
        marker={"opacity": 1, "size": [5 if main else 4] * (len(at) - 1) + [8],
                "symbol": ["circle"] * (len(at) - 1) + [ended],
                "line": {"width": 1.5, "color": colour(found, trial)}},
        opacity=1.0 if main else faintness(found),
        hovertext=told,
        hoverinfo="text",
    )  # fmt: skip


def _level(found: Outcome, trial: Trial, figure: Figure, max_steps: int) -> go.Scatter:
    return go.Scatter(
        x=[0, max_steps],
        y=[figure.value] * 2,
        mode="lines",
        line={"color": colour(found, trial), "width": 2, "dash": "dash"},
        hovertext=f"{named(trial.trial_id)}: {said(figure, found.metric)}",
        hoverinfo="text",
    )


def _band(at: Sequence[Point]) -> go.Scatter:
    """The winner's interval, as an area around its curve."""
    known = [(p.step, p.figure.low, p.figure.high) for p in at
             if p.figure.low is not None and p.figure.high is not None]  # fmt: skip
    back = known[::-1]
    return go.Scatter(
        x=[step for step, *_ in known] + [step for step, *_ in back],
        y=[high for *_, high in known] + [low for _, low, _ in back],
        fill="toself",
        fillcolor="rgba(204, 85, 0, 0.14)",
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
    )


def _spread(points: Mapping[str, Sequence[Point]]) -> float:
    """Height of the drawn range, for the distance between labels."""
    values = [p.figure.value for at in points.values() for p in at]
    return (max(values) - min(values)) if values else 0.0


def apart(labels: Sequence[Label], gap: float) -> list[Label]:
    """The labels from the highest to the lowest, each pushed down to stand `gap` under the last."""
    placed: list[Label] = []
    for label in sorted(labels, key=lambda label: -label.y):
        most = placed[-1].y - gap if placed else label.y
        placed.append(label._replace(y=min(label.y, most)))
    return placed


def end_labels(figure: go.Figure, labels: Sequence[Label], spread: float) -> None:
    for label in apart(labels, 0.075 * spread):
        figure.add_annotation(
            x=1.0,
            xref="paper",
            xanchor="left",
            xshift=4,
            y=label.y,
            text=f"<b>{escape(label.text)}</b>",
            font={"color": label.colour, "size": 13},
            showarrow=False,
        )


def dress(figure: go.Figure, height: int) -> None:
    figure.update_layout(
        height=height,
        showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 13},
        hovermode="closest",
        dragmode=False,
        template="none",
    )
    figure.update_xaxes(fixedrange=True, zeroline=False, title_standoff=6)
    figure.update_yaxes(fixedrange=True, zeroline=False, title_standoff=8)
