"""`deleted`: a strongly empathic reply against itself without the words that made it so.

Raters marked the spans that show empathy (EPITOME, Sharma et al., 2020). The pair is minimal and on
its true prompt, but the cut reply is always the shorter one and may limp: "longer wins" solves it,
and the data card says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from empathy.pairs import PairSet, gathered, prefer
from empathy.prompts import exchanges, too_short
from empathy.records import Dialogue, PreferencePair
from empathy.settings import DataSettings

STRONG = "2"


def deleted(dialogues: Sequence[Dialogue], settings: DataSettings) -> PairSet:
    """A pair for every reply with a strong level and `min_words` left without its evidence."""
    return gathered("deleted", _found(dialogues, settings), len(dialogues))


def _found(dialogues: Sequence[Dialogue], settings: DataSettings) -> Iterator[PreferencePair | str]:
    for dialogue in dialogues:
        rest = dialogue.metadata.get("without_evidence", "")
        for exchange in exchanges(dialogue, settings.context_turns):
            reason = too_short(exchange, settings.min_words)
            if reason is not None:
                yield reason
            elif STRONG not in dialogue.metadata.get("levels", "").split():
                yield "no mechanism at level 2"
            elif "without_evidence" not in dialogue.metadata:
                yield "no evidence marked, or too little left without it"
            elif len(rest.split()) < settings.min_words:
                yield f"under {settings.min_words} words without the evidence"
            else:
                reply = exchange.prompt.human_reply
                yield prefer(exchange.prompt, reply, rest, "deleted")
