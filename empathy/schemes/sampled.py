"""Pairs out of replies that the warm-started model was sampled for: `ranked` and `generated`.

`ranked`: of several samples, the best against the worst, by an empathy score plus a weight times
the reply's similarity to the client's words. The weight is there because empathy scorers barely
look at the prompt: without it, pairs teach kind but unrelated replies. `empathy.pairing` takes
`data.style_penalty` off for each tell of a gamed score, so that a claim of shared experience or a
second question is seldom chosen and often rejected.
`generated`: what a skilled counsellor said against the model's own sample.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from empathy.pairs import PairSet, plain
from empathy.records import PreferencePair, Prompt


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
    if plain(best[1]) == plain(worst[1]):  # so it is at a tie: both are the first candidate
        return None
    return PreferencePair(prompt, best[1], worst[1], "ranked")


def generated(prompt: Prompt, sample: str) -> PreferencePair | None:
    """The counsellor's reply against the model's; None if the sample is blank or says the same."""
    if not sample.strip() or plain(sample) == plain(prompt.human_reply):
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
