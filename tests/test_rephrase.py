"""Rephrasings to pairs.

python -m pytest tests/test_rephrase.py
"""

from __future__ import annotations

from dataclasses import replace

from empathy.pairs import SAME
from empathy.records import Contrast
from empathy.schemes.rephrase import INVITATIONS, rephrase
from empathy.settings import DataSettings

GOOD = Contrast("c1", "g1", "mi", "If you like, try a walk.", "You should take a walk.")


def test_the_better_sentence_is_chosen_after_one_fixed_invitation() -> None:
    other = replace(GOOD, contrast_id="c2", group="g2", worse="Go for a walk now.")
    first, second = rephrase([GOOD, other], DataSettings()).pairs
    assert (first.chosen, first.rejected, first.scheme) == (GOOD.better, GOOD.worse, "rephrase")
    assert (first.prompt.prompt_id, first.prompt.group, first.prompt.corpus) == ("c1", "g1", "mi")
    assert first.prompt.client_text == INVITATIONS["en"] == second.prompt.client_text
    assert first.prompt.human_reply == GOOD.better


def test_what_makes_no_pair_is_counted() -> None:
    contrasts = [
        GOOD,
        replace(GOOD, contrast_id="c2", worse="Walk."),
        replace(GOOD, contrast_id="c3", language="pt"),
        replace(GOOD, contrast_id="c4", worse="If you like,  try a walk."),
    ]
    made = rephrase(contrasts, DataSettings(min_words=2))
    assert str(made) == (
        "rephrase: 1 pairs from 4 prompts (3 skipped: 1 a sentence under 2 words, "
        f"1 no invitation in the language 'pt', 1 {SAME})"
    )
