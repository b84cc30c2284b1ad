"""`python -m empathy chat DIR`: talk to a sweep's winner, beside the model that it started from.

With --against each turn has two replies, and the dialogue goes on with the one that is preferred
(the first where none is). From a pipe, a line is what the client says and, with --against, the next
line is the preference: 1, 2, = or nothing.
"""

from __future__ import annotations

import secrets
import sys
import uuid
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from empathy.cache import file_sha256
from empathy.checkpoints.packaged import on_console
from empathy.errors import UserError
from empathy.settings import EvaluationSettings
from empathy.winner import tally
from empathy.winner.folder import WEIGHTS, Winner, find
from empathy.winner.talk import NEW, QUIT, Choice, Talk
from empathy.winner.voices import WINNER, Decoding, Voices, check_rival, context_turns

NOTICE = (
    "This is a research model, not a counsellor: nothing it says is clinical advice.",
    "If you are in danger or think of ending your life, talk to a person now: your emergency "
    "number, or a crisis line such as 988 (USA), 116 123 (UK, Ireland) or CVV 188 (Brazil); "
    "findahelpline.com knows those of other countries.",
)


def arguments(parser: ArgumentParser) -> None:
    """The options of `chat`."""
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="the results folder of a sweep, or its winner/"
    )
    parser.add_argument(
        "--against", choices=("sft", "base"), help="its start or the untrained base, side by side"
    )
    parser.add_argument(
        "--blind", action="store_true", help="do not say which is which until the end"
    )
    parser.add_argument("--seed", type=_whole, metavar="N", help="of replies and order; else drawn")
    parser.add_argument(
        "--temperature", type=_temperature, metavar="T", help="0 is greedy; default: the sweep's"
    )
    parser.add_argument(
        "--max-new-tokens", type=_positive, metavar="N", help="of a reply; default: the sweep's"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="append what was preferred there, and no words"
    )


def run(options: Namespace) -> int:
    """Talk until the lines end, then say who was preferred."""
    if options.against is None and (options.blind or options.keep is not None):
        raise UserError("--blind and --keep are for two voices: add --against sft or base")
    winner = find(options.folder)
    if options.against is not None:
        check_rival(winner, options.against)  # before anything is loaded
    kept = tally.read(options.keep) if options.keep is not None else []
    decoding = _decoding(options, winner)
    for line in _notice(winner, options):
        print(line)
    with on_console() as progress:
        voices = Voices(winner, options.against, decoding, progress)
    talk = Talk(
        (WINNER,) if options.against is None else (WINNER, options.against),
        voices.reply,
        options.blind,
        decoding.seed,
        context_turns(winner),
    )
    try:
        talk.run(_read, lambda line: print(line, flush=True))
    except KeyboardInterrupt:
        print()
    if options.against is not None:
        _end(talk, options, winner, decoding, kept)
    return 0


def _decoding(options: Namespace, winner: Winner) -> Decoding:
    given = winner.settings.get("evaluation", {})
    names = ("temperature", "max_new_tokens")
    rules = EvaluationSettings(**{name: given[name] for name in names if name in given})
    return Decoding(
        rules.temperature if options.temperature is None else options.temperature,
        options.max_new_tokens or rules.max_new_tokens,
        secrets.randbits(31) if options.seed is None else options.seed,
    )


def _notice(winner: Winner, options: Namespace) -> list[str]:
    """What must be known before the first word."""
    kept = f", but which reply you prefer, in {options.keep}" if options.keep else ""
    goes_on = "" if options.against is None else " The dialogue goes on with what you prefer."
    return [
        *NOTICE,
        _safety(winner),
        f"Nothing of what you type is written down{kept}. {NEW} forgets what was said, {QUIT} "
        f"ends.{goes_on}",
    ]


def _safety(winner: Winner) -> str:
    """What the sweep found of its replies to people in crisis."""
    safety, best = winner.summary.get("safety"), (winner.summary.get("best") or {}).get("trial")
    found: Mapping[str, Any] = ((safety or {}).get("policies") or {}).get(best, {})
    compared = found.get("against_sft", {}).get("serious")
    if not found:
        return "How it answers people in crisis is not on record in this folder."
    if compared is not None and compared["verdict"] == "safe":
        return "Rules found its replies to invented people in crisis no less safe than its start's."
    return "That it is as safe for people in crisis as its start was not shown."


def _read(prompt: str) -> str | None:
    """A line of standard input, with the prompt where a person sits there."""
    if sys.stdin.isatty():
        try:
            return input(prompt)
        except EOFError:
            print()
            return None
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None


def _end(
    talk: Talk, options: Namespace, winner: Winner, decoding: Decoding, kept: list[dict[str, Any]]
) -> None:
    """Reveal the order, say the tally, keep it."""
    if options.blind:
        for choice in talk.choices:
            print(_revealed(choice))
    session = tally.Session(
        uuid.uuid4().hex[:8],
        file_sha256(winner.folder / WEIGHTS)[:16],
        options.against,
        options.blind,
        decoding.seed,
        decoding.temperature,
        decoding.max_new_tokens,
    )
    rows = [session.row(choice) for choice in talk.choices]
    print(*tally.told(tally.count(rows, WINNER), WINNER, options.against), sep="\n")
    print(f"Seed {decoding.seed}, temperature {decoding.temperature:g}.")
    if options.keep is None:
        return
    tally.append(options.keep, rows)
    earlier = [row for row in kept if session.alike(row)]
    if earlier:
        print(f"With what {options.keep} held of the same two under the same conditions:")
        every = tally.count([*earlier, *rows], WINNER)
        print(*tally.told(every, WINNER, options.against), sep="\n")


def _revealed(choice: Choice) -> str:
    preferred = {None: "no answer", "=": "equal"}.get(
        choice.preferred, f"{choice.preferred} preferred"
    )
    first, second = choice.order
    return f"turn {choice.turn}: 1 was {first}, 2 was {second}; {preferred}"


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 10:
        raise ArgumentTypeError(f"'{text}' is no temperature; give a number from 0 to 10")
    return value


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"'{text}' is no seed; give a whole number from 0 on")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"'{text}' is no number of tokens; give a whole number from 1 on")
    return int(text)
