"""Texts in, the same texts with placeholders out: `[PHONE]`, or `[NAME-2]` for who comes again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from empathy.deidentify.contacts import addresses, contacts
from empathy.deidentify.dates import dates
from empathy.deidentify.names import Namer, again, by_cues
from empathy.deidentify.numbers import numbers
from empathy.deidentify.spans import Kind, Span, merged
from empathy.records import same_words

FINDERS: tuple[Namer, ...] = (numbers, contacts, addresses, dates, by_cues)


def find(texts: Sequence[str], namers: Iterable[Namer] = ()) -> list[list[Span]]:
    """What points to a person in each text of one file; `namers` find names beside the cue words.

    A name that any text gives away is looked for in all of them.
    """
    finders = (*FINDERS, *namers)
    first = [merged(span for finder in finders for span in finder(text)) for text in texts]
    known = again(
        text[span.start : span.end]
        for text, spans in zip(texts, first, strict=True)
        for span in spans
        if span.kind == "NAME"
    )
    return [merged([*spans, *known(text)]) for text, spans in zip(texts, first, strict=True)]


class Placeholders:
    """Puts them in and counts them; with `pseudonyms`, the same words get the same number."""

    def __init__(self, *, pseudonyms: bool = False) -> None:
        self.counts: Counter[Kind] = Counter()
        self._pseudonyms = pseudonyms
        self._known: dict[tuple[Kind, str], int] = {}
        self._last: Counter[Kind] = Counter()

    def put(self, text: str, spans: Sequence[Span]) -> str:
        """The text with a placeholder for each span; these are in order and do not overlap."""
        parts, end = [], 0
        for span in spans:
            self.counts[span.kind] += 1
            parts += [text[end : span.start], self._placeholder(text, span)]
            end = span.end
        return "".join([*parts, text[end:]])

    def _placeholder(self, text: str, span: Span) -> str:
        if not self._pseudonyms:
            return f"[{span.kind}]"
        said = text[span.start : span.end]
        digits = "".join(filter(str.isdigit, said))
        same = digits if span.kind in ("CPF", "CNS", "PHONE", "NUMBER") else same_words(said)
        key = (span.kind, same)
        if key not in self._known:
            self._last[span.kind] += 1
            self._known[key] = self._last[span.kind]
        return f"[{span.kind}-{self._known[key]}]"
