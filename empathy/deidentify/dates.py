"""Dates in Portuguese and English: in digits, in words, and as half of one ("dia 15", "in March").

A year alone stays, as the rules of HIPAA have it, unless it is somebody's year of birth; so do days
of the week, times and ages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from empathy.deidentify.spans import Span

_MONTH_PT = (
    r"(?:janeiro|fevereiro|mar[cç]o|abril|maio|junho|julho|agosto|setembro|outubro|novembro|"
    r"dezembro)"
)
_SHORT_PT = r"(?:jan|fev|mar|abr|mai|jun|jul|ago|set|out|nov|dez)\.?"
_MONTH_EN = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
)
_SHORT_EN = r"(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?"
_DAY_PT = (
    r"(?:[0-3]?\d[ºo°]?|primeiro|dois|tr[eê]s|quatro|cinco|seis|sete|oito|nove|dez|onze|doze|treze|"
    r"quatorze|catorze|quinze|dezesseis|dezessete|dezoito|dezenove|vinte(?: e (?:um|dois|tr[eê]s|"
    r"quatro|cinco|seis|sete|oito|nove))?|trinta(?: e um)?)"
)
_DAY_EN = (
    r"(?:[0-3]?\d(?:st|nd|rd|th)?|(?:twenty|thirty)[- ](?:first|second|third|fourth|fifth|sixth|"
    r"seventh|eighth|ninth)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|"
    r"eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|"
    r"twentieth|thirtieth)"
)
_YEAR = r"(?:(?:1[89]|20)\d{2}|'\d{2})"
_FRACTIONS = {"24/7", "1/2", "1/3", "2/3", "1/4", "3/4", "50/50"}

PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<![\d/.-])(?:[0-3]?\d([/.-])[01]?\d\1(?:\d{4}|\d{2})|"
        r"\d{4}([/.-])[01]?\d\2[0-3]?\d)(?![\d/-])",
        r"(?<![\d/.,])[0-3]?\d/[0-3]?\d(?![\d/])",
        r"(?<![\d/])(?:0?[1-9]|1[0-2])/(?:19|20)\d{2}(?![\d/])",
        rf"\b(?:dia )?{_DAY_PT} (?:de )?{_MONTH_PT}\b(?:,? (?:de |do ano de )?{_YEAR})?",
        rf"\b(?:dia )?{_DAY_PT} de {_SHORT_PT}(?!\w)(?:,? (?:de )?{_YEAR})?",
        rf"\b{_MONTH_PT}(?:,? (?:de |do ano de ){_YEAR})\b",
        r"\b(?:em|desde|at[eé]|depois de|antes de|m[eê]s de|fim de|in[ií]cio de|meio de) "
        rf"(?P<b>{_MONTH_PT})\b",
        rf"\b(?:{_MONTH_EN}|{_SHORT_EN}) (?:the )?{_DAY_EN}\b(?:,? (?:of )?{_YEAR})?",
        rf"\b{_DAY_EN} (?:of )?(?:{_MONTH_EN}|{_SHORT_EN})\b(?:,? (?:of )?{_YEAR})?",
        rf"\b(?:{_MONTH_EN}|{_SHORT_EN})(?:,? (?:of )?{_YEAR})\b",
        rf"\b(?:in|since|until|till|last|next|of|by|during|late|early|mid) (?P<d>{_MONTH_EN})\b",
        r"\bdia (?P<e>[0-3]?\d|primeiro)\b(?! de \w+mente)",
        r"\b(?:on|by|until|since|of) the (?P<f>[0-3]?\d(?:st|nd|rd|th))\b",
        rf"\b(?:nasci\w*|nascid[oa]|nascimento|born|birth|dob)\b[^.\n]{{0,20}}?(?P<g>{_YEAR})\b",
    )
)


def dates(text: str) -> Iterator[Span]:
    """Every date that can be told by its form."""
    for pattern in PATTERNS:
        for found in pattern.finditer(text):
            start, end = _named(found)
            if text[start:end] not in _FRACTIONS:
                yield Span(start, end, "DATE")


def _named(found: re.Match[str]) -> tuple[int, int]:
    """The named part of a match, where the rest is the words that give it away; else all of it."""
    for name, part in found.groupdict().items():
        if part is not None:
            return found.span(name)
    return found.span()
