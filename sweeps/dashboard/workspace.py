"""The workspace of a sweep: a saved view that a second call updates rather than makes again."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import wandb_workspaces.workspaces as ws

from sweeps.dashboard import panels, runs
from sweeps.dashboard.subject import Subject
from sweeps.sweepfile.spec import SweepSpec
from sweeps.watching.tracked import ends

SHOWN = 100  # runs in a panel at most


def specification(subject: Subject, entity: str) -> Any:
    """The workspace as W&B's own object, made without any server."""
    spec = subject.spec
    made = ws.Workspace(
        entity=entity,
        project=spec.tracking.project,
        name=f"Sweep {spec.name}",
        sections=sections(subject),
        settings=ws.WorkspaceSettings(max_runs=SHOWN),
        runset_settings=runset(subject),
    )
    # A name of its own choosing, by which a second call finds it again.
    made._internal_name = f"nw-{slug(spec)}-v"
    return made


def sections(subject: Subject) -> list[Any]:
    """The themes, the most asked for first and open."""
    objective = subject.spec.objective.upper()
    themes = {
        "Leaderboard": panels.leaderboard(subject),
        "Which settings matter": panels.settings(subject),
        "The Pareto front, and what the score was bought with": panels.front(subject),
        "Curves by parameter": panels.by_parameter(subject),
        f"{objective}'s training curves": panels.curves(subject),
        "Our metrics, with 95 % intervals": panels.with_intervals(subject),
    }
    return [
        ws.Section(name=name, panels=shown, is_open=place < 3)
        for place, (name, shown) in enumerate(themes.items())
        if shown
    ]


def runset(subject: Subject) -> Any:
    """The sweep's runs, best first; base and SFT stay in sight, changes are shown against SFT."""
    run_id = subject.run_id
    pinned = [f"{run_id}-base", f"{run_id}-sft"] if run_id else []
    key = subject.metric
    shown = ["run:displayName", "run:jobType", *(f"summary:{each}" for each in _with_ends(subject))]
    return ws.RunsetSettings(
        filters=runs.of_sweep(subject),
        order=[ws.Ordering(ws.Summary(key), ascending=subject.ascending)],
        pinned_columns=[*shown, *(f"config:{name}.value" for name in subject.spec.searched)],
        pinned_runs=[*pinned],
        baseline_run=pinned[-1] if pinned else None,
    )


def _with_ends(subject: Subject) -> list[str]:
    """The driving number and its interval, where it has one."""
    key = subject.metric
    if key == subject.spec.metric.name:  # a training curve
        return [key]
    return subject.known((key, *ends(key)))


def found(spec: SweepSpec, entity: str) -> Any | None:
    """The workspace that an earlier call made; None where there is none."""
    address = f"https://wandb.ai/{entity}/{spec.tracking.project}?nw={slug(spec)}"
    try:
        return ws.Workspace.from_url(address)  # of the address it reads only what comes after it
    except ValueError as error:
        if "not found in project" in str(error):
            return None
        raise


def updated(earlier: Any, made: Any) -> Any:
    """The earlier workspace with what is shown now; sections that somebody added stay, below."""
    ours = {section.name for section in made.sections}
    others = [section for section in earlier.sections if section.name not in ours]
    earlier.name = made.name
    earlier.sections = [*made.sections, *others]
    earlier.settings = made.settings
    earlier.runset_settings = made.runset_settings
    return earlier


def slug(spec: SweepSpec) -> str:
    """What the address of the workspace ends in: the same for a sweep of the same name."""
    return sha256(spec.name.encode()).hexdigest()[:11]
