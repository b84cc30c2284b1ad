"""What the MITI scorer learns from: labelled sentences of several sources, none a gold test one.

In this order, a wording counting once, where it stands first:

- `gold`: the experts' file `MI Dataset.csv`, where the user has it.
- `invented`: `miti_seeds.yaml`, sentences written for this project after the labels' definitions.
- `PP`: rephrasings made from gold labels, advice without permission and, said again, with it.
- `weak`: sentences of CounselChat's answers with their automatic Union label.
- `PPA`: rephrasings made from automatic labels, of which each kind and side gives `MOST_PPA`.

A group is what a part may not cut: the question, the rephrasing's source, an invented sentence.
"""

from __future__ import annotations

import importlib.resources
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from empathy.corpora import mi, rephrasings
from empathy.reading.miti import LABELS, gold_test
from empathy.records import Contrast, fingerprint, same_words

MOST_PPA = 600
"""Enough to learn an opener; there are thousands, all made by a few rules."""
SEEDS = "miti_seeds.yaml"
HELD_OUT = 5
"""One group in this many is held out to choose settings by."""
WITH, WITHOUT = "Advise with Permission", "Advise without Permission"


class Example(NamedTuple):
    """A sentence, one of the fifteen labels, its group and its source."""

    text: str
    label: str
    group: str
    source: str

    @property
    def held_out(self) -> bool:
        """Whether it helps to choose settings; the final training sees all of them."""
        return int(fingerprint("miti part", self.group), 16) % HELD_OUT == 0


class Examples(NamedTuple):
    """What may be learnt from, and how many went where on the way."""

    examples: tuple[Example, ...]
    counts: Mapping[str, int]


def collect(data: Path, gold: Path | None) -> Examples:
    """The examples of `data`/mi and of the gold file, if any.

    Raises `UserError` for a missing or broken file.
    """
    said_again = rephrasings.read(data)
    sources = {
        "gold": mi.labelled(gold, mi.AGREED) if gold else [],
        "invented": seeds(),
        "PP": _rephrased(said_again.contrasts, "PP"),
        "weak": commonest(mi.labelled(data / mi.COUNSELCHAT, mi.UNION)),
        "PPA": _rephrased(said_again.contrasts, "PPA", MOST_PPA),
    }
    found = once(sources, (sentence.text for sentence in gold_test(data)))
    name = "with a gold test sentence"
    return found._replace(
        counts={**found.counts, f"rephrasings, {name}": said_again.counts.get(name, 0)}
    )


def once(sources: Mapping[str, Iterable[mi.Labelled]], tests: Iterable[str]) -> Examples:
    """Every wording where it stands first, without those of `tests`; with counts of both."""
    tested = {same_words(text) for text in tests}
    kept: dict[str, Example] = {}
    counts: Counter[str] = Counter()
    for source, sentences in sources.items():
        for text, label, group in sentences:
            words = same_words(text)
            fate = "in the gold test file" if words in tested else "repeated"
            if words not in tested and words not in kept:
                kept[words], fate = Example(text, label, group, source), "kept"
            counts[f"{source}, {fate}"] += 1
    return Examples(tuple(kept.values()), counts)


def judging(examples: Iterable[Example]) -> list[Example]:
    """The held-out examples to choose by: all but rules' rephrasings of automatic labels."""
    return [each for each in examples if each.held_out and each.source != "PPA"]


def seeds() -> list[mi.Labelled]:
    """The invented sentences, each a group of its own."""
    file = importlib.resources.files("empathy.scorers") / SEEDS
    found = []
    for label, texts in yaml.safe_load(file.read_text(encoding="utf-8")).items():
        assert label in LABELS, label
        found += [mi.Labelled(text, label, fingerprint("miti seed", text)) for text in texts]
    return found


def commonest(sentences: Sequence[mi.Labelled]) -> Iterator[mi.Labelled]:
    """Every sentence, with the label that most sentences of its wording have."""
    votes: dict[str, Counter[str]] = {}
    for sentence in sentences:
        votes.setdefault(same_words(sentence.text), Counter())[sentence.label] += 1
    for sentence in sentences:
        yield sentence._replace(label=votes[same_words(sentence.text)].most_common(1)[0][0])


def _rephrased(
    contrasts: Sequence[Contrast], corpus: str, at_most: int | None = None
) -> list[mi.Labelled]:
    """Both sides of the rephrasings: of each kind the first `at_most` in an arbitrary fixed order
    that has nothing to do with the file's."""
    found = []
    for kind in rephrasings.KINDS:
        start = f"mi-{corpus.lower()}-{kind}-"
        some = [each for each in contrasts if each.contrast_id.startswith(start)]
        for each in sorted(some, key=lambda each: each.contrast_id)[:at_most]:
            found.append(mi.Labelled(each.better, WITH, each.group))
            found.append(mi.Labelled(each.worse, WITHOUT, each.group))
    return found
