"""Names of people: by a language model where the user has one, else by the words before them.

Without a model this is weak. What gives a name away is "my name is", a title, a relation ("meu
irmão Pedro"), and most of all a capital within a sentence, but for words that are nobody's; so it
finds towns and firms as well. A name found once is found again wherever it stands in the same
file. One that stands alone at the beginning of a sentence, or without a capital, is missed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from empathy.deidentify.nobody import NOBODY
from empathy.deidentify.spans import Span
from empathy.errors import UserError

Namer = Callable[[str], Iterable[Span]]
"""Finds names in one text."""
PERSON = frozenset({"PERSON", "PER"})
"""What spaCy's models call a person: those of English, those of Portuguese."""

_CAP = r"[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]+(?:['\u2019-][A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]+)?"
_FULL = rf"(?P<name>{_CAP}(?: (?:(?:d[aeo]s?|de la|van|von|e) )?(?:{_CAP}|[A-Z]\.)){{0,5}})"
_ANY = rf"(?P<name>[^\W\d_]{{2,}}(?: (?:d[aeo]s? [^\W\d_]{{2,}}|{_CAP})){{0,4}})"
_KIN_PT = (
    r"(?i:espos[ao]|marido|mulher|m[aã]e|pai|padrasto|madrasta|irm[aã]o?|filh[ao]|net[ao]|av[oóô]|"
    r"v[oóô]|ti[ao]|prim[ao]|sobrinh[ao]|sogr[ao]|cunhad[ao]|genro|nora|namorad[ao]|noiv[ao]|ex|"
    r"companheir[ao]|amig[ao]|colega|vizinh[ao]|chefe|patr[aã]o|patroa|padrinho|madrinha|afilhad[ao])"
)
_KIN_EN = (
    r"(?i:wife|husband|partner|mother|mom|mum|father|dad|stepfather|stepmother|brother|sister|son|"
    r"daughter|grandson|granddaughter|grandmother|grandma|grandfather|grandpa|uncle|aunt|cousin|"
    r"nephew|niece|boyfriend|girlfriend|fianc[eé]e?|ex|friend|neighbou?r|boss|sponsor|colleague|"
    r"roommate|therapist|counsell?or|doctor|nurse|baby|twin)"
)
_TITLE_PT = (
    r"(?i:seu|senhora?|sra?\.?|dona|d\.|doutora?|dra?\.?|professora?|prof\.?|enfermeir[ao]|irm[aã]|"
    r"padre|pastora?|ti[ao]|v[oóô]|vov[oó])"
)
_TITLE_EN = (
    r"(?i:mr|mrs|ms|miss|dr|prof|professor|doctor|nurse|father|pastor|sister|brother|aunt|auntie|"
    r"uncle|officer|judge|coach|grandma|grandpa|cousin)\.?"
)

_SAYS_PT = (
    r"(?i:meu nome(?: completo)? [eé]|me chamo|nome:|paciente:|(?:se|me) cham\w+|chamad[ao]|"
    r"apelid\w+(?: de)?|nome d\w+ [eé])(?: de| [oa])?"
)
_SAYS_EN = r"(?i:my (?:full )?name is|my name's|name:|patient:)"
_SAYS_WEAKLY = r"(?i:i'm|i am|this is|calls? me|called|named|it's|goes by|known as|quem fala [eé])"
_OURS_PT = r"(?i:meus?|minhas?|noss[ao]|seu|sua|dele|dela)"
_OURS_EN = r"(?i:my|our|his|her|their|your)"
_SPEAKS = (
    r"(?:said|says|told|asked|called|came|took|left|disse|falou|perguntou|ligou|me ligou|veio|saiu)"
)
_GREETS = r"(?i:thanks|thank you|obrigad[oa]|oi|ol[aá]|hi|hello|dear|querid[oa]|tchau|bye)"

_CUES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:{_SAYS_PT}|{_SAYS_EN}) {_ANY}",
        rf"\b{_SAYS_WEAKLY}(?: [oa])? {_FULL}",
        rf"\b{_OURS_PT} {_KIN_PT},? (?:mais \w+,? )?(?:[oa] )?{_FULL}",
        rf"\b{_OURS_EN} (?:\w+ )?{_KIN_EN},? {_FULL}",
        rf"\b(?:{_TITLE_PT}|{_TITLE_EN}) {_FULL}",
        rf"(?<=[\w,;] ){_FULL}",  # a capital within a sentence
        rf"^(?:O|A) {_FULL}",
        rf"(?:^|[.!?:] |\n){_FULL}(?= {_SPEAKS}\b)",
        rf"\b{_GREETS},? {_FULL}",
    )
)
_LEADS = frozenset({"e", "de", "da", "do", "das", "dos"})


def by_cues(text: str) -> Iterator[Span]:
    """Names that the words before them give away."""
    for pattern in _CUES:
        for found in pattern.finditer(text):
            start, end = _trimmed(text, *found.span("name"))
            if start < end:
                yield Span(start, end, "NAME")


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without words that are nobody's name at the beginning, or from the first later one on."""
    words = [(m.start() + start, m.end() + start) for m in re.finditer(r"\S+", text[start:end])]
    kept: list[tuple[int, int]] = []
    for first, last in words:
        plain = text[first:last].strip(".,;:").lower()
        if plain in NOBODY or (not kept and plain in _LEADS):
            if kept:
                break
            continue
        kept.append((first, last))
    while kept and text[slice(*kept[-1])] in _LEADS:
        kept.pop()
    return (kept[0][0], kept[-1][1]) if kept else (start, start)


def again(names: Iterable[str]) -> Namer:
    """Finds these names, and each word of them that has a capital, wherever they stand."""
    words = {word for name in names for word in re.findall(_CAP, name)}
    words = {word for word in words if len(word) > 2 and word.lower() not in NOBODY}
    if not words:
        return lambda text: ()
    longest = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    pattern = re.compile(rf"(?<!\w)(?:{longest})(?:'s)?(?: (?:{longest}))*(?!\w)")
    return lambda text: (Span(*found.span(), "NAME") for found in pattern.finditer(text))


def installed_models() -> list[str]:
    """spaCy's models of Portuguese and English that this machine has; none without spaCy."""
    if find_spec("spacy") is None:
        return []
    import spacy

    return sorted(name for name in spacy.util.get_installed_models() if name[:2] in ("pt", "en"))


def by_models(names: Sequence[str]) -> Namer:
    """Finds the people that spaCy's models find, each named by its package or folder.

    Raises UserError where there is no spaCy or no such model.
    """
    if find_spec("spacy") is None:
        raise UserError(
            "--model needs spaCy, which is not installed: pip install spacy, then `python -m spacy "
            "download pt_core_news_md`; or leave --model out, and only cue words find names"
        )
    import spacy

    loaded: list[Any] = []
    for name in names:
        try:
            loaded.append(spacy.load(name))
        except (OSError, ValueError) as error:
            raise UserError(
                f"spaCy has no model '{name}'; it has: {', '.join(installed_models()) or 'none'}"
            ) from error

    def find(text: str) -> Iterator[Span]:
        for model in loaded:
            for entity in model(text).ents:
                if entity.label_ in PERSON:
                    yield Span(entity.start_char, entity.end_char, "NAME")

    return find
