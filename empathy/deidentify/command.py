"""`python -m empathy deidentify FILE --out OUT`: placeholders for what points to a person.

It is no guarantee. It finds what has a form or stands behind a telling word; it misses names that
nothing announces, nicknames, numbers said in words, and whoever can be known by the story alone. A
person has to read what comes out before anybody else does. `--measure` says how much it finds in a
set of invented sentences, kind by kind.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from empathy.cache import write_atomically
from empathy.deidentify import files, measured
from empathy.deidentify.names import Namer, by_models, installed_models
from empathy.deidentify.placeholders import Placeholders, find
from empathy.deidentify.spans import KINDS
from empathy.errors import UserError
from empathy.privacy import FOR_OTHERS

CAUTION = (
    "This is no guarantee: names that nothing announces, nicknames, numbers in words and people "
    "known by their story stay. Have somebody read the result before it goes anywhere."
)
BY_CUES = "cue words alone, which is weak: see --model"


def arguments(parser: ArgumentParser) -> None:
    """The options of `deidentify`."""
    parser.add_argument(
        "file", type=Path, nargs="?", metavar="FILE", help="CSV, JSONL or TXT, Portuguese, English"
    )
    parser.add_argument("--out", type=Path, metavar="OUT", help="the new file, of the same form")
    parser.add_argument(
        "--keep", action="append", default=[], metavar="COLUMN", help="leave it as it is; repeat"
    )
    parser.add_argument(
        "--pseudonyms", action="store_true", help="[NAME-1], [NAME-2]: the same words, one number"
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="NAME",
        help="a spaCy model for names, or its folder; default: those of pt and en installed here",
    )
    parser.add_argument("--no-model", action="store_true", help="names by cue words alone")
    parser.add_argument("--report", type=Path, metavar="JSON", help="write the counts there, too")
    parser.add_argument(
        "--measure", action="store_true", help="print recall and precision on invented sentences"
    )


def run(options: Namespace) -> int:
    """Writes OUT and prints how many placeholders of each kind are in it; 0 when all is done."""
    _check(options)
    models = [] if options.no_model else options.model or installed_models()
    namers = [by_models(models)] if models else []
    names = ", ".join(models) or BY_CUES
    if options.measure:
        print("\n".join([f"names by {names}", *measured.as_lines(namers)]))
        print(f"\nReal speech may well give less. {CAUTION}")
        return 0
    counts = _replace(options, namers)
    report = {"replaced": counts, "names_by": names, "caution": CAUTION}
    if options.report is not None:
        _write(options.report, json.dumps(report, indent=2) + "\n", "--report")
    print("\n".join(_lines(report)))
    return 0


def _check(options: Namespace) -> None:
    """Raises UserError for options that do not go together."""
    if options.model and options.no_model:
        raise UserError("--model and --no-model contradict each other: leave one out")
    if options.measure:
        if options.file or options.out or options.keep or options.pseudonyms or options.report:
            raise UserError("--measure reads no file of yours: it goes with --model alone")
        return
    if options.file is None or options.out is None:
        raise UserError("give FILE and --out OUT, or --measure")
    if options.out.suffix.lower() != options.file.suffix.lower():
        raise UserError(f"--out {options.out} must end in {options.file.suffix}, as FILE does")
    if options.report == options.out:
        raise UserError(f"--report {options.report} is --out, too: name another file")
    for name, target in (("--out", options.out), ("--report", options.report)):
        if target is not None and target.exists():
            raise UserError(f"{name} {target} is there already: name another file")


def _replace(options: Namespace, namers: list[Namer]) -> dict[str, int]:
    """Read FILE, write OUT; placeholders by kind."""
    document = files.read(options.file, options.keep)
    placeholders = Placeholders(pseudonyms=options.pseudonyms)
    replaced = [
        placeholders.put(text, spans)
        for text, spans in zip(document.texts, find(document.texts, namers), strict=True)
    ]
    _write(options.out, document.written(replaced), "--out")
    return {kind: placeholders.counts[kind] for kind in KINDS}


def _write(path: Path, text: str, option: str) -> None:
    """Write a file that only its owner can open: something may have been missed."""

    def write(temporary: Path) -> None:
        temporary.touch(0o666 & ~FOR_OTHERS)
        temporary.write_text(text, encoding="utf-8", newline="")

    try:
        write_atomically(path, write)
    except OSError as error:
        raise UserError(f"{option} {path} cannot be written: {error.strerror}") from error


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    for kind, count in report["replaced"].items():
        yield f"{kind:<9}{count:>7}"
    yield f"names by {report['names_by']}"
    yield report["caution"]
