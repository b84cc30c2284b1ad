"""Who can say, without a language model, which reply of a pair is better: scorers and cheap rules.

The rules see no prompt, and what they decide rightly needs no empathy to be told apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from empathy.judges import Judges, SentenceEncoder, languages_of
from empathy.metrics.pair_accuracy import prefers_chosen
from empathy.preference_baselines import LONGER, SHORTER, STYLE, style_margins
from empathy.records import PreferencePair, fingerprint
from empathy.verdicts.scored import Said, ScoredJudge, Scores, scorer_totals
from empathy.verdicts.verdict import Comparison, Verdict, Verdicts

FOLDS = 10


def by_scorers(judges: Judges) -> list[ScoredJudge]:
    """A judge per built-in scorer, and one by the cosine of prompt and reply."""
    scorers = {
        "evaluating scorer": judges.evaluating,
        "ranking scorer": judges.ranking,
        "n-gram referee": judges.referee,
    }
    found = [
        ScoredJudge(name, scorer_totals(scorer), languages_of(scorer))
        for name, scorer in scorers.items()
    ]
    encoder = judges.encoder
    return [*found, ScoredJudge("similar to prompt", cosines(encoder), languages_of(encoder))]


def cosines(encoder: SentenceEncoder) -> Scores:
    """How alike the reply is to the client's words, -1 to 1."""

    def scores(said: Sequence[Said]) -> list[float]:
        texts = sorted({text for each in said for text in each})
        row = {text: index for index, text in enumerate(texts)}
        vectors = encoder.embed(texts).float()  # [texts, width], of unit length
        posts, replies = zip(*said, strict=True)
        own = [vectors[[row[text] for text in some]] for some in (posts, replies)]
        cosine: list[float] = (own[0] * own[1]).sum(-1).tolist()
        return cosine

    return scores


def by_length() -> list[ScoredJudge]:
    """The longer reply wins; the shorter one does. In words, as pairs are made."""
    return [
        ScoredJudge(LONGER, lambda said: [float(len(reply.split())) for _, reply in said]),
        ScoredJudge(SHORTER, lambda said: [-float(len(reply.split())) for _, reply in said]),
    ]


def by_style(pairs: Sequence[PreferencePair]) -> Verdicts:
    """What a bag of words, learnt from the pairs of other groups, makes of each pair.

    Groups are dealt to ten folds; without two pairs in the others a fold is not judged.
    """
    fold = _folds(sorted({pair.prompt.group for pair in pairs}))
    verdicts = [Verdict(None)] * len(pairs)
    for number in set(fold.values()):
        held = [i for i, pair in enumerate(pairs) if fold[pair.prompt.group] == number]
        train = [pair for pair in pairs if fold[pair.prompt.group] != number]
        if len(train) > 1:
            margins = style_margins(train, [pairs[i] for i in held])
            for i, win in zip(held, prefers_chosen(margins), strict=True):
                verdicts[i] = Verdict(win)
    counts = {"without pairs of other groups": sum(each.win is None for each in verdicts)}
    return Verdicts(STYLE, tuple(verdicts), {name: n for name, n in counts.items() if n})


def comparisons(pairs: Sequence[PreferencePair]) -> list[Comparison]:
    """What judges are asked: is the chosen reply better than the rejected one?"""
    return [
        Comparison(
            pair.prompt.client_text,
            pair.chosen,
            pair.rejected,
            pair.prompt.corpus,
            pair.prompt.language,
        )
        for pair in pairs
    ]


def _folds(groups: Sequence[str]) -> dict[str, int]:
    """Each group's fold; by hash, so that the order of the groups' names does not matter."""
    shuffled = sorted(groups, key=lambda group: fingerprint("fold", group))
    return {group: number % FOLDS for number, group in enumerate(shuffled)}
