"""When the data card warns, by hand.

python -m pytest tests/test_data_cautions.py
"""

from __future__ import annotations

from typing import Any

from empathy.corpora import ALTERED
from empathy.data_cautions import Parts, cautions


def part(pairs: int, again: int | None = 0, cut: tuple[int, int] = (0, 0)) -> dict[str, Any]:
    return {
        "pairs": pairs, "reply_in_train": again, "prompts_cut": cut[0], "replies_cut": cut[1]
    }  # fmt: skip


def test_few_of_anything_are_no_caution() -> None:
    used: Parts = {"train": {"prompts_used": 10, "prompts_cut": 1, "replies_cut": 1}}
    parts: Parts = {
        "train": part(100, None, (10, 20)),
        "validation": part(40, 2),
        "test": part(20, 1),
    }
    assert cautions({"mi": {"answers": 5}}, used, {"toy": parts}) == []


def test_replies_seen_in_training_are_told_from_a_twentieth_on() -> None:
    parts: Parts = {"train": part(9, None), "validation": part(40, 3), "test": part(10, 0)}
    (told,) = cautions({}, {}, {"toy": parts})
    assert told.startswith("6 % of the held-out pairs of 'toy' have a reply that a train pair has")


def test_a_split_without_pairs_is_told() -> None:
    (told,) = cautions({}, {}, {"toy": {"train": part(9, None), "validation": part(0)}})
    assert told.startswith("'toy' has no validation pair: pair_accuracy will be missing there")


def test_limits_that_cut_a_tenth_are_told() -> None:
    used: Parts = {"train": {"prompts_used": 10, "prompts_cut": 2, "replies_cut": 0}}
    told = cautions({}, used, {"toy": {"train": part(10, None, (1, 3))}})
    assert [text.split(":")[0] for text in told] == [
        "The limits cut 2 of 10 prompts of the corpora",
        "The limits cut 3 of 20 replies in the pairs of 'toy'",
    ]


def test_files_that_are_not_the_authors_are_told() -> None:
    (told,) = cautions({"mi": {ALTERED: 2}, "sample": {}}, {}, {})
    assert told.startswith("2 files of 'mi' are not the authors'")
