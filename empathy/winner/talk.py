"""A conversation with one voice, or with two side by side of which one is preferred at each turn.

Knows neither models nor terminals: replies, lines to read and lines to write come as functions.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from empathy.records import Turn

Reply = Callable[[str, Sequence[Turn], int], str]
"""The words of a voice after some turns; the number tells draws apart."""
Read = Callable[[str], str | None]
"""A line after this prompt, without its end; None where there are no more."""
Write = Callable[[str], None]
QUIT, NEW = "/quit", "/new"
EQUAL = "="
ASKED = "which is better? 1, 2, = for equal, Enter for no answer> "


class Choice(NamedTuple):
    """What was preferred at a turn: a voice's name, `EQUAL`, or None where nobody said."""

    conversation: int
    turn: int
    order: tuple[str, str]
    """Who stood as 1 and who as 2."""
    preferred: str | None


@dataclass
class Talk:
    """What is said, turn by turn; `choices` grows meanwhile."""

    voices: tuple[str, ...]
    """One name or two, the winner's first."""
    reply: Reply
    blind: bool
    """Two voices appear as 1 and 2, in an order that is drawn for each turn."""
    seed: int
    context_turns: int
    """How many turns a voice is shown, as in training."""
    choices: list[Choice] = field(default_factory=list)

    def run(self, read: Read, write: Write) -> None:
        """Talk until there are no more lines, or /quit; /new forgets what was said."""
        order = random.Random(self.seed)
        turns: list[Turn] = []
        conversation, number = 1, 0
        while (line := read("you> ")) is not None and line.strip() != QUIT:
            words = line.strip()
            if not words:
                continue
            if words == NEW:
                conversation, turns = conversation + (1 if turns else 0), []
                write("-- a new conversation --")
                continue
            number += 1
            turns.append(Turn("client", words))
            said = self._answered(turns, conversation, number, order, read, write)
            if said.strip():
                turns.append(Turn("counsellor", said))

    def _answered(
        self,
        turns: Sequence[Turn],
        conversation: int,
        number: int,
        order: random.Random,
        read: Read,
        write: Write,
    ) -> str:
        """Show the replies, ask which is better; returns that with which the dialogue goes on."""
        names = list(self.voices)
        if self.blind:
            order.shuffle(names)
        shown = turns[-self.context_turns :]
        said = {name: self.reply(name, shown, number) for name in names}
        for place, name in enumerate(names, start=1):
            label = f"{place}" if self.blind else name if len(names) == 1 else f"{place} {name}"
            write(f"{label}> {said[name] or '(nothing)'}")
        if len(names) == 1:
            return said[names[0]]
        preferred = _preferred(names, read, write)
        self.choices.append(Choice(conversation, number, (names[0], names[1]), preferred))
        return said[names[0] if preferred in (None, EQUAL) else preferred]


def _preferred(names: Sequence[str], read: Read, write: Write) -> str | None:
    """The answer to which reply is better, asked until there is one that can be understood."""
    meanings = {"1": names[0], "2": names[1], EQUAL: EQUAL, "": None}
    while True:
        line = read(ASKED)
        if line is None:
            return None
        if (word := line.strip()) in meanings:
            return meanings[word]
        write(f"'{word[:20]}' is none of 1, 2, =")
