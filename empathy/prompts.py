"""Dialogues -> the prompts that a counsellor answered, with a count of what makes none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from empathy.pairs import listed
from empathy.records import Dialogue, Prompt, Turn
from empathy.settings import DataSettings

SAID_BEFORE = "said before in the same words"


class Exchange(NamedTuple):
    """A client's turn and the counsellor's reply to it, whether or not it is fit to learn from.

    `said` is that turn alone: where only silence lies before it, `prompt.client_text` holds more.
    """

    said: str
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class PromptSet:
    """Prompts, and how many exchanges were left out for which reason."""

    prompts: tuple[Prompt, ...]
    left_out: dict[str, int]

    @property
    def exchanges(self) -> int:
        """All exchanges there were."""
        return len(self.prompts) + sum(self.left_out.values())

    def __str__(self) -> str:
        found = f"{len(self.prompts)} prompts from {self.exchanges} exchanges"
        return found + listed("left out", self.left_out)


def prompts(dialogues: Sequence[Dialogue], settings: DataSettings) -> PromptSet:
    """A prompt for every exchange (client's turn, then counsellor's) that is fit to learn from.

    Left out, and counted: exchanges of a counsellor rated low (that is no reply to imitate), turns
    under `min_words`, repetitions. `max_prompts` is not applied here but by
    `empathy.splits.select`, on the train split alone.
    """
    found: dict[tuple[tuple[Turn, ...], str], Prompt] = {}
    left_out: Counter[str] = Counter()
    for dialogue in dialogues:
        for exchange in exchanges(dialogue, settings.context_turns):
            prompt = exchange.prompt
            key = (prompt.turns, prompt.human_reply)
            low = dialogue.metadata.get("mi_quality") == "low"
            reason = "low-quality counsellor" if low else too_short(exchange, settings.min_words)
            if reason is None and key in found:
                reason = SAID_BEFORE
            if reason is None:
                found[key] = prompt
            else:
                left_out[reason] += 1
    return PromptSet(tuple(found.values()), dict(left_out))


def exchanges(dialogue: Dialogue, context_turns: int) -> Iterator[Exchange]:
    """Every exchange in the order of the dialogue; its prompt shows at most `context_turns`.

    Neighbouring turns of one speaker count as one turn.
    """
    turns = _merged(dialogue.turns)
    for index in range(1, len(turns)):
        if (turns[index - 1].speaker, turns[index].speaker) == ("client", "counsellor"):
            yield Exchange(turns[index - 1].text, _prompt(dialogue, turns, index, context_turns))


def too_short(exchange: Exchange, min_words: int) -> str | None:
    """Why the exchange has too few words to learn from; None if it has enough."""
    if len(exchange.said.split()) < min_words:
        return f"client's turn under {min_words} words"
    if len(exchange.prompt.human_reply.split()) < min_words:
        return f"human reply under {min_words} words"
    return None


def _merged(turns: Sequence[Turn]) -> list[Turn]:
    """Turns with the neighbours of one speaker joined by a blank."""
    merged: list[Turn] = []
    for turn in turns:
        if merged and merged[-1].speaker == turn.speaker:
            merged[-1] = Turn(turn.speaker, f"{merged[-1].text} {turn.text}".strip())
        else:
            merged.append(turn)
    return merged


def _prompt(dialogue: Dialogue, turns: Sequence[Turn], index: int, context: int) -> Prompt:
    # A turn that was only a transcriber's mark is empty by now and would show as silence.
    shown = _merged([turn for turn in turns[:index] if turn.text.strip()])
    return Prompt(
        prompt_id=f"{dialogue.dialogue_id}-{index:03d}",
        group=dialogue.group,
        corpus=dialogue.corpus,
        turns=tuple(shown[-context:]),
        human_reply=turns[index].text,
        language=dialogue.language,
    )
