"""The comparison as a Weights & Biases report, sent only when it is asked for.

What leaves the machine are the answers and tables of comparison.md: numbers, settings and names,
no replies, no paths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sweeps.comparison.contrasts import Findings
from sweeps.comparison.report import rendered, searches
from sweeps.watching.sending import check_able, check_public, sending

if TYPE_CHECKING:
    from wandb_workspaces.reports.v2 import Report

OPTION = "--wandb"


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
        check_public(
            str(sweep.folder),
            sweep.setting("data.corpora") or (),
            marked=sweep.setting("data.private"),
            mode=sweep.setting("tracking.mode"),
            option=OPTION,
        )
    check_able(OPTION)


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
    first = found.arms[0].dpo
    project = first.setting("tracking.project") or "empathy"
    with sending("the comparison stands on disk, but Weights & Biases did not take it"):
        report = specification(
            document(rendered(found, "md")), project, first.setting("tracking.entity")
        )
        return str(report.save().url)
