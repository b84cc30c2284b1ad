"""`rephrase`: a sentence that advises with permission against the same advice without it.

The two ways to say it come from a corpus of rephrasings, where no client speaks. So the client's
turn is one fixed invitation, written for this project: pairs of this scheme teach a manner of
speaking, never what to say to whom.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from empathy.pairs import PairSet, gathered, prefer
from empathy.records import Contrast, PreferencePair, Prompt, Turn
from empathy.settings import DataSettings

INVITATIONS = {"en": "I do not know what to do next. What do you think? I want to decide myself."}
"""What the client says, by language."""


def rephrase(contrasts: Sequence[Contrast], settings: DataSettings) -> PairSet:
    """A pair for every contrast in a language with an invitation, both sentences long enough."""
    return gathered("rephrase", _found(contrasts, settings.min_words), len(contrasts))


def _found(contrasts: Sequence[Contrast], min_words: int) -> Iterator[PreferencePair | str]:
    for contrast in contrasts:
        invitation = INVITATIONS.get(contrast.language)
        if invitation is None:
            yield f"no invitation in the language '{contrast.language}'"
        elif min(len(contrast.better.split()), len(contrast.worse.split())) < min_words:
            yield f"a sentence under {min_words} words"
        else:
            prompt = Prompt(
                contrast.contrast_id,
                contrast.group,
                contrast.corpus,
                (Turn("client", invitation),),
                contrast.better,
                contrast.language,
            )
            yield prefer(prompt, contrast.better, contrast.worse, "rephrase")
