"""report.html and report.md, from the files of a sweep alone: it can be rebuilt at any time.

The page is one file that loads nothing: Plotly's script stands in it once (about 5 MB), and a
content security policy forbids every request. Replies and names are escaped by the templates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import plotly.graph_objects as go
import plotly.io
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from markupsafe import escape as html_escaped
from plotly.offline import get_plotlyjs

from empathy.cache import write_atomically
from empathy.metrics import METRICS
from sweeps.record import wording
from sweeps.record.ledger import Figure, Record, read_record
from sweeps.record.observers import BASELINES
from sweeps.report import fresh_seeds, plain_words, reproduction
from sweeps.report.cautions import data_warnings, edge_warnings, guard_warnings, style_warnings
from sweeps.report.charts import Point, curve_points, learning_curves
from sweeps.report.findings import Outcome, answer, change_of, judged, outcome
from sweeps.report.guard_text import in_leaderboard
from sweeps.report.importance import TooLittleError, importance
from sweeps.report.model_facts import facts
from sweeps.report.parallel import parallel_coordinates
from sweeps.report.report_cost import cost
from sweeps.report.report_data import data_card, data_view
from sweeps.report.report_judges import judges_view
from sweeps.report.report_pareto import pareto_view
from sweeps.report.report_safety import safety_view

INTERVAL = re.compile(r"\[[^\[\]]*\]")


class Guard(NamedTuple):
    """A number beside the score: of base, SFT and winner on test prompts, as text."""

    name: str
    unit: str
    human: str
    base: str
    sft: str
    winner: str
    difference: str
    verdict: str


def write_report(out: Path) -> None:
    """Write report.html and report.md under `out`; raises UserError where there is no sweep."""
    view = contents(read_record(out), data_card(out))
    for name in ("report.html", "report.md"):
        text = environment(name).get_template(f"{name}.j2").render(view)
        write_atomically(out / name, partial(Path.write_text, data=text, encoding="utf-8"))


def contents(record: Record, card: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """All that both templates show, by name; `card` is the data card, None where there is none."""
    found = outcome(record)
    points = curve_points(found, record.history)
    shares, behind, left_out = _importance(found)
    return {
        "found": found,
        "manifest": record.manifest,
        "headline": plain_words.headline(found),
        "answer": answer(found),
        "done": plain_words.done(found, record.manifest),
        "glossary": plain_words.glossary(found),
        "warnings": [
            *guard_warnings(found),
            *style_warnings(found),
            *data_warnings(record.manifest),
            *edge_warnings(found),
        ],
        "source": _source(found.metric),
        "points": points,
        **_charts(found, points, record.manifest["max_steps"]),
        "scale": scale(found),
        "prompts": prompts(found),
        "units": {name: metric.unit for name, metric in METRICS.items()},
        "last_baseline": next((name for name in reversed(found.trials) if name in BASELINES), None),
        "importance": shares,
        "importance_trials": behind,
        "importance_left_out": left_out,
        "guards": guards(found),
        "seed_rows": fresh_seeds.rows(found.seeds, found.metric),
        "seed_failures": fresh_seeds.failures(found.seeds),
        "safety": safety_view(record, found),
        "judges": judges_view((record.summary or {}).get("judges"), found.best),
        "kept": {
            name: in_leaderboard(
                found.guarded, trial, won=name == found.best, changes=found.differences
            )
            for name, trial in found.trials.items()
        },
        "pareto": pareto_view(found, record.manifest["settings"].get("metric", {}), _drawn),
        "samples": [_sample(item, found) for item in record.samples],
        "meanings": [METRICS[name] for name in reported(found) if name in METRICS],
        "data": data_view(record.manifest, card),
        "facts": facts(record.manifest, found.searched),
        "cost": cost(record),
        "command": reproduction.command(record.manifest),
        "identity": reproduction.identity(record.manifest),
        "plotly": Markup(get_plotlyjs()),
    }


def environment(name: str) -> Environment:
    """Jinja as the templates of this folder want it; texts are escaped in those for HTML."""
    made = Environment(
        loader=PackageLoader("sweeps.report", "."),
        autoescape=name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "named": wording.named,
        "number": wording.number,
        "said": wording.said,
        "setting": wording.setting,
        "settings": wording.settings,
        "markdown": markdown,
        "whole": whole,
    }
    made.globals["baselines"] = BASELINES
    return made


def markdown(text: object) -> str:
    """Any text as one line that Markdown and HTML show as it is."""
    line = escape(" ".join(str(text).split()), quote=False)
    return re.sub(r"([\\`*_{}\[\]|#~])", r"\\\1", line)


def whole(text: object) -> Markup:
    """A text for a narrow cell of a page, which may be broken before an interval, not in it."""
    return Markup(INTERVAL.sub(r'<span class="whole">\g<0></span>', str(html_escaped(text))))


def _charts(
    found: Outcome, points: dict[str, list[Point]], max_steps: int
) -> dict[str, Markup | None]:
    """The charts by name; None for one that has nothing to show yet."""
    ready = any(trial_id not in BASELINES for trial_id in points)
    curves = _drawn(learning_curves(found, points, max_steps), "curves") if points else None
    parallel = _drawn(parallel_coordinates(found), "parallel") if ready else None
    return {"curves": curves, "parallel": parallel}


def _drawn(figure: go.Figure, name: str) -> Markup:
    """The chart as HTML without the script, which the page carries once."""
    html = plotly.io.to_html(
        figure,
        include_plotlyjs=False,
        full_html=False,
        div_id=f"chart-{name}",  # the section has the bare name
        config={"displayModeBar": False, "responsive": True},
    )
    return Markup(html)


def _importance(found: Outcome) -> tuple[dict[str, float], int, str | None]:
    try:
        return *importance(found), None
    except TooLittleError as reason:
        return {}, 0, str(reason)


def reported(found: Outcome) -> list[str]:
    """Names of all metrics measured in this sweep, in the catalogue's order."""
    names = {name for trial in found.trials.values() for name in (*trial.metrics, *trial.test)}
    return [*(name for name in METRICS if name in names), *sorted(names - set(METRICS))]


class Scale(NamedTuple):
    """The range of the small interval plots in the leaderboard."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Where a value lies, 0 to 100."""
        return 100 * (value - self.low) / ((self.high - self.low) or 1.0)

    def pixel(self, value: float) -> float:
        """The same in a plot 170 pixels wide, whose dots must not be cut at its sides."""
        return round(5 + 1.6 * self.at(value), 1)


def scale(found: Outcome) -> Scale:
    """The range that holds every interval of the metric, with a margin."""
    shown = [figure for trial in found.trials.values()
             for figure in (trial.metrics.get(found.metric), trial.test.get(found.metric))
             if figure is not None]  # fmt: skip
    ends = [end for figure in shown for end in (figure.value, figure.low, figure.high)
            if end is not None]  # fmt: skip
    if not ends:
        return Scale(0.0, 1.0)
    margin = 0.04 * (max(ends) - min(ends))
    return Scale(min(ends) - margin, max(ends) + margin)


def prompts(found: Outcome) -> dict[str, int | None]:
    """How many prompts SFT was measured on, by split; None where that is not on record."""
    sft = found.trials.get("sft")
    groups = {"validation": sft.metrics, "test": sft.test} if sft else {}
    known = {split: group.get(found.metric) for split, group in groups.items()}
    return {"validation": None, "test": None} | {
        split: figure.n for split, figure in known.items() if figure is not None
    }


def guards(found: Outcome) -> list[Guard]:
    """What stands beside the score, for the winner; empty when nobody won."""
    if found.best is None:
        return []
    base, sft = (found.trials[name].test if name in found.trials else {} for name in BASELINES)
    winner = found.trials[found.best].test
    names = [name for name in reported(found) if name != found.metric and name in winner]
    return [_guard(name, base.get(name), sft.get(name), winner[name], found) for name in names]


def _guard(
    name: str, base: Figure | None, sft: Figure | None, winner: Figure, found: Outcome
) -> Guard:
    change = change_of(name, winner, sft, found)
    return Guard(
        name=name,
        unit=wording.unit(name),
        human=wording.said(found.human.get(name), name),
        base=wording.said(base, name),
        sft=wording.said(sft, name),
        winner=wording.said(winner, name),
        difference=wording.said(change, name, difference=True),
        verdict=judged(name, change),
    )


def _source(metric: str) -> str:
    """What a metric is a number of, for the leaderboard's caption."""
    if metric in METRICS and METRICS[metric].curve:
        return "on the training batches, without intervals"
    if metric == "pair_accuracy":
        return "on held-out pairs with 95 % intervals (50 % is chance, SFT has none)"
    return "of generated replies with 95 % intervals"


def _sample(item: Mapping[str, Any], found: Outcome) -> dict[str, Any]:
    """A prompt and who replied: base, SFT, winner, human. samples.json has all finalists'."""
    replies = item["replies"]
    ordered = [name for name in ("base", "sft", found.best, "human") if name in replies]
    return {"prompt": item["prompt"], "replies": [(name, replies[name]) for name in ordered]}
