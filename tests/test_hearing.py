"""What a host does is told while it is waited for, each piece of news once.

python -m pytest tests/test_hearing.py
"""

from __future__ import annotations

import threading
from typing import Any

import pytest

from sweeps.watching import hearing
from sweeps.watching.hearing import Hearing


class Host:
    """A host that prepares at the second look, and says what it does."""

    def __init__(self) -> None:
        self.news: list[tuple[str, int, int | None]] = [("reading", 0, None)]
        self._looks = 0

    def prepared(self, timeout: float) -> dict[str, Any] | None:
        self._looks += 1
        self.news.append(("warm start", self._looks, 2))
        return {"facts": {}} if self._looks == 2 else None

    def stages(self, start: int) -> list[tuple[str, int, int | None]]:
        return self.news[start:]


class Stages:
    """An observer of stages alone."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int, int | None]] = []
        self.examining = threading.Event()

    def stage(self, name: str, done: int, total: int | None) -> None:
        self.heard.append((name, done, total))
        if name == "final evaluation":
            self.examining.set()

    def __getattr__(self, event: str) -> Any:
        return lambda *_: None


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "POLL", 0.01)


def test_news_of_the_preparation_are_told_once() -> None:
    host, stages = Host(), Stages()
    watch: Any = stages
    assert Hearing(host, watch).prepared() == {"facts": {}}
    assert stages.heard == [("reading", 0, None), ("warm start", 1, 2), ("warm start", 2, 2)]


def test_news_come_while_a_call_is_waited_for_and_its_result_or_error_after() -> None:
    host, stages = Host(), Stages()
    watch: Any = stages
    heard = Hearing(host, watch)

    def work() -> str:
        host.news.append(("final evaluation", 0, 3))
        assert stages.examining.wait(30), "nobody was told before the call had ended"
        return "found"

    assert heard.during(work) == "found"
    assert ("final evaluation", 0, 3) in stages.heard
    with pytest.raises(ZeroDivisionError):
        heard.during(lambda: 1 // 0)
