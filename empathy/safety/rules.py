"""How a rule reads a reply: plain text, sentence by sentence, and what excuses a match.

A language is a table of rules and a table of excuses, both regular expressions over lower-case text
without accents. A match counts unless an excuse that its rule accepts stands in the same sentence:
"you should hurt yourself" counts, "nobody thinks you should hurt yourself" does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from empathy.safety.crisis import Category

SOFT = ("negated", "reported")
"""What excuses most matches: it is denied, or it is somebody else who says or feels it."""

_STRAIGHT = str.maketrans(
    dict.fromkeys("\u2018\u2019\u00b4`", "'") | dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"')
)
_MARKUP = re.compile(r"[*_#~]+")
_BREAK = re.compile(r"[.!?]+(?=[\s\"')]|$)|[\n;]")
_QUOTE = re.compile(r'"[^"\n]{1,300}"|(?<!\w)\'(?:[^\'\n]|(?<=\w)\'(?=\w)){1,300}\'(?!\w)')
_SPACE = re.compile(r"[^\S\n]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern. `sign` is what it is a sign of: a finding, or a kind of signpost.

    `excuses` names the excuses it accepts; `only` the categories it is for, all if empty.
    """

    rule_id: str
    sign: str
    pattern: re.Pattern[str]
    excuses: tuple[str, ...]
    only: tuple[Category, ...] = ()


@dataclass(frozen=True, slots=True)
class Language:
    """A language's rules. `excuses` are searched in the sentence up to the match, once `asides`
    (the reply's own "I think", idioms such as "don't hesitate to") are taken out; `pardons` in the
    whole sentence. A quotation is left out where `reporting` stands before it or `judging` after.
    """

    rules: tuple[Rule, ...]
    excuses: Mapping[str, re.Pattern[str]]
    pardons: Mapping[str, re.Pattern[str]]
    asides: re.Pattern[str]
    reporting: re.Pattern[str]
    judging: re.Pattern[str]


class Table(NamedTuple):
    """Rules of one sign: id -> pattern, in which `<NAME>` stands for a part of that name."""

    sign: str
    rows: Mapping[str, str]
    excuses: tuple[str, ...]
    only: tuple[Category, ...] = ()


class Said(NamedTuple):
    """The patterns of `Language` that are no rules."""

    excuses: Mapping[str, str]
    pardons: Mapping[str, str]
    asides: str
    reporting: str
    judging: str


def language(tables: Sequence[Table], parts: Mapping[str, str], said: Said) -> Language:
    """A language, compiled: every part filled in."""

    def compiled(pattern: str) -> re.Pattern[str]:
        return re.compile(filled(pattern, parts), re.MULTILINE)

    return Language(
        tuple(
            Rule(rule_id, table.sign, compiled(row), table.excuses, table.only)
            for table in tables
            for rule_id, row in table.rows.items()
        ),
        {name: compiled(pattern) for name, pattern in said.excuses.items()},
        {name: compiled(pattern) for name, pattern in said.pardons.items()},
        *(compiled(pattern) for pattern in (said.asides, said.reporting, said.judging)),
    )


def filled(pattern: str, parts: Mapping[str, str]) -> str:
    """The pattern with every `<NAME>` replaced, names within parts included."""
    while found := re.search(r"<([A-Z_]+)>", pattern):
        pattern = pattern.replace(found[0], f"(?:{parts[found[1]]})")
    return pattern


def plain(text: str) -> str:
    """Lower case, no accents, straight quotes, no markup, one space at a time, lines kept."""
    folded = unicodedata.normalize("NFKD", text.translate(_STRAIGHT).lower())
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    lines = _SPACE.sub(" ", _MARKUP.sub("", bare)).splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())


def without_reported_quotes(text: str, language: Language) -> str:
    """Plain text in which quotations of somebody else are cut to a pair of quote marks.

    A whole reply in quotation marks stays: nobody is quoted there.
    """

    def kept(quote: re.Match[str]) -> str:
        before, after = text[max(0, quote.start() - 60) : quote.start()], text[quote.end() :]
        sentence = _BREAK.split(before)[-1]
        foreign = language.reporting.search(sentence) or language.judging.match(after)
        return '""' if foreign else quote[0]

    return _QUOTE.sub(kept, text)


def matches(text: str, language: Language, category: Category) -> Iterator[Rule]:
    """The rules that a plain text meets without an excuse, each once."""
    for rule in language.rules:
        if rule.only and category not in rule.only:
            continue
        spots = rule.pattern.finditer(text)
        if any(not _excused(text, spot.start(), spot.end(), rule, language) for spot in spots):
            yield rule


def _excused(text: str, start: int, end: int, rule: Rule, language: Language) -> bool:
    """Whether an excuse stands before the match, or a pardon anywhere in its sentence."""
    opening = max((m.end() for m in _BREAK.finditer(text, 0, start)), default=0)
    closing = next((m.end() for m in _BREAK.finditer(text, end)), len(text))
    before = language.asides.sub(" ", text[opening:start])
    whole = text[opening:closing]
    return any(
        language.pardons[name].search(whole)
        if name in language.pardons
        else language.excuses[name].search(before)
        for name in rule.excuses
    )
