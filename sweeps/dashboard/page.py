"""The W&B report of a sweep: the answer in words and tables, and panels of its runs.

What leaves the machine are numbers, settings and names: no replies, no paths, no data cautions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import wandb_workspaces.reports.v2 as wr

from sweeps.comparison.online import Section, document
from sweeps.dashboard import panels, runs
from sweeps.dashboard.subject import Subject
from sweeps.record.ledger import Record
from sweeps.report.cautions import edge_warnings, guard_warnings, style_warnings
from sweeps.report.findings import answer, outcome
from sweeps.report.report import contents, environment, markdown

ABOUT = (
    "Made by `python launch.py --dashboard`, which replaces it when it is called again. Scores are "
    "a scorer's, not a client's, and none of it is clinical advice."
)
NUMBERS = (
    *("Leaderboard", "The same settings, fresh seeds", "Beside the score"),
    *("Replies to people in crisis", "The Pareto front", "Score against drift"),
    *("Which setting matters", "How each number is made"),
)
"""The sections of report.md that hold no reply, no path and no command, and are sent."""
LONGEST_TITLE = 128  # W&B's limit


def title(subject: Subject) -> str:
    """By which a second call finds the report again."""
    return f"Sweep {subject.spec.name}"[:LONGEST_TITLE]


def specification(subject: Subject, entity: str) -> Any:
    """The report as W&B's own object, made without any server."""
    text = written(subject.record)
    trials = _runset("trials", runs.of_sweep(subject, "trial"))
    # Two sets of runs, which W&B draws side by side.
    beside = (trials, _runset("base and SFT", runs.of_sweep(subject, "baseline")))
    winners = _runset("sweeps", runs.of_project("sweep"))
    others = _runset("trials of all sweeps", runs.of_project("trial"))
    grids = {
        "Parameters and score": _grid(panels.settings(subject), trials),
        "What the score was bought with": _grid(panels.front(subject), *beside),
        "Base and SFT beside the trials": _grid([panels.scores(subject)], *beside),
        "Curves by parameter": _grid(panels.by_parameter(subject), trials),
        f"{subject.spec.objective.upper()}'s training curves": _grid(
            panels.curves(subject), trials
        ),
        "Our metrics, with 95 % intervals": _grid(panels.with_intervals(subject), *beside),
        "Families: the winners on test prompts": _grid(panels.families(subject), winners),
        "Families: the trials on validation prompts": _grid(
            panels.trials_by_family(subject), others
        ),
    }
    blocks = [
        *(block for part in text for block in (wr.H2(part.heading), wr.MarkdownBlock(part.text))),
        *(block for name, grid in grids.items() if grid for block in (wr.H2(name), grid)),
    ]
    return wr.Report(
        entity=entity,
        project=subject.spec.tracking.project,
        title=title(subject),
        description=ABOUT,
        blocks=blocks,
        width="fluid",
    )


def written(record: Record | None) -> list[Section]:
    """What came out, in the report's own words; of a sweep that has not ended, that it has not."""
    if record is None or record.summary is None:
        return [Section("What came out", "The sweep has not ended yet: call again when it has.")]
    quiet = without_words(record)
    found = outcome(quiet)
    told = [markdown(sentence) for sentence in answer(found)]
    cautions = [*guard_warnings(found), *style_warnings(found), *edge_warnings(found)]
    told += ["\n".join(f"- {markdown(text)}" for text in cautions)] if cautions else []
    page = environment("report.md").get_template("report.md.j2").render(contents(quiet))
    kept = [part for part in document(page).sections if part.heading in NUMBERS]
    return [Section("What came out", "\n\n".join(told)), *kept]


def without_words(record: Record) -> Record:
    """The record without replies, and without why trials failed: that may quote a path or words."""
    trials = tuple(
        replace(trial, reason=None) if trial.state == "failed" else trial for trial in record.trials
    )
    return replace(record, trials=trials, samples=())


def found(subject: Subject, entity: str) -> str | None:
    """The id of the report that an earlier call made, the latest of them; None for none."""
    import wandb

    reports = wandb.Api().reports(f"{entity}/{subject.spec.tracking.project}")
    same = [report for report in reports if report.display_name == title(subject)]
    return str(max(same, key=lambda report: str(report.updated_at)).id) if same else None


def _runset(name: str, filters: str) -> Any:
    return wr.Runset(name=name, filters=filters)


def _grid(shown: Sequence[Any], *runsets: Any) -> Any | None:
    """Panels over these runs; None where there is no panel."""
    if not shown:
        return None
    return wr.PanelGrid(runsets=list(runsets), panels=list(shown))
