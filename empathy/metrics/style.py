"""Tells of a policy that games a scorer: how replies begin, ask, apologise and claim to have lived.

Nothing here is wrong in one reply. It is the rate over many replies that tells, beside the rate of
the human replies to the same prompts. Words are matched by patterns, so a rate is a count of
phrases, not of intentions; a language without patterns has no such number.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from empathy.uncertainty import Estimate, jackknife_interval
from empathy.words import word_list

OPENER_WORDS = 3
"""Words that make an opener: "I'm sorry to", "It sounds like"."""

_QUESTION = re.compile(r"\?+")


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(phrases) + r")\b", re.IGNORECASE)


APOLOGIES = {
    "en": _any_of("sorry", r"apologi[sz]e", "apologies"),
    "pt": _any_of(r"desculp\w*", r"(?:sinto|lamento) muito", "me perdoe", "perdão"),
}
"""Phrases of apology and condolence by language."""

SHARED_EXPERIENCE = {
    "en": _any_of(
        r"I(?:'ve| have) (?:also |all |too )?(?:been (?:there|through|in)|gone through|felt|had|"
        r"struggled|suffered|experienced|dealt|lost|lived)",
        r"I (?:also |too )?(?:went through|struggled?|suffer(?:ed)?|dealt|deal|used to)",
        r"I (?:also|too) (?:feel|felt|have|had|know|get|am|was)",
        r"I know (?:exactly |just )?how (?:you|that|it|this)",
        r"I know (?:exactly |just )?what (?:you|that|it)(?:'s|'re| is| are)",
        r"I (?:can )?(?:totally |completely |really )?relate",
        r"I feel the same",
        r"(?:same|that) (?:thing )?happened to me",
        r"(?:I'm|I am) (?:going through|in the same|dealing with|struggling)",
        r"as someone who",
        r"when I was (?:your age|younger|young|a (?:child|kid|teenager)|in)",
        r"me too",
        r"in my own (?:life|experience|case)",
    ),
    "pt": _any_of(
        r"(?:eu )?também (?:já )?(?:passei|passo|sinto|senti|sofri|sofro|tive|tenho|vivi)",
        r"(?:eu )?já (?:passei|vivi|senti|sofri|estive)",
        r"sei (?:exatamente |bem )?(?:como (?:é|você|se)|o que você)",
        r"(?:aconteceu|acontece) (?:comigo|o mesmo)",
        r"no meu caso",
        r"eu me identifico",
        r"quando eu (?:era|tinha)",
    ),
}
"""Claims to have lived through something like the client's trouble, by language."""


def questions(texts: Sequence[str]) -> tuple[float | None, ...]:
    """Questions in each reply; None for a blank one."""
    return tuple(float(len(_QUESTION.findall(text))) if text.strip() else None for text in texts)


def says(
    patterns: dict[str, re.Pattern[str]], texts: Sequence[str], languages: Sequence[str]
) -> tuple[float | None, ...]:
    """1 where a reply has one of its language's phrases, else 0.

    None for a blank reply and for a language without patterns.
    """
    return tuple(
        float(bool(patterns[language].search(text.replace("\u2019", "'"))))
        if text.strip() and language in patterns
        else None
        for text, language in zip(texts, languages, strict=True)
    )


def tells(texts: Sequence[str], languages: Sequence[str]) -> tuple[float, ...]:
    """Tells in each reply: 1 for a claim of shared experience, 1 for each question but the first.

    A blank reply has none; in a language without patterns only questions are seen.
    """
    shared = says(SHARED_EXPERIENCE, texts, languages)
    return tuple(
        (claim or 0.0) + max(0.0, (asked or 0.0) - 1)
        for claim, asked in zip(shared, questions(texts), strict=True)
    )


def repeated(texts: Sequence[str]) -> tuple[float | None, ...]:
    """Share of a reply's three-word runs that it has said before; None under three words."""
    shares: list[float | None] = []
    for text in texts:
        words = word_list(text)
        runs = [tuple(words[i : i + 3]) for i in range(len(words) - 2)]
        shares.append(1 - len(set(runs)) / len(runs) if runs else None)
    return tuple(shares)


def commonest_opener(texts: Sequence[str], groups: Sequence[str]) -> Estimate | None:
    """The share of replies that begin with the commonest three words, with a jackknife interval.

    A bootstrap would repeat replies and so make openers common by itself. None when every reply is
    blank; blank ones count as unscored. `groups[i]` is the group of `texts[i]`.
    """
    openers: dict[str, Counter[str]] = defaultdict(Counter)
    for text, group in zip(texts, groups, strict=True):
        if words := word_list(text):
            openers[group][" ".join(words[:OPENER_WORDS])] += 1
    total = sum(openers.values(), Counter[str]())
    if not total:
        return None
    left_out = (
        [_largest_share(total - own) for own in openers.values()] if len(openers) > 1 else [0.0]
    )
    n = total.total()
    found = replace(jackknife_interval(_largest_share(total), left_out, n), unscored=len(texts) - n)
    if found.low is None or found.high is None:
        return found
    if found.level is None:  # the range of a maximum as groups are left out need not even hold it
        return replace(found, low=None, high=None)
    return replace(found, low=max(0.0, found.low), high=min(1.0, found.high))


def _largest_share(counts: Counter[str]) -> float:
    return max(counts.values()) / counts.total()
