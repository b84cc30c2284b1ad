"""The comparison as a Weights & Biases report, sent only when it is asked for.

What leaves the machine are the answers and tables of comparison.md: numbers, settings and names,
no replies, no paths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from empathy.errors import UserError
from empathy.privacy import private_among
from sweeps.comparison.contrasts import Findings
from sweeps.comparison.report import rendered, searches
from sweeps.watching.tracking import has_login, report_no_errors

if TYPE_CHECKING:
    from wandb_workspaces.reports.v2 import Report

MISSING = (
    "--wandb writes its report by the package wandb-workspaces, which is not installed: "
    "pip install 'wandb-workspaces>=0.4.13,<0.5', or leave --wandb out"
)


class Section(NamedTuple):
    """A heading and the Markdown under it."""

    heading: str
    text: str


class Document(NamedTuple):
    """What is sent."""

    title: str
    description: str
    sections: tuple[Section, ...]


def check(found: Findings) -> None:
    """Raises UserError where the comparison may not, or cannot, be sent."""
    for _, _, sweep in searches(found):
        private = private_among(
            sweep.setting("data.corpora") or (), marked=sweep.setting("data.private")
        )
        if private:
            raise UserError(
                f"{sweep.folder} used the corpus '{private[0]}', which is private, and nothing of "
                "it is uploaded, not even numbers: leave --wandb out"
            )
        if sweep.setting("tracking.mode") == "disabled":
            raise UserError(
                f"{sweep.folder} was run with tracking.mode=disabled, so nothing of it is uploaded:"
                " leave --wandb out"
            )
    if not has_login():
        raise UserError(
            "--wandb found no login: set WANDB_API_KEY or run `wandb login`, and leave WANDB_MODE "
            "unset or online"
        )
    try:
        import wandb_workspaces.reports.v2  # noqa: F401  # is it there?
    except ImportError:
        raise UserError(MISSING) from None


def document(markdown: str) -> Document:
    """comparison.md cut at its headings of the second level."""
    top, *parts = markdown.split("\n## ")
    title, _, description = top.removeprefix("# ").partition("\n")
    cut = (part.partition("\n") for part in parts)
    sections = tuple(Section(heading.strip(), text.strip()) for heading, _, text in cut)
    return Document(title.strip(), description.strip(), sections)


def specification(document: Document, project: str, entity: str | None) -> Report:
    """The report as W&B's own object; with an entity it is made without any server."""
    import wandb_workspaces.reports.v2 as wr

    blocks: list[Any] = []
    for section in document.sections:
        blocks += [wr.H2(section.heading), wr.MarkdownBlock(section.text)]
    named = {} if entity is None else {"entity": entity}
    return wr.Report(
        project=project,
        title=document.title,
        description=document.description,
        blocks=blocks,
        width="fluid",
        **named,
    )


def send(found: Findings) -> str:
    """Send the comparison to the project of the first sweep; returns the report's address.

    Raises UserError where the server does not take it.
    """
    report_no_errors()
    first = found.arms[0].dpo
    project = first.setting("tracking.project") or "empathy"
    try:
        report = specification(
            document(rendered(found, "md")), project, first.setting("tracking.entity")
        )
        return str(report.save().url)
    except Exception as error:  # CommError, ValidationError and whatever else a server causes
        why = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(
            f"the comparison stands on disk, but Weights & Biases did not take it ({why}): "
            "try again later"
        ) from error
