"""Answers to one question paired by adherence: by hand, and the yields of the real answers.

EMPATHY_DATA=... python -m pytest tests/test_adherence.py
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from empathy.corpora import mi
from empathy.pairs import REPEATED
from empathy.records import Dialogue, Turn
from empathy.schemes.adherence import adherence, spread
from empathy.settings import DataSettings

DIFFER = "question whose answers differ too little"


def answer(text: str, adherent: int, against: int, sentences: int, ask: str = "Why?") -> Dialogue:
    counts = {"adherent": adherent, "non_adherent": against, "sentences": sentences}
    turns = (Turn("client", ask), Turn("counsellor", text))
    labels = {name: str(count) for name, count in counts.items()}
    return Dialogue(f"d-{text}", f"g-{ask}", "mi", turns, metadata=labels)


def settings(**changes: object) -> DataSettings:
    return DataSettings.model_validate({"min_words": 1, **changes})


def made(*dialogues: Dialogue, **changes: object) -> list[tuple[str, str]]:
    found = adherence(dialogues, settings(**changes))
    return sorted((pair.chosen, pair.rejected) for pair in found.pairs)


def test_the_more_adherent_answer_is_chosen_from_a_gap_of_a_fifth() -> None:
    # (1 - 0) / 2 = 0.5, (2 - 1) / 10 = 0.1, (0 - 1) / 10 = -0.1: gaps 0.4, 0.6 and exactly 0.2.
    answers = answer("a", 1, 0, 2), answer("b", 2, 1, 10), answer("c", 0, 1, 10)
    assert made(*answers) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert made(*answers, adherence_gap=0.21) == [("a", "b"), ("a", "c")]
    # In floats 0.3 - 0.1 is less than 0.2; in tenths it is not.
    assert made(answer("d", 3, 0, 10), answer("e", 1, 0, 10)) == [("d", "e")]
    assert made(answer("d", 1, 0, 10), answer("e", 1, 0, 10), adherence_gap=0) == []


def test_answers_to_different_questions_never_meet() -> None:
    found = adherence([answer("a", 2, 0, 2), answer("b", 0, 2, 2, ask="How?")], settings())
    assert not found.pairs
    assert found.skipped == {"question with one answer": 2}
    blanks = [answer("a", 2, 0, 2, ask="Why  now?"), answer("b", 0, 2, 2, ask="Why now?")]
    assert len(adherence(blanks, settings()).pairs) == 1


def test_pure_pairs_only_all_adherent_with_all_non_adherent() -> None:
    answers = [
        *(answer("good", 1, 0, 9), answer("bad", 0, 1, 9)),
        *(answer("mixed", 8, 1, 9), answer("neither", 0, 0, 9)),
    ]
    # 1/9 against -1/9 differ by 2/9; mixed and neither take part in no pure pair.
    assert made(*answers, adherence_pure=True) == [("good", "bad")]
    assert ("mixed", "neither") in made(*answers)


def test_what_makes_no_pair_is_counted_once() -> None:
    turns = (Turn("client", "Why so?"), Turn("counsellor", "Well now."))
    unlabelled = Dialogue("x", "g", "mi", turns)
    found = adherence(
        [
            *(answer("so good", 2, 0, 2, "Why so?"), answer("so bad", 0, 2, 2, "Why so?")),
            answer("so  bad", 0, 2, 2, "Why so?"),  # the same words again
            *(unlabelled, answer("short", 2, 0, 2, "Why so?")),
            *(answer("one more", 1, 0, 2, "How so?"), answer("and more", 1, 0, 2, "How so?")),
        ],
        settings(min_words=2),
    )
    assert [(p.chosen, p.rejected, p.scheme) for p in found.pairs] == [
        ("so good", "so bad", "adherence")
    ]
    assert found.prompts == 2
    assert found.skipped == {
        "human reply under 2 words": 1,
        "answer without MITI labels": 1,
        REPEATED: 1,
        DIFFER: 1,
    }


def test_the_cap_spreads_over_answers_and_forgets_the_order() -> None:
    # Three good and three bad answers: nine pairs. Three of them can use each answer once.
    good = [answer(f"good {i}", 2, 0, 2) for i in range(3)]
    bad = [answer(f"bad {i}", 0, 2, 2) for i in range(3)]
    three = made(*good, *bad, pairs_per_question=3)
    assert Counter(text for pair in three for text in pair).most_common(1)[0][1] == 1
    assert made(*bad[::-1], *good[::-1], pairs_per_question=3) == three
    assert set(three) < set(made(*good, *bad, pairs_per_question=5))
    found = adherence([*good, *bad], settings(pairs_per_question=5))
    assert found.skipped == {"beyond 5 pairs of one question": 4}
    assert len(made(*good, *bad, pairs_per_question=None)) == 9


def test_spread_takes_the_least_used_first() -> None:
    star = [("hub", f"leaf {i}") for i in range(4)]
    assert ("a", "b") in spread([*star, ("a", "b")], 2)


@pytest.fixture(scope="module")
def answers() -> list[Dialogue]:
    folder = Path(os.environ.get("EMPATHY_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not (folder / mi.COUNSELCHAT).is_file():
        pytest.skip("the real CounselChat file is not here; EMPATHY_DATA says where")
    return [each for each in mi.load(folder) if each.metadata["source"] == "counselchat"]


@pytest.mark.parametrize(
    ("pure", "pairs", "repeated", "capped", "questions"),
    [
        # Two answers to one question that differ by 0.2: 1,844 in all, 653 of them in the words
        # of another such pair; at most five of each question, 295, of 117 questions.
        (False, 1844, 653, 295, 117),
        # Only adherent against only non-adherent: 320, 129 of them repeated. Capped they would be
        # 103, but two of these repeat others and are counted as such instead.
        (True, 320, 129, 101, 40),
    ],
)
def test_the_real_answers_yield_what_their_readme_counts(
    answers: list[Dialogue], pure: bool, pairs: int, repeated: int, capped: int, questions: int
) -> None:
    rule = {"adherence_pure": pure, "adherence_gap": 0.0 if pure else 0.2}
    whole = adherence(answers, settings(pairs_per_question=None, **rule))
    assert (len(whole.pairs), whole.skipped[REPEATED]) == (pairs - repeated, repeated)
    assert len({pair.prompt.group for pair in whole.pairs}) == questions
    some = adherence(answers, settings(**rule))
    assert len(some.pairs) == capped
    assert sum(count for why, count in some.skipped.items() if "question" not in why) == repeated
    assert max(Counter(pair.prompt.group for pair in some.pairs).values()) == 5
