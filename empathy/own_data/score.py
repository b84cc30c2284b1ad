"""`python -m empathy score FILE`: every measure that needs only text, for replies of one's own.

FILE has the columns `prompt, reply` (see `empathy.own_data.rows`). With a column `policy` each
policy is measured, and those after the first one in the file are compared with it on the prompts
that both answered. What a metric means and cannot show stands in `empathy.metrics` and the README.
"""

from __future__ import annotations

import csv
import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from empathy.cache import write_atomically
from empathy.errors import UserError
from empathy.evaluate import Evaluation
from empathy.judges import Judges
from empathy.own_data.policies import REPLY, Policies, by_policy, evaluations, leads
from empathy.own_data.rows import PROMPT, read
from empathy.own_data.score_report import Scored, as_json, as_lines, cautions
from empathy.privacy import FOR_OTHERS

COLUMNS = (PROMPT, REPLY)


def arguments(parser: ArgumentParser) -> None:
    """The options of `score`."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="CSV or JSONL with prompt, reply; if you like, group, language, policy, id",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--csv", type=Path, metavar="OUT", help="write each reply's numbers there")
    parser.add_argument("--with-text", action="store_true", help="prompts and replies too, in OUT")


def run(options: Namespace) -> int:
    """Measures the file's replies and prints the numbers; 0 when all is done."""
    _check_target(options)
    rows = read(options.file, COLUMNS, may_be_blank=(REPLY,))
    print(f"measuring {len(rows.rows)} replies", file=sys.stderr)
    judges = Judges.shipped()
    policies = by_policy(rows.rows)
    found = evaluations(policies, judges)
    notes = cautions(rows, policies, judges)
    scored = Scored(rows, found, leads(policies, found, judges), notes)
    print(json.dumps(as_json(scored), indent=1) if options.json else "\n".join(as_lines(scored)))
    if options.csv is not None:  # last, lest a full disk cost the numbers
        texts = COLUMNS if options.with_text else ()
        _write(options.csv, list(per_reply(policies, found, texts)))
    return 0


def per_reply(
    policies: Policies, found: Mapping[str, Evaluation], texts: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """A row per reply, policy by policy: its line in the file, the user's own columns, all of its
    numbers (None where it has none), and those of its texts that are asked for."""
    for policy, rows in policies.items():
        each = found[policy]
        for index, prompt_id in enumerate(each.prompt_ids):
            row = rows[prompt_id]
            scores = {name: column[index] for name, column in each.scores.items()}
            asked = {name: row.texts[name] for name in texts}
            yield {"line": row.line, **row.given, **scores, **asked}


def _check_target(options: Namespace) -> None:
    """Raises UserError, before anything is measured, where OUT cannot be what is meant."""
    target: Path | None = options.csv
    if target is None:
        if options.with_text:
            raise UserError("--with-text says what --csv OUT holds; give --csv OUT too")
    elif target.is_dir():
        raise UserError(f"--csv {target} is a folder; name a file")
    elif target.exists() and options.file.exists() and target.samefile(options.file):
        raise UserError(f"--csv {target} is the file to be scored; name another one")


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    def write(temporary: Path) -> None:
        temporary.touch(0o666 & ~FOR_OTHERS)  # whose words they are is not known here
        with temporary.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
            table.writeheader()
            table.writerows(rows)  # None becomes an empty cell

    try:
        write_atomically(path, write)
    except OSError as error:
        raise UserError(f"--csv {path} cannot be written: {error.strerror}") from error
