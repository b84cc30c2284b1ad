"""The panels of a dashboard, in themes that the workspace and the report share.

Every key that a panel reads is one that runs log (`sweeps.watching.tracked`): a panel of another
would stay empty without a word.
"""

from __future__ import annotations

from typing import Any, Literal

import wandb_workspaces.reports.v2 as wr

from sweeps.dashboard.subject import Subject
from sweeps.record.wording import named
from sweeps.sweepfile.limits import ABSENT
from sweeps.sweepfile.space import continuous, distribution
from sweeps.watching.tracked import LEADERBOARD, OURS, TEST, ends, is_curve, key_of

WIDE = {"w": 24, "h": 10}
RUNS = 100  # drawn in one panel at most


def leaderboard(subject: Subject) -> list[Any]:
    """The sweep's own table, and every run's score as a bar: base and SFT among the trials."""
    return [
        wr.WeavePanelSummaryTable(table_name=LEADERBOARD, layout=wr.Layout(**WIDE)),
        scores(subject),
    ]


def scores(subject: Subject) -> Any:
    """A bar per run."""
    return wr.BarPlot(
        title=f"{_score(subject)} of each run, base and SFT beside the trials",
        metrics=[subject.metric],
        max_runs_to_show=RUNS,
        max_bars_to_show=RUNS,
        layout=wr.Layout(**WIDE),
    )


def settings(subject: Subject) -> list[Any]:
    """Which settings go with which score: parallel coordinates, and W&B's own importance."""
    spec = subject.spec
    columns = [
        wr.ParallelCoordinatesPlotColumn(
            wr.Config(name), display_name=named(name), log=_is_log(subject, name) or None
        )
        for name in spec.searched
    ]
    columns.append(
        wr.ParallelCoordinatesPlotColumn(
            wr.SummaryMetric(subject.metric),
            display_name=named(spec.metric.name),
            inverted=subject.ascending or None,
        )
    )
    return [
        wr.ParallelCoordinatesPlot(
            columns=columns,
            title=f"Parameters and {_score(subject)}",
            layout=wr.Layout(**WIDE),
        ),
        wr.ParameterImportancePlot(with_respect_to=subject.metric, layout=wr.Layout(**WIDE)),
    ]


def front(subject: Subject) -> list[Any]:
    """The score against the other aims, the drift and the guards: what it was bought with."""
    return [
        wr.ScatterPlot(
            title=f"{_score(subject)} against {named(rival)}",
            x=wr.SummaryMetric(key_of(rival)),
            y=wr.SummaryMetric(subject.metric),
        )
        for rival in subject.rivals
    ]


def by_parameter(subject: Subject) -> list[Any]:
    """For each parameter the score against it, and curves told apart by it.

    Runs that share one of few values are one curve with its range; a range's values are labels.
    """
    keys = dict.fromkeys((subject.metric, *subject.curves[:2]))
    return [
        panel
        for name in subject.spec.searched
        for panel in (
            wr.ScatterPlot(
                title=f"{_score(subject)} by {named(name)}",
                x=wr.Config(name),
                y=wr.SummaryMetric(subject.metric),
                log_x=_is_log(subject, name) or None,
            ),
            *(_curve_by(subject, key, name) for key in keys),
        )
    ]


def curves(subject: Subject) -> list[Any]:
    """Training curves under TRL's names."""
    return [
        wr.LinePlot(title=key, x="Step", y=[key], max_runs_to_show=RUNS) for key in subject.curves
    ]


def with_intervals(subject: Subject) -> list[Any]:
    """Our metrics by step, each with the ends of its 95 % interval."""
    return [
        wr.LinePlot(
            title=f"{named(name)} on validation prompts, with its 95 % interval",
            x="Step",
            y=[*subject.known((f"{OURS}{name}", *ends(f"{OURS}{name}")))],
            max_runs_to_show=RUNS,
        )
        for name in subject.metrics
    ]


def families(subject: Subject) -> list[Any]:
    """The winners of all sweeps of the project by family, on test prompts, beside SFT and base."""
    name = subject.spec.metric.name
    told = {
        "winner": "The winner",
        "winner_minus_sft": "The winner minus SFT, prompt by prompt",
        "sft": "SFT",
        "base": "The untrained base",
    }
    return [
        wr.BarPlot(
            title=f"{text}: {named(name)} on test prompts by family, with its 95 % interval",
            metrics=[*shown],
            groupby=wr.Config("family"),
            groupby_aggfunc="mean",
            groupby_rangefunc="minmax",
        )
        for who, text in told.items()
        if who in _judged(name)
        if (shown := subject.known((key := f"{TEST}{who}/{name}", *ends(key))))
    ]


def trials_by_family(subject: Subject) -> list[Any]:
    """What the trials of all sweeps reach on validation prompts, by family and by base model."""
    best: Literal["min", "max"] = "min" if subject.ascending else "max"
    return [
        wr.BarPlot(
            title=f"The best trial's {_score(subject)} by {text}",
            metrics=[subject.metric],
            groupby=wr.Config(key),
            groupby_aggfunc=best,
            groupby_rangefunc="minmax",
        )
        for key, text in (("family", "family"), ("base_model", "base model"))
    ]


def _curve_by(subject: Subject, key: str, name: str) -> Any:
    title = f"{_called(key)} by {named(name)}"
    if continuous(name, subject.spec.parameters[name]):
        label = f"${{run:displayName}}: {named(name)} ${{config:{name}}}"
        return wr.LinePlot(
            title=title, x="Step", y=[key], legend_template=label, max_runs_to_show=RUNS
        )
    return wr.LinePlot(
        title=title,
        x="Step",
        y=[key],
        groupby=wr.Config(name),
        groupby_aggfunc="mean",
        groupby_rangefunc="minmax",
        max_runs_to_show=RUNS,
    )


def _judged(name: str) -> tuple[str, ...]:
    """Who has the number on test prompts: a training curve has none, and some compare with SFT."""
    if is_curve(name):
        return ()
    return ("winner",) if name in ABSENT["sft"] else ("winner", "winner_minus_sft", "sft", "base")


def _score(subject: Subject) -> str:
    return named(subject.spec.metric.name)


def _called(key: str) -> str:
    """A key as a reader calls it; curves keep TRL's names."""
    return named(key.removeprefix(OURS)) if key.startswith(OURS) else key


def _is_log(subject: Subject, name: str) -> bool:
    """Whether a parameter's values spread over orders of magnitude."""
    return distribution(name, subject.spec.parameters[name]).startswith("log")
