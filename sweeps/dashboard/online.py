"""Sending a dashboard: what is refused, and where it can be seen."""

from __future__ import annotations

from typing import NamedTuple

from empathy.errors import UserError
from sweeps.dashboard.runs import UNSPEAKABLE
from sweeps.dashboard.subject import OPTION, Subject
from sweeps.watching.sending import check_able, check_public, sending


class Sent(NamedTuple):
    """The addresses of what was made or updated."""

    workspace: str
    report: str


def check(subject: Subject) -> None:
    """Raises UserError where nothing of the sweep may, or can, be sent."""
    spec = subject.spec
    check_public(
        f"sweep '{spec.name}'",
        spec.data.corpora,
        marked=spec.data.private,
        mode=spec.tracking.mode,
        option=OPTION,
    )
    if UNSPEAKABLE & set(spec.name):
        raise UserError(
            f"the sweep's name, {spec.name}, holds one of {' '.join(sorted(UNSPEAKABLE))}, by "
            "which W&B cannot find runs: rename its file and run it again"
        )
    check_able(OPTION)


def send(subject: Subject) -> Sent:
    """Make or update the sweep's workspace and report.

    Raises UserError where the server does not take them, or nobody says whose they are.
    """
    with sending("Weights & Biases did not take the dashboard"):
        entity = subject.spec.tracking.entity or _own_entity()
        _make_project(subject, entity)
        return Sent(_send_workspace(subject, entity), _send_report(subject, entity))


def _own_entity() -> str:
    import wandb

    entity = wandb.Api().default_entity
    if not entity:
        raise UserError(
            "Weights & Biases knows no default entity for this login: name a team or user, as in "
            "--set tracking.entity=NAME"
        )
    return str(entity)


def _make_project(subject: Subject, entity: str) -> None:
    """A project that no run has made yet."""
    import wandb

    api, name = wandb.Api(), subject.spec.tracking.project
    if name not in {project.name for project in api.projects(entity)}:
        api.create_project(name, entity)


def _send_workspace(subject: Subject, entity: str) -> str:
    from sweeps.dashboard import workspace

    made = workspace.specification(subject, entity)
    earlier = workspace.found(subject.spec, entity)
    return str((workspace.updated(earlier, made) if earlier else made).save().url)


def _send_report(subject: Subject, entity: str) -> str:
    from sweeps.dashboard import page

    made = page.specification(subject, entity)
    made.id = page.found(subject, entity) or ""
    return str(made.save().url)
