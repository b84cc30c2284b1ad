"""What `score` tells: the numbers as JSON and as tables, and what a reader must know with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from empathy.evaluate import Evaluation
from empathy.judges import Judges
from empathy.metrics import METRICS
from empathy.own_data.listing import aligned, interval, ranges, value
from empathy.own_data.policies import REPLY, Lead, Policies
from empathy.own_data.rows import OwnRows
from empathy.uncertainty import Estimate

BETTER = {"maximize": "more", "minimize": "less", None: "-"}
COMPARED = (
    "each interval holds for itself alone: of twenty differences that are none, one looks real"
)


class Scored(NamedTuple):
    """A file's rows, each policy's evaluation, the others beside the first, and notes."""

    rows: OwnRows
    found: Mapping[str, Evaluation]
    leads: Sequence[Lead]
    notes: Sequence[str]


def cautions(rows: OwnRows, policies: Policies, judges: Judges) -> list[str]:
    """What was not measured, or not on everything, in a sentence each."""
    notes = []
    if blank := sum(not row.texts[REPLY] for row in rows.rows):
        notes.append(f"{blank} of the replies are blank: 0 words, and no other number")
    notes += judges.unread(row.language for row in rows.rows)
    notes += judges.cut()
    first, *others = policies
    for policy in others:
        own, theirs = policies[policy].keys(), policies[first].keys()
        if not own & theirs:
            notes.append(f"'{policy}' and '{first}' answered no prompt both: they are not compared")
        elif own != theirs:
            notes.append(
                f"'{policy}' answered {len(own)} prompts and '{first}' {len(theirs)}: they are "
                f"compared on the {len(own & theirs)} that both answered"
            )
    return notes


def as_json(scored: Scored) -> dict[str, Any]:
    """All numbers by name; what could not be measured is missing."""
    policies = {
        policy: {
            "replies": len(each.prompt_ids),
            "groups": len(set(each.groups)),
            "relevance_among": each.relevance_among,
            "metrics": {name: number.as_dict() for name, number in each.metrics.items()},
            "unscored": each.unscored,
        }
        for policy, each in scored.found.items()
    }
    compared = [lead.as_dict() for lead in scored.leads]
    return {
        **scored.rows.as_dict(),
        "policies": policies,
        "compared": compared,
        "notes": list(scored.notes),
    }


def as_lines(scored: Scored) -> list[str]:
    """A table for each policy, then one for each comparison, then the notes."""
    lines, shown = [str(scored.rows)], list[Estimate]()
    for each in scored.found.values():
        lines += ["", *aligned(list(_measured(each)))]
        shown += each.metrics.values()
    for lead in scored.leads:
        lines += ["", *aligned(list(_compared(lead)))]
        shown += lead.differences.values()
    notes = [*scored.notes, *ranges(shown), *([COMPARED] if scored.leads else [])]
    return [*lines, "", *(f"note: {each}" for each in notes)] if notes else lines


def _measured(found: Evaluation) -> Iterator[tuple[str, ...]]:
    yield (found.policy, "better", "unit", "mean", "95 % interval", "scored", "not")
    for name, metric in METRICS.items():
        number = found.metrics.get(name)
        if number is None and name not in found.unscored:
            continue
        counts = (0, found.unscored[name]) if number is None else (number.n, number.unscored)
        told = (value(number), interval(number), *map(str, counts))
        yield (name, BETTER[metric.goal], metric.unit, *told)


def _compared(lead: Lead) -> Iterator[tuple[str, ...]]:
    yield (f"{lead.policy} - {lead.first}", "unit", "mean", "95 % interval", "scored", "not")
    for name, number in lead.differences.items():
        told = (value(number, signed=True), interval(number, signed=True))
        yield (name, METRICS[name].unit, *told, str(number.n), str(number.unscored))
    wins = {"referee's wins": lead.wins.rate, "wins at equal length": lead.wins.at_equal_length}
    for name, rate in wins.items():
        counts = ("0", str(lead.prompts)) if rate is None else (str(rate.n), str(rate.unscored))
        yield (name, "share", value(rate), interval(rate), *counts)
