"""How much of what points to a person is found, in sentences that were invented for it.

They stand in `annotated.jsonl`, one a line: {"part": "known", "language": "pt", "text": "Liga no
{PHONE|3232-0000}, por favor."}. Each counts as a file of its own. The `known` ones were looked at
while rules were made; the `fresh` ones were written afterwards, and no rule was changed for them.
Real speech may well give less than either.
"""

from __future__ import annotations

import importlib.resources
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from empathy.deidentify.names import Namer
from empathy.deidentify.placeholders import find
from empathy.deidentify.spans import KINDS, Kind, Span

_MARKED = re.compile(r"\{(?P<kind>[A-Z]+)\|(?P<words>[^}]*)\}")


PARTS = {
    "known": "sentences that the rules were made with",
    "fresh": "sentences written after the rules",
}


class Sentence(NamedTuple):
    """A text and what of it points to a person."""

    part: str
    language: str
    text: str
    spans: tuple[Span, ...]


class Tally(NamedTuple):
    """Of the spans of one kind: how many there are, and how many are covered whole."""

    found: int
    there: int
    own_kind: int
    """Found, and under this kind rather than another."""

    def __str__(self) -> str:
        return f"{self.found:>4} of {self.there:<4}{self.found / self.there:>5.0%}"


class Measured(NamedTuple):
    """What came of all sentences."""

    tallies: dict[tuple[str, Kind], Tally]
    """By language and kind."""
    replaced: dict[str, int]
    """Placeholders put, by language."""
    right: dict[str, int]
    """Those that touch what points to a person."""
    misses: list[tuple[str, Kind, str]]
    """(language, kind, words) of what is left readable, wholly or in part."""
    wrong: list[tuple[str, Kind, str]]
    """(language, kind, words) of what was taken away and points to nobody."""


def annotated() -> list[Sentence]:
    """The invented sentences."""
    lines = importlib.resources.files(__package__).joinpath("annotated.jsonl").read_text("utf-8")
    return [parsed(**json.loads(line)) for line in lines.splitlines()]


def parsed(part: str, language: str, text: str) -> Sentence:
    """A sentence without its marks, and where they stood."""
    spans: list[Span] = []
    plain, end = "", 0
    for mark in _MARKED.finditer(text):
        plain += text[end : mark.start()]
        kind = next(kind for kind in KINDS if kind == mark["kind"])
        spans.append(Span(len(plain), len(plain) + len(mark["words"]), kind))
        plain, end = plain + mark["words"], mark.end()
    return Sentence(part, language, plain + text[end:], tuple(spans))


def measure(sentences: Iterable[Sentence], namers: Sequence[Namer] = ()) -> Measured:
    """Find in every sentence what can be found, and compare."""
    done = Measured({}, {}, {}, [], [])
    for sentence in sentences:
        (found,) = find([sentence.text], namers)
        _compare(sentence, found, done)
    return done


def _compare(sentence: Sentence, found: Sequence[Span], done: Measured) -> None:
    language, text = sentence.language, sentence.text
    for span in sentence.spans:
        covering = [each for each in found if each.start < span.end and span.start < each.end]
        whole = _covers(text, span, covering)
        own = whole and any(each.kind == span.kind for each in covering)
        before = done.tallies.get((language, span.kind), Tally(0, 0, 0))
        done.tallies[language, span.kind] = Tally(
            before.found + whole, before.there + 1, before.own_kind + own
        )
        if not whole:
            done.misses.append((language, span.kind, text[span.start : span.end]))
    for each in found:
        touches = any(each.start < span.end and span.start < each.end for span in sentence.spans)
        done.replaced[language] = done.replaced.get(language, 0) + 1
        done.right[language] = done.right.get(language, 0) + touches
        if not touches:
            done.wrong.append((language, each.kind, text[each.start : each.end]))


def _covers(text: str, span: Span, found: Sequence[Span]) -> bool:
    """Whether no letter or digit of the span is left."""
    left = set(range(span.start, span.end))
    for each in found:
        left -= set(range(each.start, each.end))
    return not any(text[place].isalnum() for place in left)


def as_lines(namers: Sequence[Namer] = ()) -> Iterator[str]:
    """A table for a terminal of each part: recall by kind, then recall and precision."""
    sentences = annotated()
    yield "recall, of spans covered whole; in brackets: under their own kind"
    for part, meaning in PARTS.items():
        yield ""
        yield meaning
        yield from _table(measure((each for each in sentences if each.part == part), namers))


def _table(measured: Measured) -> Iterator[str]:
    languages = sorted({language for language, _ in measured.tallies})
    for kind in KINDS:
        cells = []
        for language in languages:
            tally = measured.tallies.get((language, kind))
            cells.append(f"{language} {tally} ({tally.own_kind})" if tally else "")
        yield f"{kind:<9}" + "".join(f"{cell:<28}" for cell in cells).rstrip()
    for language in languages:
        kinds = [tally for (told, _), tally in measured.tallies.items() if told == language]
        whole = Tally(*(sum(column) for column in zip(*kinds, strict=True)))
        right, replaced = measured.right[language], measured.replaced[language]
        yield (
            f"all {language}: recall{whole}; precision {right} of {replaced} placeholders, "
            f"{right / replaced:.0%}"
        )
