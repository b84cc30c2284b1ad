"""A scheme's preference pairs, with a count of everything that made none. No model is run here.

The schemes themselves are in `empathy.schemes`, one file each; `empathy.schemes.mixing` puts the
pairs of several together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from empathy.records import PreferencePair, Prompt

SAME = "both replies say the same"
REPEATED = "the same pair again"


@dataclass(frozen=True, slots=True)
class PairSet:
    """Pairs of one scheme, from how many prompts, and why what might have been a pair is none.

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
        return head + listed("skipped", self.skipped) + tail


def gathered(scheme: str, found: Iterable[PreferencePair | str], prompts: int) -> PairSet:
    """The pairs among `found`; each text in it is the reason why there is none, and is counted.

    A pair whose replies say the same (blanks aside), or that was there before, is no pair.
    """
    pairs: dict[object, PreferencePair] = {}
    skipped: Counter[str] = Counter()
    for each in found:
        if isinstance(each, str):
            skipped[each] += 1
            continue
        key = (each.prompt.turns, plain(each.chosen), plain(each.rejected))
        if key[1] == key[2]:
            skipped[SAME] += 1
        elif key in pairs:
            skipped[REPEATED] += 1
        else:
            pairs[key] = each
    return PairSet(scheme, tuple(pairs.values()), prompts, dict(skipped))


def prefer(prompt: Prompt, chosen: str, rejected: str, scheme: str) -> PreferencePair:
    """The pair, its replies without surrounding blanks."""
    return PreferencePair(prompt, chosen.strip(), rejected.strip(), scheme)


def plain(text: str) -> str:
    """The text with single blanks: two replies that differ in blanks alone say the same."""
    return " ".join(text.split())


def listed(word: str, counts: Mapping[str, int]) -> str:
    """ " (9 skipped: 7 candidates tie, 2 no sample)", or nothing when nothing was."""
    if not counts:
        return ""
    if len(counts) == 1:
        reason, number = next(iter(counts.items()))
        return f" ({number} {word}: {reason})"
    parts = ", ".join(f"{number} {reason}" for reason, number in counts.items())
    return f" ({sum(counts.values())} {word}: {parts})"
