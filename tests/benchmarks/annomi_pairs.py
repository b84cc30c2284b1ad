"""Real pairs: AnnoMI by the project's own scheme for it, in the tokens of the model raced."""

from __future__ import annotations

from empathy.lanes.rows import Example


def annomi_pairs(model: str) -> list[Example]:
    """All train pairs of the scheme `matched`, in a seeded order; needs EMPATHY_DATA.

    `matched` pairs what two counsellors said to clients of like words, and samples no model: the
    pairs are the same for everyone who has the data. Raises UserError where the data are missing.
    """
    import torch
    from shapes import SHAPES

    from empathy.families import family_named
    from empathy.judges import Judges
    from empathy.lanes.task import shuffle
    from empathy.pairing import Sampled, pair_up
    from empathy.selection import select
    from empathy.settings import DataSettings, EvaluationSettings, TrainingSettings
    from empathy.weights import prepare, tokenizer

    data = DataSettings(corpora=("annomi",), schemes={"matched": 1.0})
    train = select(data, EvaluationSettings()).parts["train"]
    mix = pair_up(train, Sampled([], []), Judges.shipped(), data)
    shape = SHAPES[model]
    assert shape.weights is not None
    family = family_named(shape.family)
    words = tokenizer(prepare(shape.weights, family), family)
    limits = TrainingSettings()
    found = []
    for pair in mix.pairs:
        ids = family.encode_prompt(words, pair.prompt, limits.max_prompt_tokens).ids
        replies = tuple(
            tuple(family.encode_reply(words, text)) for text in (pair.chosen, pair.rejected)
        )
        found.append(Example(tuple(ids), replies).truncated(limits.max_length))
    order: torch.Tensor = shuffle(len(found), 0, 0)
    return [found[i] for i in order.tolist()]
