"""`matched`: a skilled counsellor's reply against an unskilled one's to the most similar client.

AnnoMI says of a whole session whether it shows good or bad motivational interviewing; no client is
answered twice. So the rejected reply was said to somebody else: what such pairs teach is in part
relevance, the less the higher the similarity that is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from empathy.pairs import PairSet, gathered, prefer
from empathy.prompts import Exchange, exchanges, too_short
from empathy.records import Dialogue, PreferencePair
from empathy.settings import DataSettings

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
"""Turns n texts into n vectors of length 1."""
Rated = tuple[Exchange, frozenset[str]]  # with the topics of its dialogue


def matched(dialogues: Sequence[Dialogue], embed: Embed, settings: DataSettings) -> PairSet:
    """A pair for every high-quality exchange with a similar enough low-quality one of its topic.

    Both come from `dialogues`, so hand in one split at a time. Similarity is the cosine of the
    clients' turns; at a tie the earlier low one is taken. Turns and replies under `min_words` are
    skipped and counted, on the low side too.
    """
    found: list[PreferencePair | str] = []
    high, short_high = _rated(dialogues, "high", settings)
    low, short_low = _rated(dialogues, "low", settings)
    for side, counts in (("high", short_high), ("low", short_low)):
        found += [f"{side}: {reason}" for reason in counts.elements()]
    likeness = _likeness(high, low, embed)
    for row, (exchange, _) in zip(likeness, high, strict=True):
        best = int(row.argmax()) if low else 0
        if not low or np.isneginf(row[best]):
            found.append("no low-quality exchange of its topic")
        elif row[best] < settings.match_similarity:
            found.append(f"no client as similar as {settings.match_similarity:g}")
        else:
            prompt, rejected = exchange.prompt, low[best][0].prompt.human_reply
            found.append(prefer(prompt, prompt.human_reply, rejected, "matched"))
    return gathered("matched", found, len(high))


def _rated(
    dialogues: Sequence[Dialogue], quality: str, settings: DataSettings
) -> tuple[list[Rated], Counter[str]]:
    """Exchanges of this quality with their topics, and how many were too short."""
    kept: list[Rated] = []
    short: Counter[str] = Counter()
    for dialogue in dialogues:
        if dialogue.metadata.get("mi_quality") != quality:
            continue
        topics = dialogue.metadata.get("topic", "").casefold().split(";")
        named = frozenset(topic.strip() for topic in topics if topic.strip())
        for exchange in exchanges(dialogue, settings.context_turns):
            reason = too_short(exchange, settings.min_words)
            if reason is None:
                kept.append((exchange, named))
            else:
                short[reason] += 1
    return kept, short


def _likeness(high: Sequence[Rated], low: Sequence[Rated], embed: Embed) -> Vectors:
    """Cosines of the clients' turns, [high, low]; minus infinity where no topic is shared."""
    if not high or not low:
        return np.empty((len(high), len(low)), np.float32)
    left, right = (embed([exchange.said for exchange, _ in side]) for side in (high, low))
    shared = np.array([[bool(a & b) for _, b in low] for _, a in high])
    return np.where(shared, left @ right.T, -np.inf).astype(np.float32)
