"""The data card as the report shows it.

python -m pytest tests/test_report_data.py
"""

from __future__ import annotations

from pathlib import Path

import pytest
from invented_sweep import CARD, write

from empathy.errors import UserError
from sweeps.record.ledger import read_record
from sweeps.report.report import write_report
from sweeps.report.report_data import data_card, data_view
from sweeps.sweepfile.manifest import write_json

MANIFEST = {"settings": {"data": {"corpora": ["sample", "elsewhere"]}}}


def test_counts_lengths_and_cuts_stand_in_tables() -> None:
    view = data_view(MANIFEST, CARD)
    assert view.corpora[0] == ("sample", "Apache-2.0, as this software; every dialogue is invented")
    assert view.corpora[1] == ("elsewhere", "terms not known here")
    splits, pairs, rules = view.tables
    assert splits.rows == [
        ("train", "70 sample", "69", "28", "216", "60, 91", "60, 91", "1", "0"),
    ]
    assert "more than 160 of a prompt, or 256 with its reply, are cut" in splits.caption
    # no length of a rejected reply is on the card: a dash, not 0
    assert pairs.rows == [("ranked, train", "28", "28", "27", "60, 91", "-", "3")]
    assert rules.rows == [("ranked, longer wins", "53 % [29, 76]", "16")]
    assert all(len(row) == len(table.head) for table in view.tables for row in table.rows)


def test_what_was_left_out_is_told() -> None:
    assert data_view(MANIFEST, CARD).notes == [
        "Left out of train: 4, fewer than 5 words.",
        "Not paired by ranked in train: 2, equal scores.",
        "2 long texts stand in both annomi and mi.",
    ]


def test_results_without_a_card_say_so(tmp_path: Path) -> None:
    write(tmp_path)
    view = data_view(read_record(tmp_path).manifest, data_card(tmp_path))
    assert view.tables == []
    assert view.notes == ["This folder holds no data card: nothing was counted yet."]


def test_a_damaged_card_is_named(tmp_path: Path) -> None:
    (tmp_path / "data_card.json").write_text("{", "utf-8")
    with pytest.raises(UserError, match=r"data_card\.json is damaged"):
        data_card(tmp_path)


def test_both_reports_hold_the_card(tmp_path: Path) -> None:
    write(tmp_path)
    write_json(tmp_path / "data_card.json", CARD)
    write_report(tmp_path)
    for name in ("report.html", "report.md"):
        text = (tmp_path / name).read_text("utf-8")
        assert "What rules without a model can tell" in text
        assert "Left out of train: 4, fewer than 5 words." in text
