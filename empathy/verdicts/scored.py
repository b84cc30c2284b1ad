"""A judge that gives each reply a number by itself: the higher one wins. No torch.

    ScoredJudge("evaluate", scorer_totals(EmpathyScorer.load("evaluate")))

The scorer that drives a search is the wrong judge of what the search found: take another one, for
instance `empathy.verdicts.ngrams`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from math import isfinite

from empathy.judges import Scorer
from empathy.metrics.win_rate import wins
from empathy.verdicts.verdict import Comparison, Verdict, Verdicts, settle

UNSCORABLE, UNREAD = "unscorable", "in a language it does not read"
Said = tuple[str, str]  # the client's words and a reply to them
Scores = Callable[[Sequence[Said]], Sequence[float | None]]
"""A number per (client's words, reply), None for a reply that has none; more is better."""


def scorer_totals(scorer: Scorer) -> Scores:
    """The sum of levels, 0 to 6, that an empathy scorer gives."""

    def totals(said: Sequence[Said]) -> list[float | None]:
        levels = scorer.score([post for post, _ in said], [reply for _, reply in said])
        return [None if each is None else each.total for each in levels]

    return totals


class ScoredJudge:
    """Wins by any scores; every different (client's words, reply) is scored once.

    `languages` are those that it reads (two letters each), None for all.
    """

    def __init__(self, name: str, scores: Scores, languages: Collection[str] | None = None) -> None:
        self.name = name
        self._scores, self._languages = scores, languages

    def judge(self, comparisons: Sequence[Comparison]) -> Verdicts:
        """A win for a where its score is higher; unjudged where either reply has none."""
        lost: Counter[str] = Counter()
        verdicts, counts = settle(comparisons, lambda some: self._decide(some, lost))
        return Verdicts(self.name, tuple(verdicts), counts + lost)

    def _decide(self, comparisons: Sequence[Comparison], lost: Counter[str]) -> list[Verdict]:
        read = [self._languages is None or each.language in self._languages for each in comparisons]
        told = [each for each, known in zip(comparisons, read, strict=True) if known]
        found = iter(self._wins(told) if told else ())
        wins_of_a = [next(found) if known else None for known in read]
        lost[UNREAD] += read.count(False)
        lost[UNSCORABLE] += wins_of_a.count(None) - read.count(False)
        return [Verdict(win) for win in wins_of_a]

    def _wins(self, comparisons: Sequence[Comparison]) -> tuple[float | None, ...]:
        own = [(each.prompt, each.a) for each in comparisons]
        rival = [(each.prompt, each.b) for each in comparisons]
        different = sorted({*own, *rival})
        scored = dict(zip(different, self._scores(different), strict=True))
        finite = {
            said: score if score is not None and isfinite(score) else None
            for said, score in scored.items()
        }
        return wins([finite[said] for said in own], [finite[said] for said in rival])
