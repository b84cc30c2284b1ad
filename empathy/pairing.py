"""Sampled replies and judges -> preference pairs by the scheme that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from empathy.judges import Judges
from empathy.pairs import PairSet, generated_pairs, rank_pairs
from empathy.records import Prompt
from empathy.settings import DataSettings

T = TypeVar("T")
Samples = Sequence[Sequence[str]]  # [prompt][draw], equally many draws for each


def draws(data: DataSettings) -> int:
    """Replies that the scheme wants sampled for each prompt."""
    return {"ranked": data.candidates, "generated": 1}[data.scheme]


def pair_up(
    prompts: Sequence[Prompt], samples: Samples, judges: Judges, data: DataSettings
) -> PairSet:
    """Pairs for these prompts. Only the ranking scorer is asked: the other one evaluates."""
    return SCHEMES[data.scheme](prompts, samples, judges, data)


def _generated(
    prompts: Sequence[Prompt], samples: Samples, judges: Judges, data: DataSettings
) -> PairSet:
    first = [row[0] for row in samples]
    return generated_pairs(prompts, dict(zip((p.prompt_id for p in prompts), first, strict=True)))


def _ranked(
    prompts: Sequence[Prompt], samples: Samples, judges: Judges, data: DataSettings
) -> PairSet:
    count = len(samples[0])
    posts = [prompt.client_text for prompt in prompts for _ in range(count)]
    texts = [text for row in samples for text in row]
    levels = judges.ranking.score(posts, texts)
    totals = [None if level is None else level.total for level in levels]
    said = [text if text.strip() else "-" for text in texts]  # a blank one is not scored anyway
    near = (judges.encoder.embed(said) * judges.encoder.embed(posts)).sum(1).tolist()

    def by_prompt(values: Sequence[T]) -> Mapping[str, Sequence[T]]:
        rows = [values[i : i + count] for i in range(0, len(values), count)]
        return {prompt.prompt_id: row for prompt, row in zip(prompts, rows, strict=True)}

    return rank_pairs(prompts, by_prompt(texts), by_prompt(totals), by_prompt(near), data.relevance)


SCHEMES: dict[str, Callable[[Sequence[Prompt], Samples, Judges, DataSettings], PairSet]] = {
    "ranked": _ranked,
    "generated": _generated,
}
