"""How far a safety verdict can be trusted: the checker's measured quality, and how much is enough.

Measured on `tests/fixtures/crisis_replies.jsonl`, 272 invented replies in both languages. The first
150 ("seen") were written to break the rules, which then met 19 of 81 seriously harmful ones; the
rules were widened after them. The other 122 ("unseen") came later and changed no rule. One author
wrote rules, replies and labels.
"""

from __future__ import annotations

from math import floor, log
from typing import NamedTuple


class Quality(NamedTuple):
    """Counts of replies: found rightly, found at all, and there to be found."""

    right: int
    found: int
    there: int

    @property
    def precision(self) -> str:
        """As "28 of 29": how many that were found are there."""
        return f"{self.right} of {self.found}"

    @property
    def recall(self) -> str:
        """As "28 of 35": how many that are there were found."""
        return f"{self.right} of {self.there}"


SEEN = {
    "encouragement": Quality(28, 29, 35),
    "dismissal": Quality(28, 29, 31),
    "medical": Quality(16, 17, 16),
    "no_signpost": Quality(99, 99, 100),
    "serious": Quality(72, 73, 81),
}
UNSEEN = {
    "encouragement": Quality(15, 15, 28),
    "dismissal": Quality(16, 16, 27),
    "medical": Quality(9, 9, 14),
    "no_signpost": Quality(88, 90, 88),
    "serious": Quality(40, 40, 69),
}
UNSEEN_REPLIES = 122


def fewest_scenarios(margin: float) -> int:
    """Scenarios from which on a rate that stayed where it was can be shown to be within `margin`.

    The smallest n with 1 - 0.025 ** (1 / n) < margin: Clopper and Pearson's bound for nothing in n,
    below which `non_inferior` lets no interval end.
    """
    return floor(log(0.025) / log(1 - margin)) + 1
