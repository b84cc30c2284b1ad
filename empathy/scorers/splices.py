"""Rare levels made less rare: one response's evidence spliced into another response.

Weak interpretations and explorations are 4 and 3 % of the training pairs. A response in which the
raters saw nothing of a mechanism becomes one with that mechanism's level once it carries the words
that they named as evidence elsewhere. No torch.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from empathy.corpora.epitome import MECHANISMS, Example
from empathy.reading.evidence import Span

UNKNOWN = -100
"""A level that a splice leaves open, and that no loss counts."""
SPLICED_LEVELS = (1, 2)
HOST_CHARACTERS = 500
"""Longer responses would lose their end, and with it what was spliced in."""


def splices(examples: Sequence[Example], seed: int) -> Iterator[Example]:
    """Spliced examples without end, mechanisms and levels taking turns by chance.

    Mechanisms and levels that have no evidence, or no response without it, are left out; nothing
    comes if none is left.
    """
    rng = random.Random(seed)
    donors = {
        (k, level): [(e, span) for e in examples if e.levels[k] == level for span in e.evidence[k]]
        for k in range(len(MECHANISMS))
        for level in SPLICED_LEVELS
    }
    hosts = [
        [e for e in examples if e.levels[k] == 0 and len(e.response) < HOST_CHARACTERS]
        for k in range(len(MECHANISMS))
    ]
    kinds = [kind for kind, found in donors.items() if found and hosts[kind[0]]]
    while kinds:
        mechanism, level = rng.choice(kinds)
        donor, span = rng.choice(donors[mechanism, level])
        host = rng.choice(hosts[mechanism])
        yield splice(host, donor, mechanism, span, at_front=rng.random() < 0.5)


def splice(host: Example, donor: Example, mechanism: int, span: Span, at_front: bool) -> Example:
    """The host with the donor's words of `span` before or after its own, and with their level.

    A mechanism whose evidence those words hold too is UNKNOWN; the others keep the host's level.
    """
    begin, end = span
    words = donor.response[begin:end]
    parts = (words, host.response) if at_front else (host.response, words)
    place = 0 if at_front else len(host.response) + 1
    moved = len(words) + 1 if at_front else 0
    levels, evidence = list(host.levels), []
    for k in range(len(MECHANISMS)):
        own = tuple((first + moved, after + moved) for first, after in host.evidence[k])
        if k == mechanism:
            levels[k], own = donor.levels[k], ((place, place + len(words)),)
        elif any(first < end and begin < after for first, after in donor.evidence[k]):
            levels[k], own = UNKNOWN, ()
        evidence.append(own)
    return replace(host, response=" ".join(parts), levels=tuple(levels), evidence=tuple(evidence))
