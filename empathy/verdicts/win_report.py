"""All that one judge's verdicts say about two policies, each number with its interval. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from empathy.uncertainty import Estimate, share_interval
from empathy.verdicts.agreement import order_bias
from empathy.verdicts.length_control import length_controlled
from empathy.verdicts.verdict import Comparison, Verdicts


@dataclass(frozen=True, slots=True)
class WinReport:
    """A judge's numbers, None where they could not be measured.

    `rate` is the win rate of a, ties half; `at_equal_length` the same as if both replies were
    equally long; `flips` the share of verdicts that change with the order of the replies and
    `first` how often the reply shown first wins. `counts` says what was not judged, and why.
    """

    judge: str
    rate: Estimate | None
    at_equal_length: Estimate | None
    flips: Estimate | None
    first: Estimate | None
    counts: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Every field by name, ready for JSON."""
        return {**asdict(self), "counts": dict(self.counts)}


def win_report(
    found: Verdicts, comparisons: Sequence[Comparison], groups: Sequence[str]
) -> WinReport:
    """The numbers of `found`, a judge's verdicts on these comparisons; `groups[i]` is the group of
    comparison i. Raises ValueError if the three are not aligned."""
    bias = order_bias(found.verdicts, groups)
    flips, first = (None, None) if bias is None else bias
    rate = controlled = None
    if any(win is not None for win in found.wins):
        words = [float(len(each.a.split())) for each in comparisons]
        rival_words = [float(len(each.b.split())) for each in comparisons]
        rate = share_interval(found.wins, groups)
        controlled = length_controlled(found.wins, words, rival_words, groups)
    return WinReport(found.judge, rate, controlled, flips, first, found.counts)
