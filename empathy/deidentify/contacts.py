"""Addresses of people: e-mail, the network, and where they live, in Portuguese and English."""

from __future__ import annotations

import re
from collections.abc import Iterator

from empathy.deidentify.nobody import NOBODY
from empathy.deidentify.spans import Span

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+%-]+ ?@ ?[\w-]+(?:\.[\w-]+)+")
_SPOKEN = re.compile(
    r"(?<![\w.])[\w.-]+(?: (?:ponto|dot|underline|underscore) [\w-]+)* (?:arroba|at) [\w-]+"
    r"(?: ?(?:ponto|dot|\.) ?(?:com|org|net|gov|edu|br|uk|pt))+\b",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>()\"']+[^\s<>()\"'.,;:!?]"
    r"|(?<![\w@.])@[A-Za-z_][\w.]*\w"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|br|uk)(?:/[^\s,;]*[^\s,;.])?(?!\w)",
)

_CAP = r"[A-ZÀ-ÖØ-Þ][\wÀ-ÿ'\u2019-]*\.?"
_OF = r"(?:d[aeo]s? |e )?"
_CAPS = rf"{_OF}{_CAP}(?: {_OF}{_CAP})"
_STREET_PT = (
    r"(?i:rua|r\.|avenida|av\.?|travessa|trav\.|alameda|al\.|pra[cç]a|rodovia|rod\.|estrada|"
    r"ladeira|viela|beco|largo|quadra|condom[ií]nio|conjunto|conj\.|loteamento|servid[aã]o)"
)
_HOUSE_PT = (
    r"(?i:(?:,? ?(?:n[º°o]?\.? ?|n[uú]mero )?\d+[A-Za-z]?\b)"
    r"(?:,? (?:(?:ap(?:to?|artamento)?\.?|bloco|bl\.|casa|sala|quadra|lote) ?\w{1,6}\b"
    r"|fundos|frente|t[eé]rreo))*)"
)
_QUARTER_PT = rf"(?:,? (?i:no |do )?(?i:bairro|b\.) {_CAPS}{{0,3}})"
_STREET_EN = (
    r"(?i:street|st\.?|road|rd\.?|avenue|ave\.?|lane|ln\.?|drive|boulevard|blvd\.?|court|terrace|"
    r"crescent|square|close|parkway|highway|row|grove)(?!\w)"
)
_STREET_EN_WHOLE = (
    r"(?:Street|Road|Avenue|Lane|Drive|Boulevard|Court|Terrace|Crescent|Square|Parkway)\b"
)
_FLAT = r"(?i:(?:apartment|apt\.?|flat|unit|suite|room|#) ?#?\w{1,6}\b)"
_TOWN_PT = (
    r"(?i:mor[aoe]\w*|nasci\w*|vim|viemos|sou|somos|cresci|vivo|viv\w+|cidade) "
    r"(?i:de|em|no|na|do|da|l[aá] (?:em|de)) "
)
_TOWN_EN = (
    r"(?i:live|lives|lived|living|born|raised|grew up|from|moved|moving|back)"
    r"(?i: in| to| at| near| from)? "
)

# Where only a part points to somebody, and the rest gives it away, that part is named.
PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_STREET_PT} {_OF}(?:{_CAP}|\d+)(?: {_OF}{_CAP}){{0,5}}{_HOUSE_PT}?{_QUARTER_PT}?",
        rf"\b{_STREET_PT} d[aeo]s? (?:[a-zà-ÿ]+,? ){{1,3}}{_HOUSE_PT}",
        rf"\b(?i:bairro|vila|jardim|morro|comunidade|s[ií]tio|fazenda) {_CAPS}{{0,3}}",
        r"(?<![\d.-])\d{2}\.?\d{3}-\d{3}(?![\d-])",
        r"(?i:\bcep\b\D{0,12})(?P<a>\d{2}\.?\d{3}-?\d{3})(?!\d)",
        rf"(?:{_FLAT},? )?\b\d{{1,5}}[A-Za-z]? (?:{_CAP} ){{1,4}}{_STREET_EN}(?:,? {_FLAT})?",
        r"\b\d{1,5}[A-Za-z]? (?:[a-z'.]+ ){1,2}(?:street|road|avenue|lane|drive|boulevard)\b",
        rf"\b(?:{_CAP} ){{1,3}}{_STREET_EN_WHOLE}",
        r"\b[A-Z]{2},? \d{5}(?:-\d{4})?\b",
        r"(?i:\b(?:zip|postal|post)(?: ?code)?\b\D{0,12})(?P<b>\d{5}(?:-\d{4})?)\b",
        r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b",
        r"\b(?i:p\.? ?o\.? box|caixa postal) \d+\b",
        rf"\b{_TOWN_PT}(?P<c>{_CAPS}{{0,3}})",
        rf"\b{_TOWN_EN}(?P<d>{_CAP}(?: (?:of |upon |on )?{_CAP}){{0,3}})",
    )
)


def contacts(text: str) -> Iterator[Span]:
    """E-mail addresses, also as they are spoken, links and handles."""
    for pattern in (_EMAIL, _SPOKEN):
        for found in pattern.finditer(text):
            yield Span(*found.span(), "EMAIL")
    for found in _LINK.finditer(text):
        yield Span(*found.span(), "LINK")


def addresses(text: str) -> Iterator[Span]:
    """Streets and what belongs to them, postal codes, towns after words such as "I live in"."""
    for pattern in PATTERNS:
        for found in pattern.finditer(text):
            for name, part in found.groupdict().items():
                if part is not None:
                    if part.split()[0].lower() not in NOBODY:
                        yield Span(*found.span(name), "ADDRESS")
                    break
            else:
                yield Span(*found.span(), "ADDRESS")
