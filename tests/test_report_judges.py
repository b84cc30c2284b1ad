"""python -m pytest tests/test_report_judges.py"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from invented_sweep import changed, figure, write

from sweeps.report.report import write_report
from sweeps.report.report_judges import Row, judges_view

DOWN = "the judge's server left 10 questions in a row unanswered (status 503: 50); see to it"


def report(rate: float | None, flips: float | None = None) -> dict[str, Any]:
    return {
        "rate": None if rate is None else figure(rate, 0.1),
        "at_equal_length": None if rate is None else figure(rate - 0.1, 0.1),
        "flips": None if flips is None else figure(flips, 0.1),
    }


JUDGED: dict[str, Any] = {
    "judges": {
        "referee": {
            "missing": None,
            "counts": {},
            "wins": {
                "base": {"sft": report(0.4), "human": report(0.7)},
                "sft": {"human": report(0.6)},
                "t003": {"sft": report(0.8), "human": report(0.9)},
            },
        },
        "reward_model": {
            "missing": None,
            "counts": {"truncated texts": 1200},
            "wins": {"t003": {"sft": report(None), "human": report(0.5, 0.2)}},
        },
        "llm": {"missing": DOWN, "counts": {}, "wins": {}},
    },
    "agreement": [{"judges": ["referee", "reward_model"], "raw": figure(0.75, 0.1), "kappa": None}],
}


def test_a_row_per_judge_and_a_dash_for_what_nobody_measured() -> None:
    view = judges_view(JUDGED, "t003")
    assert view is not None
    assert view.rows == [
        Row("referee", "80 % [70, 90]", "70 % [60, 80]", "40 % [30, 50]", "90 % [80, 100]",
            "60 % [50, 70]", "-", "-"),
        Row("reward model", "-", "-", "-", "50 % [40, 60]", "-", "-", "75 % [65, 85], kappa -"),
        Row("language model", *["-"] * 7),
    ]  # fmt: skip
    assert view.notes == [
        "Counted by the reward model: truncated texts 1,200.",
        f"No numbers by the language model: {DOWN}.",
    ]


def test_without_judges_or_winner_there_is_no_section() -> None:
    assert judges_view(None, "t003") is None
    assert judges_view(JUDGED, None) is None


def test_both_reports_show_the_section_and_older_results_none(tmp_path: Path) -> None:
    write(tmp_path / "new", {**changed(), "judges": JUDGED})
    write(tmp_path / "old")
    for name in ("new", "old"):
        write_report(tmp_path / name)
    kinds = ("html", "md")
    page, text = ((tmp_path / "new" / f"report.{kind}").read_text("utf-8") for kind in kinds)
    assert '<th scope="row">referee</th><td>80 % <span class="whole">[70, 90]</span></td>' in page
    assert "No numbers by the language model: the judge&#39;s server" in page
    assert "| referee | 80 % [70, 90] | 70 % [60, 80] | 40 % [30, 50] |" in text
    assert "\n\n## Which setting matters" in text
    assert f"- No numbers by the language model: {DOWN}." in text
    for kind in kinds:
        old = (tmp_path / "old" / f"report.{kind}").read_text("utf-8")
        assert "Who wins, by other judges" not in old
