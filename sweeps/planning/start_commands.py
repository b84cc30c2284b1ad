"""How a shell command starts Ray: with which variables and which options.

Read as bash would as far as that decides it: only what surely reaches `ray start` counts.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SEPARATORS = "();<>|&\n"
ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
SURE = ("", ";", "\n", "&&")  # after these a command runs, and in this shell
STARTERS = ("exec", "env", "nohup")


class Start(NamedTuple):
    """A `ray start`."""

    variables: dict[str, str]
    """Those that the command hands to it, but not what the shell had before."""
    options: list[str]


def starts(command: str) -> list[Start]:
    """Every `ray start` in a command. Raises ValueError where a quote is left open."""
    found: list[Start] = []
    kept: dict[str, str] = {}  # exported for all that follows
    chained: dict[str, str] = {}  # only as long as every `&&` holds
    for before, words, after in _simple_commands(command):
        if before != "&&":
            chained = {}
        own, rest = _assignments(words)
        if rest[:1] == ["export"]:
            exported, _ = _assignments([each for each in rest[1:] if "=" in each])
            if after in {";", "\n", "&&"}:  # else in a shell of its own
                (chained if before == "&&" else kept).update(exported if before in SURE else {})
        elif rest[:1] == ["unset"]:
            kept = {name: value for name, value in kept.items() if name not in rest}
            chained = {name: value for name, value in chained.items() if name not in rest}
        while rest and rest[0] in STARTERS:
            more, rest = _assignments(rest[1:])
            own |= more
        if len(rest) > 1 and Path(rest[0]).name == "ray" and rest[1] == "start":
            found.append(Start({**kept, **chained, **own}, rest[2:]))
    return found


def option(name: str, options: list[str]) -> str | None:
    """The value of an option, given as `--name value` or as `--name=value`; the last one counts."""
    found = None
    for word, following in zip(options, [*options[1:], ""], strict=True):
        if word == name:
            found = following
        elif word.startswith(f"{name}="):
            found = word.partition("=")[2]
    return found


def _assignments(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Leading NAME=value, and the words after them."""
    found: dict[str, str] = {}
    for number, word in enumerate(words):
        if not (given := ASSIGNMENT.fullmatch(word)):
            return found, words[number:]
        found[given[1]] = given[2]
    return found, []


def _simple_commands(command: str) -> Iterator[tuple[str, list[str], str]]:
    """(what stands before it, its words, what stands after it) of each simple command."""
    before, words, comment = "", list[str](), False
    for token in [*_tokens(command), "\n"]:
        separates = bool(token) and set(token) <= set(SEPARATORS)
        if comment:
            comment = not (separates and "\n" in token)
        elif not separates:
            comment = token.startswith("#")
            words += [] if comment else [token]
        if comment or not separates:
            continue
        after = token.replace("\n", "") or "\n"
        if words and "<" not in before and ">" not in before:  # else it is a file
            yield before, words, after
        before, words = after, []


def _tokens(command: str) -> list[str]:
    text = command.replace("\\\n", "")
    text = re.sub(r"`[^`]*`", "$_", text)
    while (inner := re.sub(r"\$\([^()]*\)", "$_", text)) != text:
        text = inner
    lexer = shlex.shlex(text, posix=True, punctuation_chars=SEPARATORS)
    lexer.whitespace, lexer.commenters, lexer.whitespace_split = " \t\r", "", True
    return list(lexer)
