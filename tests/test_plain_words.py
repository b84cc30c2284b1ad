"""The result in one line and the words explained.

python -m pytest tests/test_plain_words.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from invented_sweep import found

from empathy.settings import TrialSettings
from sweeps.record.ledger import Figure, read_record
from sweeps.report.plain_words import SETTINGS, done, glossary, headline

SURE, OPEN, WORSE = Figure(1.0, 0.7, 1.3), Figure(0.2, -0.1, 0.5), Figure(-1.0, -1.3, -0.7)


def test_the_headline_says_who_won_against_whom(tmp_path: Path) -> None:
    assert headline(found(tmp_path)) == (
        "In empathy, the best setting (t003) is better than the SFT model that it started from, "
        "and better than the untrained base model."
    )


@pytest.mark.parametrize(
    ("sft", "base", "told"),
    [
        (SURE, OPEN, "is better than the SFT model that it started from; that it beats the "
                     "untrained base model was not shown."),
        (OPEN, None, "was not shown to differ from the SFT model that it started from."),
        (WORSE, WORSE, "is worse than the SFT model that it started from, and worse than the "
                       "untrained base model."),
    ],
)  # fmt: skip
def test_it_says_no_more_than_the_intervals_allow(
    sft: Figure, base: Figure | None, told: str, tmp_path: Path
) -> None:
    outcome = replace(found(tmp_path), differences={"empathy": sft}, base_difference=base)
    assert headline(outcome) == f"In empathy, the best setting (t003) {told}"


def test_a_difference_without_interval_gives_no_headline(tmp_path: Path) -> None:
    outcome = found(tmp_path)
    assert headline(replace(outcome, differences={"empathy": Figure(1.0)})) == ""
    assert headline(replace(outcome, differences={})) == ""
    assert headline(replace(outcome, best=None)) == ""


def test_a_less_is_better_metric_turns_the_sign(tmp_path: Path) -> None:
    outcome = replace(found(tmp_path), metric="log_ratio", goal="minimize", base_difference=None)
    told = headline(replace(outcome, differences={"log_ratio": WORSE}))
    assert told.startswith("In log-ratio to SFT, the best setting (t003) is better than the SFT")


def test_every_setting_that_can_be_searched_is_explained() -> None:
    assert set(SETTINGS) == set(TrialSettings.model_fields)


def test_the_glossary_holds_the_words_that_are_used(tmp_path: Path) -> None:
    outcome = found(tmp_path)
    words = dict(glossary(outcome))
    assert {"trial", "SFT", "interval", "tied", "stopped", "DPO", "beta", "LoRA rank"} <= set(words)
    assert "weight decay" not in words
    assert "guard" in words
    alone = dict(glossary(replace(outcome, tied=(), objective="sft")))
    assert not {"tied", "DPO"} & set(alone)


def test_what_was_done_is_told_from_what_is_on_record(tmp_path: Path) -> None:
    outcome = found(tmp_path)
    manifest = read_record(tmp_path).manifest
    first, second, third = done(outcome, manifest)
    assert first.startswith("A language model learnt to imitate human replies")
    assert second.startswith("8 trials went on from there, from pairs of replies")
    assert "answered 32 messages that no search had seen" in third
    bare = {**manifest, "settings": {**manifest["settings"], "warm_start": {"steps": 0}}}
    assert done(outcome, bare)[0].startswith("Every trial starts from the untrained base")
