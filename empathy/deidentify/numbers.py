"""Numbers that belong to one person: CPF, CNS, telephones, and any other long one.

Kinds are told apart by shape, check digits and the words before; none is let go because its check
digits are wrong, since who mistypes a number has still said it. Telephones are found by
`phonenumbers`, Google's own library in Python, where it knows the form, and by shape where people
leave out the area.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from empathy.deidentify.spans import Kind, Span

REGIONS = ("BR", "US", "GB")
"""Where a telephone number without a country may be."""

_EDGE, _END = r"(?<![\w.,/-])", r"(?![\w/-]|[.,]\d)"
_CPF = re.compile(rf"{_EDGE}\d{{3}}[. ]?\d{{3}}[. ]?\d{{3}} ?[-\u2013/. ] ?\d{{2}}{_END}")
_CNS = re.compile(rf"{_EDGE}\d{{3}}[ .-]?\d{{4}}[ .-]?\d{{4}}[ .-]?\d{{4}}{_END}")
_ELEVEN = re.compile(rf"{_EDGE}\d{{11}}{_END}")
_LOCAL = re.compile(
    r"(?<![\w/-])(?:\+\d{1,3}[ .-]?)?(?:\(?0?\d{2,4}\)?[ .-]?)?(?:9[ .]?)?\d{3,5}[ .-]\d{4}"
    rf"{_END}"
)
_LONG = re.compile(rf"{_EDGE}\d(?:[ ./-]?\d){{6,}}{_END}")
_MONEY = re.compile(r"(?:R\$|US\$|[$£€])\s*$")
_SSN = re.compile(rf"{_EDGE}\d{{3}}-\d{{2}}-\d{{4}}{_END}")
_PLATE = re.compile(r"\b[A-Z]{3}[ -]?\d[A-Z0-9]\d{2}\b")
_SHAPES: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (_CPF, "CPF"),
    (_SSN, "NUMBER"),
    (_PLATE, "NUMBER"),
)
_YEARS = re.compile(r"(?:19|20)\d{2}[ -](?:19|20)\d{2}")
_CUED = re.compile(
    r"\b(?P<cue>cpf|cns|sus|rg|prontu[aá]rio|matr[ií]cula|registro|benef[ií]cio|processo|conta|"
    r"ag[eê]ncia|passaporte|identidade|medical record|mrn|nhs|ssn|social security|account|passport|"
    r"member|policy|case|chart|licence|license)\b[^\d\n]{0,25}?"
    r"(?P<number>(?:[A-Z]{1,3}[- ]?)?\d(?:[\dX./ -]|-[A-Z]{1,4}-){2,20}[\dX])(?!\w)",
    re.IGNORECASE,
)
_KIND_OF_CUE: dict[str, Kind] = {"cpf": "CPF", "cns": "CNS", "sus": "CNS"}
_CALLS = re.compile(
    r"(?:tel|fone|celular|cel|whats\w*|zap|lig\w+|contato|phone|call|text|mobile|cell|ring|fax)"
    r"[^\d\n]{0,25}$",
    re.IGNORECASE,
)


def numbers(text: str) -> Iterator[Span]:
    """Every number of a person's."""
    yield from _telephones(text)
    for found in _CUED.finditer(text):
        if sum(map(str.isdigit, found["number"])) >= 4:
            kind = _KIND_OF_CUE.get(found["cue"].lower(), "NUMBER")
            yield Span(*found.span("number"), kind)
    for pattern, kind in _SHAPES:
        for found in pattern.finditer(text):
            yield Span(*found.span(), kind)
    for found in _CNS.finditer(text):
        yield Span(*found.span(), "CNS" if cns_checks(_digits(found[0])) else "NUMBER")
    for found in _ELEVEN.finditer(text):
        called = _CALLS.search(text, 0, found.start()) is not None
        if cpf_checks(found[0]) and not called:
            yield Span(*found.span(), "CPF")
    for found in _LONG.finditer(text):
        if not _MONEY.search(text, 0, found.start()) and not _YEARS.fullmatch(found[0]):
            yield Span(*found.span(), "NUMBER")


def _telephones(text: str) -> Iterator[Span]:
    from phonenumbers import Leniency, PhoneNumberMatcher

    for region in REGIONS:
        for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID):
            if not _is_cpf(text, match.start, match.end):
                yield Span(match.start, match.end, "PHONE")
    for found in _LOCAL.finditer(text):
        money = _MONEY.search(text, 0, found.start())
        if 7 <= len(_digits(found[0])) <= 14 and not money and not _YEARS.fullmatch(found[0]):
            yield Span(*found.span(), "PHONE")


def _is_cpf(text: str, start: int, end: int) -> bool:
    """Eleven bare digits that check as a CPF and are not said to be a telephone."""
    bare = text[start:end]
    return (
        bool(re.fullmatch(r"\d{11}", bare))
        and cpf_checks(bare)
        and _CALLS.search(text, 0, start) is None
    )


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def cpf_checks(digits: str) -> bool:
    """Whether the last two of eleven digits are the check digits of a CPF.

    Each is the sum of the digits before it, weighted by 2, 3, 4 ... from the right, times 10,
    modulo 11; a 10 counts as 0. Eleven equal digits pass this but are given to nobody.
    """
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    values = [int(digit) for digit in digits]
    for last in (9, 10):
        total = sum(value * (last + 1 - i) for i, value in enumerate(values[:last]))
        if total * 10 % 11 % 10 != values[last]:
            return False
    return True


def cns_checks(digits: str) -> bool:
    """Whether fifteen digits are a CNS, the card of the Brazilian health service.

    It begins with 1, 2, 7, 8 or 9, and the sum weighted by 15, 14 ... 1 is a multiple of 11.
    """
    if len(digits) != 15 or digits[0] not in "12789":
        return False
    return sum(int(digit) * (15 - i) for i, digit in enumerate(digits)) % 11 == 0
