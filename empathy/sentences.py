"""What counts as a sentence, for every number that is made of sentences. English and its like."""

from __future__ import annotations

import re
from itertools import pairwise

from empathy.words import word_list

# Marks, quotes or brackets that they close, then a blank; or none, as in "He left.You stayed",
# which forums are full of; or the end of a line.
_END = re.compile(
    r"(?P<mark>[.!?\u2026]+)[\"'\u2019\u201d)\]*]*(?=\s)"
    r"|(?<=[a-z])[.!?\u2026]+(?=[A-Z][a-z']*\b)|\n"
)
# Titles and the like, an initial (but "I" is a word), the number of a list's line.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:(?i:dr|mr|mrs|ms|prof|st|vs|approx|e\.?g|i\.?e)|[A-HJ-Z])$|(?:^|\n)\s*\d{1,2}$"
)


def sentences(text: str) -> list[str]:
    """The sentences of a text in order, blanks made single; what has no word is none of them.

    An abbreviation, an initial or the number of a list ends none, nor does "..." before a small
    letter. A text cut off in mid-sentence ends with what there is of it.
    """
    ends = [end.end() for end in _END.finditer(text) if not _goes_on(text, end)]
    parts = (text[start:end] for start, end in pairwise([0, *ends, len(text)]))
    return [" ".join(part.split()) for part in parts if word_list(part)]


def _goes_on(text: str, end: re.Match[str]) -> bool:
    mark, before = end["mark"] or "", text[max(0, end.start() - 12) : end.start()]
    if mark == ".":
        return bool(_ABBREVIATION.search(before))
    trails_off = mark.startswith("..") or mark == "\u2026"
    return trails_off and text[end.end() :].lstrip()[:1].islower()
