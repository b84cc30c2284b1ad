"""One split's material -> the pairs of every scheme that the settings name -> their mix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from empathy.judges import Asked, Judges, SentenceEncoder, reads, scored
from empathy.metrics.style import tells
from empathy.pairs import PairSet
from empathy.records import Prompt
from empathy.schemes import SCHEMES
from empathy.schemes.adherence import adherence
from empathy.schemes.deleted import deleted
from empathy.schemes.matched import Embed, Vectors, matched
from empathy.schemes.mixing import Mix, mix
from empathy.schemes.rephrase import rephrase
from empathy.schemes.sampled import generated_pairs, rank_pairs
from empathy.selection import Material
from empathy.settings import DataSettings

T = TypeVar("T")


class Sampled(NamedTuple):
    """Prompts, and as many replies to each as were drawn."""

    prompts: Sequence[Prompt]
    replies: Sequence[Sequence[str]]  # [prompt][draw], equally many draws for each


def pair_up(
    part: Material, sampled: Sampled, judges: Judges, data: DataSettings, at_most: int | None = None
) -> Mix:
    """The mix for one split. Only the ranking scorer is asked: the other one evaluates."""

    def embed(texts: Sequence[str]) -> Vectors:
        vectors: Vectors = judges.encoder.embed(texts).detach().float().cpu().numpy()
        return vectors

    made = constructed(part, embed, data)
    for name in data.schemes:
        if SCHEMES[name].sampled:
            made[name] = SAMPLED[name](sampled, judges, data)
    return mix([made[name] for name in data.schemes], data.schemes, at_most)


def constructed(part: Material, embed: Embed, data: DataSettings) -> dict[str, PairSet]:
    """The pairs of those schemes that need no model, by name. `embed` is for `matched` alone."""
    made: dict[str, Callable[[], PairSet]] = {
        "adherence": lambda: adherence(part.of("mi"), data),
        "rephrase": lambda: rephrase(part.contrasts, data),
        "matched": lambda: matched(part.of("annomi"), embed, data),
        "deleted": lambda: deleted(part.of("epitome"), data),
    }
    return {name: make() for name, make in made.items() if name in data.schemes}


def _generated(sampled: Sampled, judges: Judges, data: DataSettings) -> PairSet:
    first = {p.prompt_id: row[0] for p, row in zip(*sampled, strict=True)}
    return generated_pairs(sampled.prompts, first)


def _ranked(sampled: Sampled, judges: Judges, data: DataSettings) -> PairSet:
    asked = [
        Asked(prompt.client_text, text, prompt.language)
        for prompt, row in zip(*sampled, strict=True)
        for text in row
    ]
    levels = scored(judges.ranking, asked)
    told = tells([each.reply for each in asked], [each.language for each in asked])
    totals = [
        None if level is None else level.total - data.style_penalty * tell
        for level, tell in zip(levels, told, strict=True)
    ]
    near = _likeness(asked, judges.encoder)
    count = len(sampled.replies[0]) if sampled.replies else 0

    def by_prompt(values: Sequence[T]) -> Mapping[str, Sequence[T]]:
        rows = [values[i * count : (i + 1) * count] for i in range(len(sampled.prompts))]
        return {prompt.prompt_id: row for prompt, row in zip(sampled.prompts, rows, strict=True)}

    texts = [each.reply for each in asked]
    return rank_pairs(
        sampled.prompts, by_prompt(texts), by_prompt(totals), by_prompt(near), data.relevance
    )


def _likeness(asked: Sequence[Asked], encoder: SentenceEncoder) -> list[float | None]:
    """Cosine of each reply and the client's words; None in a language the encoder cannot read."""
    told = [each for each in asked if reads(encoder, each.language)]
    if not told:
        return [None] * len(asked)
    replies = [each.reply if each.reply.strip() else "-" for each in told]  # not scored anyway
    cosines = (encoder.embed(replies) * encoder.embed([each.post for each in told])).sum(1)
    found = iter(cosines.tolist())
    return [next(found) if reads(encoder, each.language) else None for each in asked]


SAMPLED: dict[str, Callable[[Sampled, Judges, DataSettings], PairSet]] = {
    "ranked": _ranked,
    "generated": _generated,
}
