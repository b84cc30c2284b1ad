"""A trial's place when hosts die, with hosts that are no processes.

python -m pytest tests/test_place.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import ray
from ray.exceptions import RayActorError

from sweeps.pool.place import Place


def remote(call: Callable[..., Any]) -> SimpleNamespace:
    """What Ray makes of a method: called by `remote`, its result asked for by `ray.get`."""
    return SimpleNamespace(remote=lambda *given: lambda: call(*given))


class Host:
    """Dies in the calls that are named, one after the other, and keeps what it was asked."""

    def __init__(self, deaths: Sequence[str]) -> None:
        self._deaths = list(deaths)
        self.joined: list[tuple[bool, int]] = []
        """Whether a trial was to go on from its checkpoint, and the step it had heard of."""
        self.join, self.report = remote(self._join), remote(self._report)

    def _join(self, trial: str, settings: object, resume: bool, heard: int) -> str:
        self._live("join")
        self.joined.append((resume, heard))
        return "token"

    def _report(self, token: str) -> dict[str, Any]:
        self._live("report")
        return {"step": 4}

    def _live(self, call: str) -> None:
        if self._deaths and self._deaths[0] == call:
            self._deaths.pop(0)
            raise RayActorError


def joined(monkeypatch: pytest.MonkeyPatch, *deaths: str) -> list[tuple[bool, int]]:
    """How a new trial joins hosts until it has its first report."""
    monkeypatch.setattr(ray, "get", lambda reference: reference())
    host = Host(deaths)
    desk = SimpleNamespace(
        seat=remote(lambda name: SimpleNamespace(actor=host)), lost=remote(lambda seat: None)
    )
    assert Place(desk, "t000", {}).report() == {"step": 4}
    return host.joined


def test_a_trial_goes_on_from_its_checkpoint_where_its_host_dies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert joined(monkeypatch, "report") == [(False, 0), (True, 0)]


def test_a_trial_that_no_host_has_heard_of_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no checkpoint, and one of its name would be another sweep's."""
    assert joined(monkeypatch, "join") == [(False, 0)]
    assert joined(monkeypatch, "report", "join") == [(False, 0), (True, 0)]
