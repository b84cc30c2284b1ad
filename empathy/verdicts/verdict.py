"""What every judge of two replies is asked and answers: `Comparison`s in, `Verdicts` out. No torch.

Two rules hold for every judge and stand here. A blank reply cannot be judged. Two replies of the
same words are a tie, which nobody has to be asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

BLANK, IDENTICAL = "blank", "identical"


class Comparison(NamedTuple):
    """The client's words and two replies to them. `corpus` says whose words they are."""

    prompt: str
    a: str
    b: str
    corpus: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a won: 1, 0.5 for a tie, 0 for a loss, None where nobody could say.

    A judge that is shown the replies in an order gives its raw verdicts too, both as wins of a.
    """

    win: float | None
    a_first: float | None = None
    b_first: float | None = None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """One judge's verdicts in the order of the comparisons, without any text.

    `counts` says what became of them: replies that were blank, identical or cut, questions that
    found no answer. Only what happened is in it.
    """

    judge: str
    verdicts: tuple[Verdict, ...]
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def wins(self) -> tuple[float | None, ...]:
        """A column of wins of a, as `empathy.uncertainty.share_interval` takes it."""
        return tuple(each.win for each in self.verdicts)


class WinJudge(Protocol):
    """Judges replies pairwise. Raises ValueError when there is nothing to judge."""

    @property
    def name(self) -> str: ...

    def judge(self, comparisons: Sequence[Comparison]) -> Verdicts: ...


Decide = Callable[[Sequence[Comparison]], Sequence[Verdict]]


def settle(comparisons: Sequence[Comparison], decide: Decide) -> tuple[list[Verdict], Counter[str]]:
    """The verdicts, where `decide` is given only what the two rules above leave open."""
    if not comparisons:
        raise ValueError("no comparisons were given: there is nothing to judge")
    counts: Counter[str] = Counter()
    verdicts, still_open = [Verdict(None)] * len(comparisons), []
    for index, each in enumerate(comparisons):
        if not each.a.strip() or not each.b.strip():
            counts[BLANK] += 1
        elif each.a == each.b:
            counts[IDENTICAL] += 1
            verdicts[index] = Verdict(0.5)
        else:
            still_open.append(index)
    if still_open:
        decided = decide([comparisons[index] for index in still_open])
        for index, verdict in zip(still_open, decided, strict=True):
            verdicts[index] = verdict
    return verdicts, counts
