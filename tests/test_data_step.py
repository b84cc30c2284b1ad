"""The data card before any model is loaded, on the invented corpus and on the real ones.

EMPATHY_DATA=... python -m pytest tests/test_data_step.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from empathy import weights
from empathy.corpora import mi
from sweeps.planning.data_step import card_of, save_card
from sweeps.sweepfile import spec

TINY = ("family=tiny", "model=auto")
ROOT = Path(__file__).parents[1]


def test_the_invented_corpus_has_prompts_and_will_be_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(weights, "load")  # only the tokenizer is needed
    card = card_of(spec.load("demo", TINY))
    assert card["sampled"] == {
        "schemes": ["ranked"],
        "prompts": {"train": 28, "validation": 8, "test": 8},
        "draws": 4,
    }
    assert (card["schemes"], card["overlap"]) == ({}, {})
    # A token per letter: the limits cut much, and the card says so.
    assert all(text.startswith("The limits cut ") for text in card["cautions"])
    train = card["splits"]["train"]
    assert (train["prompts_used"], train["tokens"]["prompt"]["max"] > 0) == (28, True)
    json_path, text_path = save_card(card, tmp_path / "demo")
    assert json.loads(json_path.read_text("utf-8")) == card
    assert text_path.read_text("utf-8").startswith("train ")
    assert {path.parent for path in (json_path, text_path)} == {tmp_path}


@pytest.fixture(scope="module")
def real(session_cache: Path) -> dict[str, Any]:
    """The card of the two schemes whose pairs stand in the files as they are."""
    folder = Path(os.environ.get("EMPATHY_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / mi.COUNSELCHAT).is_file():
        pytest.skip("the real files are not here; EMPATHY_DATA says where")
    settings = (
        *TINY,
        "data.corpora=[mi, epitome]",
        "data.schemes={adherence: 1, deleted: 1}",
        f"data.folder={folder.resolve()}",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMPATHY_CACHE", str(session_cache))
        return card_of(spec.load("demo", settings))


def test_real_answers_keep_their_yield_over_the_splits(real: dict[str, Any]) -> None:
    splits = real["schemes"]["adherence"].values()
    assert sum(part["pairs"] for part in splits) == 295
    assert sum(part["from"] for part in splits) == 546
    assert real["sampled"] is None
    assert real["overlap"] == {"mi and epitome": 0}


def test_length_solves_deleted_and_does_not_solve_adherence(real: dict[str, Any]) -> None:
    assert real["baselines"]["deleted"]["longer wins"]["value"] == 1.0
    flagged = [text.split("'")[1] for text in real["cautions"] if "a model:" in text]
    assert set(flagged) == {"deleted"}


def test_long_answers_are_cut_and_counted(real: dict[str, Any]) -> None:
    train = real["schemes"]["adherence"]["train"]
    # The tiny tokenizer gives a token per letter, so nearly every answer exceeds the limits.
    assert train["tokens"]["chosen"]["max"] > real["limits"]["max_length"]
    assert train["pairs"] < train["replies_cut"] <= 2 * train["pairs"]
