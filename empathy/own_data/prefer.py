"""`python -m empathy prefer FILE`: who agrees with the preference pairs of one's own?

FILE has the columns `prompt, chosen, rejected` (see `empathy.own_data.rows`). Every judge's number
is its pair accuracy: the share of pairs whose chosen reply it puts above the rejected one, ties
half; 0.5 is guessing. Where rules that see no prompt are as good as the scorers, or better, the
pairs can be told apart without any empathy.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from empathy.checkpoints.packaged import on_console
from empathy.errors import UserError
from empathy.judges import Judges
from empathy.own_data.deciders import by_length, by_scorers, by_style, comparisons
from empathy.own_data.listing import aligned, interval, ranges, value
from empathy.own_data.rows import CORPUS, PROMPT, OwnRows, read
from empathy.preference_baselines import solved
from empathy.records import PreferencePair
from empathy.uncertainty import Estimate, share_interval
from empathy.verdicts.verdict import Verdicts

COLUMNS = (PROMPT, "chosen", "rejected")
SCORER, RULE, MODEL = "scorer", "rule without prompt", "language model"


class Agreement(NamedTuple):
    """How far one judge agrees with the pairs: None where it could judge none of them.

    `kind` is one of the three above. `counts` says what was identical, and why others have no
    verdict; `ties` are the pairs that count half, identical ones among them.
    """

    judge: str
    kind: str
    accuracy: Estimate | None
    ties: int
    counts: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Every field by name, ready for JSON."""
        accuracy = None if self.accuracy is None else self.accuracy.as_dict()
        return {**self._asdict(), "accuracy": accuracy, "counts": dict(self.counts)}


class Asked(NamedTuple):
    """The verdicts of a language model's numbers, which model it is, and notes."""

    verdicts: list[Verdicts]
    model: dict[str, str | None]
    notes: list[str]


class Preferred(NamedTuple):
    """What the command tells."""

    rows: OwnRows
    agreements: list[Agreement]
    model: dict[str, str | None] | None
    notes: list[str]


def arguments(parser: ArgumentParser) -> None:
    """The options of `prefer`."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="CSV or JSONL with prompt, chosen, rejected; if you like, group, language",
    )
    parser.add_argument(
        "--model", metavar="BASE", help="judge by it, too: a hub id, folder or package:NAME"
    )
    parser.add_argument("--adapter", type=Path, metavar="DIR", help="a PEFT adapter of that model")
    parser.add_argument("--family", metavar="NAME", help="of the model [as its files say]")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Lets everybody judge the file's pairs and prints who agrees how far; 0 when all is done."""
    if options.model is None and (options.adapter or options.family):
        raise UserError("--adapter and --family say more about --model; give --model BASE too")
    rows = read(options.file, COLUMNS)
    pairs = [
        PreferencePair(row.prompt(row.line), row.texts["chosen"], row.texts["rejected"], CORPUS)
        for row in rows.rows
    ]
    told = preferred(rows, pairs, by_model(pairs, options) if options.model else None)
    print(json.dumps(as_json(told), indent=1) if options.json else "\n".join(as_lines(told)))
    return 0


def preferred(rows: OwnRows, pairs: Sequence[PreferencePair], asked: Asked | None) -> Preferred:
    """The agreements of scorers and rules, and of the model that was asked already."""
    judges, questions = Judges.shipped(), comparisons(pairs)
    print(f"judging {len(pairs)} pairs", file=sys.stderr)
    verdicts = {
        SCORER: [judge.judge(questions) for judge in by_scorers(judges)],
        RULE: [*(judge.judge(questions) for judge in by_length()), by_style(pairs)],
        MODEL: asked.verdicts if asked else [],
    }
    groups = [pair.prompt.group for pair in pairs]
    found = [agreement(kind, each, groups) for kind, some in verdicts.items() for each in some]
    notes = judges.cut() + (asked.notes if asked else [])
    for each in found:
        if each.kind == RULE and each.accuracy is not None and solved(each.accuracy):
            notes.append(f"'{each.judge}' alone tells these pairs apart, without any prompt")
    return Preferred(rows, found, asked.model if asked else None, notes)


def agreement(kind: str, found: Verdicts, groups: Sequence[str]) -> Agreement:
    """The share of pairs where the chosen reply wins, ties half, with its interval over groups."""
    judged = any(win is not None for win in found.wins)
    accuracy = share_interval(found.wins, groups) if judged else None
    return Agreement(found.judge, kind, accuracy, found.wins.count(0.5), found.counts)


def by_model(pairs: Sequence[PreferencePair], options: Namespace) -> Asked:
    """What the log-probabilities of `--model`, with and without `--adapter`, say of the pairs."""
    from empathy.own_data.base_model import load_base, made_for
    from empathy.own_data.likelihood import likelihood

    with on_console() as progress:
        base = load_base(options.model, options.family, progress)
        found = likelihood(base, pairs, options.adapter, progress)
    notes = []
    if options.adapter and (other := made_for(options.adapter, base)):
        notes.append(other)
    if found.prompts_cut or found.replies_cut:
        notes.append(
            f"the model has not room for all words: {found.prompts_cut} pairs lost the beginning "
            f"of their prompt, {found.replies_cut} replies their end"
        )
    model = {
        "name": base.weights.name,
        "source": base.weights.source,
        "revision": base.weights.revision,
        "sha256": base.weights.sha256,
        "family": base.family.name,
        "dtype": str(base.model.dtype),
        "adapter": str(options.adapter) if options.adapter else None,
    }
    questions = comparisons(pairs)
    return Asked([judge.judge(questions) for judge in found.judges], model, notes)


def as_json(told: Preferred) -> dict[str, Any]:
    """All numbers, for programs."""
    agreements = [each.as_dict() for each in told.agreements]
    parts = {"agreements": agreements, "model": told.model, "notes": told.notes}
    return {**told.rows.as_dict(), **parts}


def as_lines(told: Preferred) -> list[str]:
    """The same as a table, then notes."""
    lines = [str(told.rows)]
    if told.model is not None:
        lines.append(f"language model: {told.model['source']}, family {told.model['family']}")
    lines += ["", *aligned(list(_table(told.agreements)))]
    notes = [*told.notes, *ranges(each.accuracy for each in told.agreements)]
    return [*lines, "", *(f"note: {each}" for each in notes)] if notes else lines


def _table(agreements: Sequence[Agreement]) -> Iterator[tuple[str, ...]]:
    yield ("who judges", "", "accuracy", "95 % interval", "judged", "ties", "not judged")
    for each in agreements:
        found = each.accuracy
        counts = (0, 0) if found is None else (found.n, found.unscored)
        reasons = ", ".join(f"{n} {why}" for why, n in each.counts.items() if why != "identical")
        told = (str(counts[0]), str(each.ties), reasons)
        yield (each.judge, each.kind, value(found), interval(found), *told)
