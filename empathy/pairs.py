"""Dialogues -> prompts -> preference pairs, by two named schemes. No model is run in this file.

`ranked`: of several samples of the warm-started model, the best against the worst, by an empathy
score plus a weight times the reply's similarity to the client's words. The weight is there because
empathy scorers barely look at the prompt: without it, pairs teach kind but unrelated replies.
`generated`: what a skilled counsellor said against the warm-started model's own sample.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from empathy.records import Dialogue, PreferencePair, Prompt, Turn
from empathy.settings import DataSettings


@dataclass(frozen=True, slots=True)
class PromptSet:
    """Prompts, and how many exchanges were left out for which reason."""

    prompts: tuple[Prompt, ...]
    left_out: dict[str, int]

    def __str__(self) -> str:
        total = len(self.prompts) + sum(self.left_out.values())
        return (
            f"{len(self.prompts)} prompts from {total} exchanges{_list('left out', self.left_out)}"
        )


@dataclass(frozen=True, slots=True)
class PairSet:
    """Pairs of one scheme, from how many prompts, and why some prompts gave none.

    `ignored` counts single candidates that were left aside (empty, or without a score).
    """

    scheme: str
    pairs: tuple[PreferencePair, ...]
    prompts: int
    skipped: dict[str, int]
    ignored: int = 0

    def __str__(self) -> str:
        head = f"{self.scheme}: {len(self.pairs)} pairs from {self.prompts} prompts"
        tail = f"; {self.ignored} unscorable candidates ignored" if self.ignored else ""
        return head + _list("skipped", self.skipped) + tail


def prompts(dialogues: Sequence[Dialogue], settings: DataSettings) -> PromptSet:
    """A prompt for every exchange (client's turn, then counsellor's) that is fit to learn from.

    Neighbouring turns of one speaker count as one turn. Left out, and counted: exchanges of a
    counsellor rated low (that is no reply to imitate), turns under `min_words`, repetitions.
    `max_prompts` is not applied here but by `empathy.splits.select`, on the train split alone.
    """
    found: dict[tuple[tuple[Turn, ...], str], Prompt] = {}
    left_out: Counter[str] = Counter()
    for dialogue in dialogues:
        turns = _merged(dialogue.turns)
        for index in range(1, len(turns)):
            if (turns[index - 1].speaker, turns[index].speaker) != ("client", "counsellor"):
                continue
            prompt = _prompt(dialogue, turns, index, settings.context_turns)
            key = (prompt.turns, prompt.human_reply)
            reason = _unfit(dialogue, turns[index - 1], turns[index], settings.min_words)
            if reason is None and key in found:
                reason = "said before in the same words"
            if reason is None:
                found[key] = prompt
            else:
                left_out[reason] += 1
    return PromptSet(tuple(found.values()), dict(left_out))


def ranked(
    prompt: Prompt,
    candidates: Sequence[str],
    empathy: Sequence[float | None],
    similarity: Sequence[float | None],
    relevance: float,
) -> PreferencePair | None:
    """The best candidate against the worst by empathy + relevance * similarity.

    `empathy` (0 to 6) and `similarity` (cosine of candidate and client's text, -1 to 1) have one
    number per candidate; blank candidates and those scored None are left aside. None if best and
    worst score the same or say the same. At equal scores the earlier candidate is taken.
    """
    texts = _scored(candidates, empathy, similarity, relevance)
    if len(texts) < 2:
        return None
    best, worst = max(texts, key=lambda c: c[0]), min(texts, key=lambda c: c[0])
    if _words(best[1]) == _words(worst[1]):  # so it is at a tie: both are the first candidate
        return None
    return PreferencePair(prompt, best[1], worst[1], "ranked")


def generated(prompt: Prompt, sample: str) -> PreferencePair | None:
    """The counsellor's reply against the model's; None if the sample is blank or says the same."""
    if not sample.strip() or _words(sample) == _words(prompt.human_reply):
        return None
    return PreferencePair(prompt, prompt.human_reply, sample, "generated")


def rank_pairs(
    prompts: Sequence[Prompt],
    candidates: Mapping[str, Sequence[str]],
    empathy: Mapping[str, Sequence[float | None]],
    similarity: Mapping[str, Sequence[float | None]],
    relevance: float,
) -> PairSet:
    """`ranked` for every prompt; the mappings go by prompt id. Nothing is skipped uncounted."""
    pairs: list[PreferencePair] = []
    skipped: Counter[str] = Counter()
    ignored = 0
    for prompt in prompts:
        texts = candidates.get(prompt.prompt_id, ())
        empathies = empathy[prompt.prompt_id] if texts else ()
        similarities = similarity[prompt.prompt_id] if texts else ()
        usable = len(_scored(texts, empathies, similarities, relevance))
        ignored += len(texts) - usable
        pair = ranked(prompt, texts, empathies, similarities, relevance)
        if pair is not None:
            pairs.append(pair)
        else:
            skipped["fewer than two candidates" if usable < 2 else "candidates tie"] += 1
    return PairSet("ranked", tuple(pairs), len(prompts), dict(skipped), ignored)


def generated_pairs(prompts: Sequence[Prompt], samples: Mapping[str, str]) -> PairSet:
    """`generated` for every prompt; `samples` goes by prompt id. Nothing is skipped uncounted."""
    pairs: list[PreferencePair] = []
    skipped: Counter[str] = Counter()
    for prompt in prompts:
        sample = samples.get(prompt.prompt_id, "")
        pair = generated(prompt, sample)
        if pair is not None:
            pairs.append(pair)
        else:
            skipped["sample equals the human reply" if sample.strip() else "no sample"] += 1
    return PairSet("generated", tuple(pairs), len(prompts), dict(skipped))


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


def _unfit(dialogue: Dialogue, client: Turn, reply: Turn, min_words: int) -> str | None:
    if dialogue.metadata.get("mi_quality") == "low":
        return "low-quality counsellor"
    if len(_words(client.text)) < min_words:
        return f"client's turn under {min_words} words"
    if len(_words(reply.text)) < min_words:
        return f"human reply under {min_words} words"
    return None


def _scored(
    candidates: Sequence[str],
    empathy: Sequence[float | None],
    similarity: Sequence[float | None],
    relevance: float,
) -> list[tuple[float, str]]:
    """(score, text) of the candidates that have words and both numbers."""
    scored: list[tuple[float, str]] = []
    for text, kind, near in zip(candidates, empathy, similarity, strict=True):
        if not text.strip() or kind is None or near is None:
            continue
        score = kind + relevance * near
        if not math.isfinite(score):
            raise ValueError(f"a candidate scores {score}: empathy {kind}, similarity {near}")
        scored.append((score, text))
    return scored


def _words(text: str) -> list[str]:
    return text.split()


def _list(word: str, counts: Mapping[str, int]) -> str:
    """ " (9 skipped: 7 candidates tie, 2 no sample)", or nothing when nothing was."""
    if not counts:
        return ""
    if len(counts) == 1:
        reason, number = next(iter(counts.items()))
        return f" ({number} {word}: {reason})"
    parts = ", ".join(f"{number} {reason}" for reason, number in counts.items())
    return f" ({sum(counts.values())} {word}: {parts})"
