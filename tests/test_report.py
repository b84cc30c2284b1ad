"""python -m pytest tests/test_report.py"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from invented_sweep import SETTINGS, row, write

from empathy.errors import UserError
from sweeps.record.ledger import Ledger
from sweeps.record.observers import SweepInfo
from sweeps.report.report import markdown, write_report


class Outline(HTMLParser):
    """Headings, table rows and addresses of a page, without what its scripts say."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.rows: list[list[str]] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self._in: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("h1", "h2", "th", "td"):
            self._in = tag
            (self.headings if tag.startswith("h") else self.rows[-1]).append("")

    def handle_endtag(self, tag: str) -> None:
        self._in = None if tag == self._in else self._in

    def handle_data(self, data: str) -> None:
        if self._in is not None:
            into = self.headings if self._in.startswith("h") else self.rows[-1]
            into[-1] = " ".join(f"{into[-1]} {data}".split())


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sweep")
    write(out)
    write_report(out)
    return out


def test_leaderboard_puts_baselines_first_and_marks_the_tied(page: Path) -> None:
    outline = Outline((page / "report.html").read_text("utf-8"))
    first = [line[0] for line in outline.rows if len(line) == 10]  # 7 fixed columns, 3 settings
    assert first == [
        "Trial", "Base", "SFT", "t003 winner", "t005 tied", "t002", "t000",
        "t006", "t004", "t001", "t007",
    ]  # fmt: skip
    (best,) = [line for line in outline.rows if line[0] == "t003 winner"]
    assert best == ["t003 winner", "2.90 [2.60, 3.20]", "2.90 [2.60, 3.20]", "", "12",
                    "0.08", "4.9e-4", "16", "completed",
                    "wins the score, breaks relevance, log-ratio to SFT; not measured: common "
                    "opener, questions, shared experience, apologies, repetition"]  # fmt: skip
    (failed,) = [line for line in outline.rows if line[0] == "t007"]
    assert failed[-2:] == ["failed: loss is NaN at step 2", "-"]


def test_page_is_one_file_that_asks_for_nothing(page: Path) -> None:
    html = (page / "report.html").read_text("utf-8")
    assert all(address.startswith("#") for address in Outline(html).addresses)
    assert "default-src 'none'" in html
    assert len(html) < 6_000_000
    assert html.count("plotly.js v") == 1  # the script stands in it once


def test_replies_cannot_become_markup(page: Path) -> None:
    html = (page / "report.html").read_text("utf-8")
    outline = Outline(html)
    assert outline.tags.count("script") == 4  # Plotly, two charts, and what prints them
    assert "&lt;script&gt;alert(&#39;not markup&#39;)" in html
    text = (page / "report.md").read_text("utf-8")
    assert "<script>" not in text
    assert markdown("a *b* | <i>\n# c") == r"a \*b\* \| &lt;i&gt; \# c"


def test_hostile_names_cannot_leave_a_chart(tmp_path: Path) -> None:
    ledger = Ledger(["launch.py"], seed=0)
    settings = {"parameters": {"schedule": {"values": ["</script><b>x</b>", "linear"]}}}
    ledger.sweep_started(SweepInfo("s", "empathy", "maximize", settings, 1, 4, tmp_path))
    ledger.trial_started("</script>", {"schedule": "</script><b>x</b>"})
    ledger.trial_reported(row("</script>", 4, {"empathy": {"value": 1.0}}))
    write_report(tmp_path)
    outline = Outline((tmp_path / "report.html").read_text("utf-8"))
    assert (outline.tags.count("script"), outline.tags.count("b")) == (4, 0)


def test_every_section_is_there(page: Path) -> None:
    assert Outline((page / "report.html").read_text("utf-8")).headings == [
        "Sweep invented", "Safety", "The answer", "Before you use it", "How to read this page",
        "Leaderboard", "Beside the score", "Learning curves", "Settings and score",
        "Which setting matters", "Replies side by side", "How each number is made", "Data",
        "Model and training", "Cost", "Run it again",
    ]  # fmt: skip
    text = (page / "report.md").read_text("utf-8")
    assert "    python launch.py --sweep invented --set 'data.corpora=[sample]'" in text
    assert "| **t003** (winner) | 2.90 [2.60, 3.20] |" in text


def test_a_running_sweep_has_a_report_without_winner(tmp_path: Path) -> None:
    ledger = Ledger(["launch.py"], seed=0)
    ledger.sweep_started(SweepInfo("s", "empathy", "maximize", SETTINGS, 8, 12, tmp_path))
    write_report(tmp_path)
    ledger.trial_started("base", {})
    ledger.trial_reported(row("base", 0, {"empathy": {"value": 1.0}}))
    ledger.trial_started("t000", {"beta": 0.1})
    write_report(tmp_path)
    assert "This sweep has not ended" in (tmp_path / "report.md").read_text("utf-8")


def test_a_folder_without_sweep_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give the folder of a sweep"):
        write_report(tmp_path)
