"""A trial's place in a pool of lane hosts: where its host is lost, it goes on at another.

Light: a trial's client is made of it, and imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import ray
from ray.exceptions import RayActorError, RayTaskError

from sweeps.pool.desk import Seat
from sweeps.pool.leases import DrainingError

DEATHS = 3  # hosts that may die on the way to one report: perhaps it is the trial that kills them


class Reporting(Protocol):
    """Where a trial trains, as its client asks it for reports."""

    heard: int
    """The step of the last report that there was."""

    def report(self) -> dict[str, Any]: ...
    def leave(self) -> None: ...


class Place:
    """Takes a seat and a lease when the first report is asked for, and others when those are lost.

    So a lost host costs no more than the way from the last checkpoint, and no report is given
    twice.
    """

    def __init__(
        self,
        desk: Any,
        trial_id: str,
        settings: Mapping[str, Any],
        *,
        resume: bool = False,
        heard: int = 0,
    ) -> None:
        """`resume` from the checkpoint, which must not lie before `heard`, the step of the last
        report that there was."""
        self._desk, self._trial, self._settings = desk, trial_id, settings
        self._resume, self.heard = resume, heard
        self._seat: Seat | None = None
        self._token: str | None = None

    def report(self) -> dict[str, Any]:
        """Train on to the next report.

        Raises `NoHostError` if no host is left, the host's own errors, and Ray's after so many
        deaths of hosts in a row.
        """
        deaths = 0
        while True:
            try:
                row = self._next()
            except DrainingError:
                self._lose()
            except RayActorError:
                self._lose()
                deaths += 1
                if deaths == DEATHS:
                    raise
            else:
                self.heard = row["step"]
                return row

    def leave(self) -> None:
        """Give the lane back, if there is one."""
        seat, token = self._seat, self._token
        self._seat = self._token = None
        if seat is None:
            return
        try:
            if token is not None:
                ray.get(seat.actor.leave.remote(token))
        except RayActorError:  # there is nothing to give back
            pass
        ray.get(self._desk.leave.remote(seat))

    def _next(self) -> dict[str, Any]:
        if self._seat is None:
            self._seat = seated(self._desk, self._trial)
        host = self._seat.actor
        if self._token is None:
            self._token = ray.get(
                host.join.remote(self._trial, self._settings, self._resume, self.heard)
            )
        row: dict[str, Any] = ray.get(host.report.remote(self._token))
        return row

    def _lose(self) -> None:
        if self._seat is not None:
            ray.get(self._desk.lost.remote(self._seat))
        self._resume = self._resume or self._token is not None  # else it has never begun
        self._seat = self._token = None


def seated(desk: Any, name: str) -> Seat:
    """A seat for whoever has that name. Raises `NoHostError`."""
    try:
        seat: Seat = ray.get(desk.seat.remote(name))
    except RayTaskError as error:
        raise error.cause from None  # told as the desk's, not as one of Ray's within another
    return seat


def somewhere(desk: Any, name: str, call: Callable[[Any], Any]) -> Any:
    """Have any host do something on a seat of that name; another if that one is lost.

    `call` gets the host's actor and returns a reference, or a list of them.
    """
    deaths = 0
    while True:
        seat = seated(desk, name)
        try:
            return ray.get(call(seat.actor))
        except (RayActorError, DrainingError):
            ray.get(desk.lost.remote(seat))
            deaths += 1
            if deaths == DEATHS:
                raise
        finally:
            ray.get(desk.leave.remote(seat))
