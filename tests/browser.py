"""Debian's Chromium, without a window, for tests of pages. They are skipped where it is not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
PHONE, DESKTOP = (390, 844), (1280, 900)
PAPER = (703, 1010)  # A4 less the margins of the page's style sheet, at 96 pixels an inch


class Heard(NamedTuple):
    """What a page said and asked for while it was open."""

    console: list[str]
    requests: list[str]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser, path: Path, size: tuple[int, int], *, dark: bool = False, paper: bool = False
) -> Iterator[tuple[Page, Heard]]:
    """A page of a file in a window of that size, once all its charts are drawn."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
    )
    page, heard = context.new_page(), Heard([], [])
    page.set_default_timeout(120_000)  # milliseconds, for busy machines
    page.on("console", lambda message: heard.console.append(message.text))
    page.on("pageerror", lambda error: heard.console.append(str(error)))
    page.on("request", lambda request: heard.requests.append(request.url))
    try:
        if paper:
            page.emulate_media(media="print")
        page.goto(path.as_uri())
        page.wait_for_load_state("load")
        yield page, heard
    finally:
        context.close()
