"""The data card on a handful of records, its numbers by hand.

python -m pytest tests/test_data_card.py
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from empathy.data_card import Made, Ruler, data_card, overlap
from empathy.families import FAMILIES
from empathy.pairs import PairSet, gathered, prefer
from empathy.prompts import prompts
from empathy.records import Contrast, Dialogue, PreferencePair, Prompt, Split, Turn
from empathy.selection import Material, Selected
from empathy.settings import DataSettings, TrainingSettings
from empathy.splits import select
from empathy.weights import Base, Weights, tokenizer

LONG = "one two three four five six seven eight nine ten eleven twelve"


def dialogue(name: str, corpus: str, said: str, reply: str = "Tell me more.") -> Dialogue:
    return Dialogue(name, name, corpus, (Turn("client", said), Turn("counsellor", reply)))


def material(*dialogues: Dialogue, contrasts: tuple[Contrast, ...] = ()) -> Material:
    found = prompts(dialogues, DataSettings(min_words=2))
    return Material(dialogues, contrasts, found, select(found.prompts, 1, "train"))


def pair(number: int, chosen: str, rejected: str) -> PreferencePair:
    said = (Turn("client", f"Client {number}."),)
    return prefer(Prompt(f"p{number}", f"g{number}", "toy", said, chosen), chosen, rejected, "toy")


def pairs(count: int, start: int = 0) -> PairSet:
    made = [pair(start + i, f"a longer reply {start + i}", "short") for i in range(count)]
    return gathered("toy", [*made, *made[:1], "tie"], count)


@pytest.fixture
def ruler(tiny_base: Base) -> Ruler:
    limits = TrainingSettings(max_prompt_tokens=200, max_length=210)
    return Ruler(tiny_base.family, tiny_base.tokenizer, limits)


@pytest.fixture
def card(ruler: Ruler) -> dict[str, Any]:
    part = material(dialogue("a", "annomi", "I am low."), dialogue("b", "annomi", "Hm."))
    made: Made = {
        "train": {"toy": pairs(3)},
        "validation": {"toy": pairs(20, 100)},
        "test": {"toy": pairs(20, 200)},
    }
    used: dict[Split, dict[str, int]] = {
        "train": {"toy": 2},
        "validation": {"toy": 16},
        "test": {"toy": 16},
    }
    return data_card(Selected({"train": part}, {}, {"annomi": {"rows": 4}}), made, ruler, used)


def test_splits_say_what_became_of_every_exchange(card: dict[str, Any]) -> None:
    train = card["splits"]["train"]
    assert train["dialogues"] == {"annomi": 2}
    assert (train["exchanges"], train["prompts"], train["prompts_used"]) == (2, 1, 1)
    assert train["left_out"] == {"client's turn under 2 words": 1}
    assert card["reading"] == {"annomi": {"rows": 4}}


def test_schemes_say_what_was_made_used_and_skipped(card: dict[str, Any]) -> None:
    train = card["schemes"]["toy"]["train"]
    assert (train["pairs"], train["used"], train["from"], train["groups"]) == (3, 2, 3, 3)
    assert train["skipped"] == {"the same pair again": 1, "tie": 1}
    assert (train["different_chosen"], train["different_rejected"]) == (3, 1)
    # Every rejected reply is "short", in train as elsewhere.
    again = [part["reply_in_train"] for part in card["schemes"]["toy"].values()]
    assert again == [None, 20, 20]


def test_a_rule_that_solves_the_pairs_is_a_caution(card: dict[str, Any]) -> None:
    rules = card["baselines"]["toy"]
    assert (rules["longer wins"]["value"], rules["longer wins"]["n"]) == (1.0, 40)
    solved = [text for text in card["cautions"] if "without a model" in text]
    assert [text.split('"')[1] for text in solved] == ["longer wins", "style only"]
    assert "100 % of the held-out pairs of 'toy'" in " ".join(card["cautions"])
    assert card["cautions"][0].startswith("The pairs of 'toy' can be told apart without a model")
    json.dumps(card)


def test_lengths_are_whole_and_cuts_are_those_of_the_training(ruler: Ruler) -> None:
    # The tiny tokenizer gives a token per letter, and one that ends the reply.
    texts = ["x" * 4, "x" * 9, "x" * 30]
    asked = [
        (Prompt(f"p{i}", "g", "toy", (Turn("client", "Hello."),), text), (text,))
        for i, text in enumerate(texts)
    ]
    told = ruler.measure(asked, ("reply",))
    assert told["tokens"]["reply"] == {"p50": 10, "p95": 31, "max": 31}
    prompt = told["tokens"]["prompt"]["max"]
    tight = TrainingSettings(max_prompt_tokens=prompt, max_length=prompt + 10)
    assert Ruler(ruler.family, ruler.tokenizer, tight).measure(asked, ("reply",)) | {
        "tokens": None
    } == {"tokens": None, "prompts_cut": 0, "replies_cut": 1}
    tighter = TrainingSettings(max_prompt_tokens=prompt - 2, max_length=prompt + 100)
    cut = Ruler(ruler.family, ruler.tokenizer, tighter).measure(asked, ("reply",))
    assert (cut["prompts_cut"], cut["replies_cut"]) == (3, 0)
    assert cut["tokens"]["prompt"]["max"] == prompt


def test_nothing_to_measure_is_missing_not_zero(ruler: Ruler) -> None:
    empty: Made = {"train": {"toy": pairs(2)}, "test": {"toy": PairSet("toy", (), 5, {"tie": 5})}}
    card = data_card(Selected({}, {}, {}), empty, ruler)
    told = card["schemes"]["toy"]["test"]
    assert told["tokens"] == {"prompt": None, "chosen": None, "rejected": None}
    assert told["used"] is None
    assert card["baselines"] == {"toy": {}}
    assert [text.split(":")[0] for text in card["cautions"]] == ["'toy' has no test pair"]


def test_overlap_counts_equal_long_texts_of_two_corpora() -> None:
    parts = [
        material(dialogue("a", "annomi", LONG), dialogue("b", "mi", LONG.upper())),
        material(
            dialogue("c", "epitome", "I am low.", "Tell me more."),
            dialogue("d", "annomi", "I am low.", "Tell me more."),
            contrasts=(Contrast("x", "x", "mi", f"If you like: {LONG}", LONG),),
        ),
    ]
    assert overlap(parts) == {
        "annomi and mi": 1,
        "annomi and epitome": 0,
        "annomi and mi rephrasings": 1,
        "mi and epitome": 0,
        "mi and mi rephrasings": 1,
        "epitome and mi rephrasings": 0,
    }


def test_the_tokenizer_needs_no_model(tiny_weights: dict[str, Weights], tiny_base: Base) -> None:
    alone = tokenizer(tiny_weights["tiny-llama"], FAMILIES["tiny"])
    assert alone.get_vocab() == tiny_base.tokenizer.get_vocab()
    assert alone.chat_template == tiny_base.tokenizer.chat_template
    assert alone.pad_token is not None
