"""A data card as text.

python -m pytest tests/test_card_text.py
"""

from __future__ import annotations

from typing import Any

from sweeps.planning.card_text import as_text

TOKENS = {"prompt": {"p50": 9, "p95": 20, "max": 21}, "chosen": None}
SCHEME: dict[str, Any] = {
    "pairs": 3,
    "used": 2,
    "from": 7,
    "prompts": 3,
    "groups": 2,
    "different_chosen": 3,
    "different_rejected": 1,
    "reply_in_train": 2,
    "skipped": {"candidates tie": 4},
    "ignored": 1,
    "tokens": TOKENS,
    "prompts_cut": 1,
    "replies_cut": 0,
}
RULE = {"value": 0.876, "low": 0.8, "high": 0.95, "n": 40, "method": "bootstrap over groups"}
CARD: dict[str, Any] = {
    "tokenizer": "a folder",
    "limits": {"max_length": 256},
    "reading": {"mi": {"answers": 5, "answers twice": 1}},
    "splits": {
        "train": {
            "dialogues": {"mi": 5, "annomi": 2},
            "groups": 6,
            "dialogues_twice": 1,
            "rephrasings": 0,
            "exchanges": 12,
            "left_out": {"client's turn under 5 words": 4},
            "prompts": 8,
            "prompts_used": 7,
            "tokens": TOKENS,
            "prompts_cut": 0,
            "replies_cut": 2,
        }
    },
    "schemes": {"ranked": {"train": SCHEME}},
    "overlap": {"mi and annomi": 2},
    "baselines": {"ranked": {"longer wins": RULE, "style only": {**RULE, "low": None}}},
    "cautions": [],
}


def test_every_number_of_the_card_stands_in_its_text() -> None:
    assert as_text(CARD).splitlines() == [
        "mi          5 answers, 1 answers twice",
        "train       5 mi, 2 annomi dialogues of 6 groups (1 there before in the same words), "
        "0 rephrasings",
        "            7 of 8 prompts, from 12 exchanges",
        "            left out: 4, client's turn under 5 words",
        "            tokens, p50 / p95 / max: prompt 9 / 20 / 21",
        "            the limits cut 0 prompts and 2 replies",
        "limits      256 max length",
        "tokenizer   a folder",
        "ranked      train: 3 pairs of 3 different prompts (7 looked at, 2 groups), "
        "2 of them in the mix",
        "              skipped: 4, candidates tie",
        "              1 unscorable candidates ignored",
        "              3 different replies chosen, 1 rejected",
        "              2 pairs with a reply that a train pair has too",
        "              tokens, p50 / p95 / max: prompt 9 / 20 / 21",
        "              the limits cut 1 prompts and 0 replies",
        "            longer wins: 88 % [80, 95] of 40 held-out pairs (bootstrap over groups)",
        "            style only: 88 % of 40 held-out pairs (bootstrap over groups)",
        "overlap     mi and annomi: 2 equal long texts",
        "caution     nothing",
    ]


def test_a_train_split_tells_its_lengths_too() -> None:
    """No reply of it is "in train too", so that line is missing, and only that one."""
    train = {**SCHEME, "reply_in_train": None}
    lines = as_text({**CARD, "schemes": {"ranked": {"train": train}}}).splitlines()
    whole = as_text(CARD).splitlines()
    assert [line for line in whole if line not in lines] == [
        "              2 pairs with a reply that a train pair has too"
    ]
    assert "              the limits cut 1 prompts and 0 replies" in lines


def test_what_will_be_sampled_is_said() -> None:
    plan = {"schemes": ["ranked"], "prompts": {"train": 48, "test": 8}, "draws": 4}
    text = as_text({**CARD, "sampled": plan, "cautions": ["Beware.", "Twice."]})
    assert (
        "sampled     ranked: 48 train, 8 test prompts, 4 replies each, 224 in all; its pairs are "
        "counted when the sweep starts" in text
    )
    assert text.endswith("caution     Beware.\n            Twice.")
