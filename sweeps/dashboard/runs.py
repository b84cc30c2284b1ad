"""Which runs a dashboard shows, as W&B's filters say it."""

from __future__ import annotations

from sweeps.dashboard.subject import Subject
from sweeps.watching.tracked import Job

UNSPEAKABLE = frozenset("=<>'\"\\")
"""What W&B's filters, which are read as Python is, cannot hold in a name."""


def of_sweep(subject: Subject, *jobs: Job) -> str:
    """The runs of one sweep: of the run on record, else of all that bear the sweep's name."""
    run_id = subject.run_id
    # `in` rather than `==`, which reports do not always heed (wandb-workspaces issue 34).
    known = f"Metric('Group') in ['{run_id}']" if run_id else f"Tags() in ['{subject.spec.name}']"
    return " and ".join([known, *_kinds(*jobs)])


def of_project(*jobs: Job) -> str:
    """Runs of all sweeps of a project."""
    return " and ".join(_kinds(*jobs))


def _kinds(*jobs: Job) -> list[str]:
    return [f"Metric('JobType') in {list(jobs)}"] if jobs else []
