"""The files of a comparison: what they show, and what they never do.

python -m pytest tests/test_comparison_report.py
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from invented_study import study, sweep, write

from empathy.errors import UserError
from sweeps.comparison.contrasts import Findings, findings
from sweeps.comparison.crisis import NOT_EXAMINED
from sweeps.comparison.folders import read, read_all
from sweeps.comparison.report import check_out, rendered, warnings, write_comparison


class Page(HTMLParser):
    """Tags, addresses and headings of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.headings: list[str] = []
        self.rows: list[list[str]] = []
        self._in: list[str] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("h2", "th", "td"):
            self._in = self.headings if tag == "h2" else self.rows[-1]
            self._in.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in = None if tag in ("h2", "th", "td") else self._in

    def handle_data(self, data: str) -> None:
        if self._in is not None:
            self._in[-1] = " ".join(f"{self._in[-1]} {data}".split())


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return findings(read_all(study(tmp_path_factory.mktemp("study"))))


@pytest.fixture(scope="module")
def page(found: Findings) -> Page:
    return Page(rendered(found, "html"))


def test_three_files_are_written_and_an_earlier_comparison_is_replaced(
    found: Findings, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "comparison"
    out.mkdir(parents=True)
    (out / "comparison.md").write_text("old")
    assert write_comparison(found, out) == out / "comparison.html"
    assert {path.name for path in out.iterdir()} == {
        "comparison.html", "comparison.md", "comparison.json"
    }  # fmt: skip
    assert (out / "comparison.md").read_text("utf-8").startswith("# Study comparison\n")


def test_every_section_is_there(page: Page) -> None:
    assert page.headings == [
        "Scores", "Differences", "Beside the score", "What was compared, and its cost",
        "Replies side by side", "How each number is made",
    ]  # fmt: skip


def test_the_page_is_one_small_file_without_script_that_asks_for_nothing(
    found: Findings, page: Page
) -> None:
    html = rendered(found, "html")
    assert page.addresses == []
    assert {"script", "img", "link", "iframe"}.isdisjoint(page.tags)
    assert "default-src 'none'; style-src 'unsafe-inline'" in html
    assert len(html) < 200_000


def test_prompts_and_replies_cannot_become_markup(found: Findings, page: Page) -> None:
    assert {"b", "i"}.isdisjoint(page.tags)
    assert "gemma says &lt;i&gt;t001&lt;/i&gt;" in rendered(found, "html")


def test_both_forms_say_the_same(found: Findings) -> None:
    html, text = rendered(found, "html"), rendered(found, "md")
    for said in ("11 differences were tested", "DPO beats SFT in gemma and llama"):
        assert said in html
        assert said in text
    assert "| gemma | 1.00 [" in text
    assert re.search(r"\| biobert \| 0\.20 .* \| 0\.80 .* \| not measured \| 0\.80 ", text)
    assert "| DPO minus SFT | gemma | +0.80 [" in text
    assert re.search(r"\| gemma minus llama \| \+0\.40 \[.* \| better \|", text)


def test_the_table_of_searches_tells_cost_and_setting(page: Page) -> None:
    (line,) = [line for line in page.rows if line[:2] == ["gemma", "SFT continued"]]
    assert line[2:-1] == [
        "google/gemma-3-270m-it", "2 (1 stopped)", "200", "10 min 0 s", "not measured", "cpu",
        "t001: learning rate 3e-4, LoRA rank 16",
    ]  # fmt: skip
    assert line[-1].endswith("sft_gemma")


def test_programs_read_unrounded_numbers(found: Findings, tmp_path: Path) -> None:
    write_comparison(found, tmp_path)
    told: dict[str, Any] = json.loads((tmp_path / "comparison.json").read_text("utf-8"))
    assert (told["metric"], told["goal"], told["test_prompts"]) == ("empathy", "maximize", 40)
    assert told["level"] == pytest.approx(1 - 0.05 / 11)
    assert list(told["arms"]) == ["gemma", "llama", "biobert"]
    gemma = told["arms"]["gemma"]
    assert gemma["rows"]["dpo"]["empathy"]["value"] == pytest.approx(2.0)
    assert gemma["searches"]["dpo"]["best"] == "t001"
    assert gemma["searches"]["dpo"]["cost"]["gpu_seconds"] is None
    assert "continued" not in told["arms"]["biobert"]["rows"]
    first = told["contrasts"][0]
    assert (first["rival"], first["first"], first["verdict"]) == ("sft", "gemma", "better")
    assert [each["short"] for each in told["answers"]][3] == "gemma"


def test_a_study_without_winner_has_a_report_too(tmp_path: Path) -> None:
    found = findings([sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, None))])
    page = Page(rendered(found, "html"))
    assert "Differences" not in page.headings
    assert "| gemma | 1.00 [" in rendered(found, "md")


def test_a_place_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="file is a file: name a folder for the comparison"):
        check_out(tmp_path / "file")
    results = write(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    with pytest.raises(UserError, match="holds the results of a sweep: name another folder"):
        check_out(results)
    check_out(tmp_path / "nowhere")


def test_replies_without_a_score_are_counted(tmp_path: Path) -> None:
    one = sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    assert one.best is not None
    scores = {**one.best.scores, "empathy": (None, None, *one.best.scores["empathy"][2:])}
    gaps = replace(one, best=replace(one.best, scores=scores))
    assert warnings(findings([gaps]))[0].startswith(
        "Of a difference up to 2 test prompts could not be scored on both sides"
    )
    assert warnings(findings([one])) == [NOT_EXAMINED.format("gemma")]


def test_unequal_rivals_are_warned_of(tmp_path: Path) -> None:
    found = findings([
        read(write(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))),
        read(write(tmp_path / "b", "sft_gemma", (1.0, 1.2, 1.3), "training.max_steps=100")),
    ])  # fmt: skip
    assert warnings(found)[0].startswith("gemma: DPO had 150 optimizer steps of a trial, SFT con")
