"""The report in a browser: on a phone, on paper, in the dark, and read by a screen reader.

python -m pytest tests/test_report_page.py
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser import DESKTOP, PAPER, PHONE, chromium, needs_chromium, opened
from invented_sweep import CARD, SUMMARY, write
from test_report_judges import JUDGED
from test_report_safety import summary

from sweeps.report.report import write_report
from sweeps.sweepfile.manifest import MANIFEST, read_manifest, write_json

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = needs_chromium
WIDTHS = [320, 390, 768, 1280]  # 320 is what WCAG 1.4.10 asks for
OUTSIDE = """() => [...document.querySelectorAll('body *')]
  .filter(each => !each.closest('.scroll') && !each.closest('svg')
                  && each.getBoundingClientRect().right > innerWidth + 1)
  .map(each => each.outerHTML.slice(0, 90))"""
CUT = """() => [...document.querySelectorAll('table, figure, pre, .js-plotly-plot, .main-svg')]
  .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
  .map(each => each.outerHTML.slice(0, 90))"""
NAMELESS = """() => [...document.querySelectorAll('img, svg:not(#js-plotly-tester), [role=img]')]
  .filter(each => !each.closest('[aria-hidden=true]') && !each.getAttribute('aria-label')
                  && !each.getAttribute('alt') && !each.parentElement.closest('[role=img]'))
  .map(each => each.outerHTML.slice(0, 90))"""

UNNAMED_CELLS = """() => [...document.querySelectorAll('table')]
  .filter(each => !each.caption || !each.caption.textContent.trim()
                  || each.querySelector('thead th:not([scope=col])')
                  || [...each.tBodies[0].rows].some(row => !row.querySelector('th[scope=row]')))
  .map(each => each.outerHTML.slice(0, 90))"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page that has every section."""
    out = tmp_path_factory.mktemp("sweep")
    write(out, summary(None) | {"judges": JUDGED, "best": SUMMARY["best"]})
    write_json(out / "data_card.json", CARD)
    manifest = read_manifest(out)
    manifest["settings"]["metric"] = {"also": [{"name": "relevance", "goal": "maximize"}]}
    write_json(out / MANIFEST, manifest)
    write_report(out)
    return out / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def test_nothing_is_asked_for_and_nothing_goes_wrong(report: Path, browser: Browser) -> None:
    with opened(browser, report, DESKTOP) as (page, heard):
        page.wait_for_timeout(200)
        assert heard.console == []
        assert heard.requests == [report.as_uri()]
        assert page.locator(".js-plotly-plot").count() == 3
        assert page.locator(".js-plotly-plot .main-svg").count() >= 3


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_scrolls_sideways_but_tables_in_their_frames(
    width: int, report: Path, browser: Browser
) -> None:
    with opened(browser, report, (width, 800)) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OUTSIDE) == []


def test_on_paper_nothing_is_cut_and_all_is_open(report: Path, browser: Browser) -> None:
    with opened(browser, report, PAPER, paper=True) as (page, _):
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details:not([open])").count() == 0
        assert page.evaluate(CUT) == []
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details[open]").count() == 0


def test_headings_go_down_one_level_at_a_time(report: Path, browser: Browser) -> None:
    with opened(browser, report, DESKTOP) as (page, _):
        levels = page.eval_on_selector_all("h1,h2,h3,h4", "all => all.map(e => +e.tagName[1])")
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(now <= before + 1 for before, now in pairwise(levels))


def test_a_screen_reader_finds_names_places_and_tables(report: Path, browser: Browser) -> None:
    with opened(browser, report, DESKTOP) as (page, _):
        assert page.locator("html").get_attribute("lang") == "en"
        for landmark in ("header", "main", "nav", "footer"):
            assert page.locator(f"body {landmark}").count() == 1, landmark
        assert page.evaluate(NAMELESS) == []
        assert page.evaluate("document.querySelectorAll('table').length") >= 10
        assert page.evaluate(UNNAMED_CELLS) == []


def test_every_entry_of_the_contents_leads_somewhere(report: Path, browser: Browser) -> None:
    with opened(browser, report, DESKTOP) as (page, _):
        ids: list[str] = page.eval_on_selector_all("[id]", "all => all.map(each => each.id)")
        assert len(ids) == len(set(ids))
        links = page.locator("nav a")
        targets = [links.nth(n).get_attribute("href") or "" for n in range(links.count())]
        assert len(targets) == 15  # all but the fresh seeds, which this sweep has none of
        for target in targets:
            assert page.locator(f"h2{target}").count() == 1, target


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_no_fault(dark: bool, report: Path, browser: Browser) -> None:
    """The rules of WCAG 2.2 that a program can check, contrast of colours among them."""
    from axe_playwright_python.sync_playwright import Axe

    with opened(browser, report, PHONE, dark=dark) as (page, _):
        page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true; })")
        found: dict[str, Any] = Axe().run(page).response
        told = [
            (fault["id"], node["html"][:120], node.get("failureSummary", "")[:200])
            for fault in found["violations"]
            for node in fault["nodes"]
        ]
        assert told == []
        assert len(found["passes"]) > 20
