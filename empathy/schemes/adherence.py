"""`adherence`: two counsellors' answers to one question, the more MI-adherent one preferred.

The labels are MITI codes per sentence that a classifier gave (Welivita & Pu, 2022): Advise with
Permission, Affirm, Emphasize Autonomy and Support are adherent; Advise without Permission,
Confront, Direct and Warn are not. An answer scores (adherent - non-adherent) / sentences. The
labels are weak, and one question has 55 answers, which alone would make half of all pairs: hence
the cap per question.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from empathy.pairs import REPEATED, PairSet, gathered, plain, prefer
from empathy.prompts import exchanges, too_short
from empathy.records import Dialogue, PreferencePair, Prompt
from empathy.settings import DataSettings

COUNTS = ("adherent", "non_adherent", "sentences")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with how many of its sentences are adherent, how many the opposite."""

    prompt: Prompt
    adherent: int
    against: int
    sentences: int

    @property
    def score(self) -> Fraction:
        """-1 to 1; exact, so that a gap of a fifth is one whatever the floats say."""
        return Fraction(self.adherent - self.against, self.sentences)

    def beats(self, other: Answer, settings: DataSettings) -> bool:
        """Whether this answer is enough better to be preferred."""
        gap = self.score - other.score
        if settings.adherence_pure and (self.against or other.adherent):
            return False
        if settings.adherence_pure and not (self.adherent and other.against):
            return False
        return gap > 0 and gap >= Fraction(str(settings.adherence_gap))


def adherence(dialogues: Sequence[Dialogue], settings: DataSettings) -> PairSet:
    """Pairs of the answers in `dialogues` that carry labels, at most `pairs_per_question` each.

    What is skipped is counted: answers too short or without labels, pairs in the same words, and
    pairs beyond the cap. Which pairs stay under the cap depends on their words alone.
    """
    found: list[PreferencePair | str] = []
    questions: dict[str, list[Answer]] = defaultdict(list)
    for dialogue in dialogues:
        for exchange in exchanges(dialogue, settings.context_turns):
            reason = too_short(exchange, settings.min_words)
            answer = _answer(dialogue, exchange.prompt) if reason is None else None
            if answer is None:
                found.append(reason or "answer without MITI labels")
            else:
                questions[plain(exchange.said)].append(answer)
    for answers in questions.values():
        found += _pairs_of(answers, settings)
    return gathered("adherence", found, len(questions))


def _answer(dialogue: Dialogue, prompt: Prompt) -> Answer | None:
    """The answer with its counts; None where its corpus gives none."""
    if any(name not in dialogue.metadata for name in COUNTS):
        return None
    adherent, against, sentences = (int(dialogue.metadata[name]) for name in COUNTS)
    return Answer(prompt, adherent, against, sentences) if sentences else None


def _pairs_of(answers: Sequence[Answer], settings: DataSettings) -> Iterator[PreferencePair | str]:
    """The pairs of one question, and as reasons those that are none, or why it has none at all."""
    if len(answers) == 1:
        yield "question with one answer"
        return
    possible: dict[tuple[str, str], tuple[Answer, Answer]] = {}
    for better, worse in permutations(answers, 2):
        if better.beats(worse, settings):
            key = (plain(better.prompt.human_reply), plain(worse.prompt.human_reply))
            if key in possible:
                yield REPEATED
            else:
                possible[key] = (better, worse)
    if not possible:
        yield "question whose answers differ too little"
    cap = settings.pairs_per_question
    for key in spread(list(possible), len(possible) if cap is None else cap):
        better, worse = possible.pop(key)
        rejected = worse.prompt.human_reply
        yield prefer(better.prompt, better.prompt.human_reply, rejected, "adherence")
    yield from [f"beyond {cap} pairs of one question"] * len(possible)


def spread(pairs: Sequence[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """`count` of the pairs of texts, each time one whose texts were used least so far.

    At a tie a stable hash of the texts decides, so the order of the pairs is of no account and a
    smaller choice is part of a larger one.
    """
    left = sorted(pairs, key=lambda pair: hashlib.sha256("\0".join(pair).encode()).digest())
    if count >= len(left):
        return left
    used: Counter[str] = Counter()
    chosen: list[tuple[str, str]] = []
    while len(chosen) < count:
        pair = min(left, key=lambda pair: (max(used[t] for t in pair), sum(used[t] for t in pair)))
        left.remove(pair)
        chosen.append(pair)
        used.update(pair)
    return chosen
