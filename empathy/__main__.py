"""`python -m empathy COMMAND`: what is done once, outside any sweep."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from typing import NamedTuple

from empathy.console import quiet_libraries
from empathy.deidentify import command as deidentify
from empathy.errors import UserError
from empathy.fetch import command as fetch
from empathy.options import OptionParser, quiet_pipe
from empathy.own_data import prefer, score
from empathy.scorers import train_judge, train_miti, train_scorer
from empathy.winner import chat_command, merge_command


class Command(NamedTuple):
    """A line of help, a function that declares the options, and one that takes them and works."""

    meaning: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


COMMANDS = {
    "fetch": Command(
        "download public data sets from their authors and check them",
        fetch.arguments,
        fetch.run,
    ),
    "deidentify": Command(
        "put placeholders for names, numbers, dates and addresses; no guarantee",
        deidentify.arguments,
        deidentify.run,
    ),
    "chat": Command(
        "talk to a sweep's winner, side by side with its start or blind",
        chat_command.arguments,
        chat_command.run,
    ),
    "merge": Command(
        "write a sweep's winner as one model that needs no adapter",
        merge_command.arguments,
        merge_command.run,
    ),
    "score": Command(
        "measure replies of your own: empathy, relevance, style",
        score.arguments,
        score.run,
    ),
    "prefer": Command(
        "ask scorers, simple rules and a model whether they agree with pairs of your own",
        prefer.arguments,
        prefer.run,
    ),
    "train-scorer": Command(
        "train the empathy scorers on EPITOME and write their card",
        train_scorer.arguments,
        train_scorer.run,
    ),
    "train-judge": Command(
        "train the judge that no search sees on EPITOME and write its card",
        train_judge.arguments,
        train_judge.run,
    ),
    "train-miti": Command(
        "train the scorer of motivational interviewing and write its card",
        train_miti.arguments,
        train_miti.run,
    ),
}


def main(words: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code is 2 after a mistake of the user's, told in one sentence."""
    quiet_libraries()
    parser = OptionParser(prog="python -m empathy", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        command.arguments(commands.add_parser(name, help=command.meaning))
    options = parser.parse_args(words)
    try:
        return quiet_pipe(lambda: COMMANDS[options.command].run(options))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
