"""LaneHost: one device, one base model, many trials.

Plain Python: Ray runs it as an actor, the in-process runner calls it directly. One thread of its
own does all the work on the device; callers only wait. A lane steps on only while its client waits
for a report, so that a trial stopped at a report has not trained past it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

from empathy.settings import StudySettings, TrialSettings
from sweeps.pool.leases import DrainingError, Lease, Leases, StoppedError
from sweeps.pool.occupancy import Occupancy
from sweeps.pool.stepping import means, measured, settle, together_or_alone, told
from sweeps.record.observers import of_search

GRACE = 0.5  # seconds that reported lanes are waited for, so that lanes step and speak together


class LaneHost:
    """Prepares a study in the background, then trains whoever holds a lease."""

    def __init__(self, settings: Mapping[str, Any], report_steps: Sequence[int], out: str) -> None:
        """`settings` is a `StudySettings` as JSON; checkpoints go under `out`/trials."""
        self._settings = StudySettings.model_validate(settings)
        self._report_steps, self._out = frozenset(report_steps), Path(out)
        self._changed = threading.Condition()
        self._leases = Leases()
        self._occupancy = Occupancy()
        self._leaving: list[int] = []  # lanes whose lease has ended, freed between two steps
        self._jobs: list[tuple[Callable[[], Any], Future[Any]]] = []
        self._stages: list[tuple[str, int, int | None]] = []
        self._ready: Future[dict[str, Any]] = Future()
        self._closing = self._draining = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="lanes")
        self._thread.start()

    # -- called by others; none of these touches the device -----------------------------------

    def prepared(self, timeout: float) -> dict[str, Any] | None:
        """Facts, data card and the baselines' evaluations once the study is ready; None until then.

        Raises what the preparation raised.
        """
        wait([self._ready], timeout)  # `result` with a timeout would hide a TimeoutError of its own
        return self._ready.result() if self._ready.done() else None

    def stages(self, start: int) -> list[tuple[str, int, int | None]]:
        """News of what the host is doing, from the `start`-th on."""
        return self._stages[start:]

    def join(
        self, trial_id: str, settings: Mapping[str, Any], resume: bool = False, heard: int = 0
    ) -> str:
        """Take a lease for a trial and return its token; the lane follows when one is free.

        `heard` is the step of the last report that the client has: a trial that resumes with less
        than that in its checkpoint, or with none, ends with a `UserError`. Raises `DrainingError`.
        """
        with self._changed:
            if self._draining:
                raise DrainingError("the lane host takes no trials any more")
            earlier = self._leases.of_trial(trial_id)
            for lease in earlier:
                self._end(lease.token)
            lease = self._leases.take(
                trial_id, TrialSettings.model_validate(settings), resume=resume, heard=heard
            )
            if resume:
                lease.seconds = sum(each.seconds for each in earlier)
            self._changed.notify_all()
            return lease.token

    def report(self, token: str) -> dict[str, Any]:
        """Train on to the next report and return it.

        Raises `StaleLeaseError` if the lease has ended, or the error that ended it.
        """
        with self._changed:
            lease = self._leases.get(token)
            lease.wanted = True
            self._changed.notify_all()
            while lease.row is None:
                self._leases.get(token)
                if not self._thread.is_alive():
                    raise StoppedError("the lane host has stopped")
                self._changed.wait(1.0)
            row, lease.row, lease.decided = lease.row, None, time.monotonic()
            return row

    def leave(self, token: str) -> None:
        """Give the lane back. A stale token is no error: the lane is somebody else's by now."""
        with self._changed:
            self._end(token)
            self._changed.notify_all()

    def release(self, trial_id: str) -> None:
        """End whatever lease a finished or dead trial may still hold."""
        with self._changed:
            for lease in self._leases.of_trial(trial_id):
                self._end(lease.token)
            self._changed.notify_all()

    def drain(self) -> None:
        """Checkpoint all lanes between two steps, end their leases and take no more. Whoever waits
        for a report, or asks for one, gets a `DrainingError`."""
        with self._changed:
            self._draining, held = True, [*self._leases.seated, *self._leases.waiting]
            self._changed.notify_all()
        if held:
            self._do(self._give_back)

    def draining(self, timeout: float) -> bool:
        """Whether the host is about to go; waits up to `timeout` seconds for that."""
        with self._changed:
            return self._changed.wait_for(lambda: self._draining, timeout)

    def occupancy(self) -> dict[str, Any]:
        """How busy the device has been since the first step: see `Occupancy.as_dict`."""
        with self._changed:
            return self._occupancy.as_dict()

    def finals(self, trials: Sequence[str]) -> dict[str, Any]:
        """Examine trials by their checkpoints: see `empathy.finals.examine`.

        The search is over: a lease still held, by a trial whose goodbye is on its way, ends.
        """
        with self._changed:
            for lease in [*self._leases.seated, *self._leases.waiting]:
                self._end(lease.token)
        result: dict[str, Any] = self._do(lambda: self._finals(trials))
        return result

    def export(self, trial_id: str, folder: str) -> None:
        """Write a trial's adapter as PEFT files for the original base into a new folder."""
        self._do(lambda: self._export(trial_id, Path(folder)))

    def close(self) -> None:
        """Stop after the current step; one that is drained or still prepares is not waited for."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._ready.done() and not self._draining:
            self._thread.join()

    def _do(self, job: Callable[[], Any]) -> Any:
        """Have the working thread do something between two steps."""
        done: Future[Any] = Future()
        with self._changed:
            if not self._thread.is_alive():
                raise StoppedError("the lane host has stopped")
            self._jobs.append((job, done))
            self._changed.notify_all()
        return done.result()

    def _end(self, token: str, error: Exception | None = None) -> None:
        """End a lease; the working thread frees its lane when it is between two steps."""
        lease = self._leases.end(token, error)
        if lease is not None and lease.lane is not None:
            self._leaving.append(lease.lane)
            self._occupancy.freed(lease.lane, time.monotonic())

    # -- the working thread -------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._prepare()
        except BaseException as error:
            self._ready.set_exception(error)
            return
        while True:
            with self._changed:
                self._seat()
                while not (self._jobs or self._due() or self._closing):
                    self._changed.wait(GRACE)
                    self._seat()
                if self._closing:
                    return
                jobs, self._jobs = self._jobs, []
                members = self._due()
                if members:
                    self._occupancy.began(map(lane, members), time.monotonic())
            for job, done in jobs:
                settle(job, done)
            if members and not self._draining:
                self._work(members)

    def _prepare(self) -> None:
        from empathy.study import Study  # torch: only here, so that clients and plans stay light

        self._study = Study(self._settings, self._tell)
        baselines = {
            name: {split: evaluation.as_dict() for split, evaluation in measured.items()}
            for name, measured in self._study.baselines.items()
        }
        self._ready.set_result(
            {"facts": self._study.facts, "baselines": baselines, "card": self._study.card}
        )

    def _tell(self, stage: str, done: int, total: int | None) -> None:
        if self._closing:  # nobody waits for what is being prepared, or examined
            raise StoppedError("the lane host has been closed")
        self._stages.append((stage, done, total))

    def _seat(self) -> None:
        """Free the lanes of ended leases and give free lanes to the leases that wait longest."""
        engine = self._study.engine
        while self._leaving:
            engine.leave(self._leaving.pop())
        for lease in self._leases.waiting:
            if not engine.free:
                return
            try:
                self._board(lease)
            except Exception as error:
                self._end(lease.token, error)
                self._changed.notify_all()

    def _board(self, lease: Lease) -> None:
        """Give a lease a lane, as its checkpoint left it if it resumes."""
        saved = lease.found(self._checkpoint(lease.trial_id))
        lease.lane = self._study.join(lease.settings, saved)
        if saved is not None:
            step = self._study.engine.state(lease.lane).step
            lease.take_up(saved, step, self._study.told(saved))
            if self._reports(lease, step):  # a drained host's checkpoint may lie between two
                lease.repeat_unless_heard(last=step >= self._settings.training.max_steps)

    def _give_back(self) -> None:
        with self._changed:
            seated = self._leases.seated
        try:
            for lease in seated:
                if lease.curves:  # it has stepped on since its last checkpoint
                    self._save(lease)
        finally:  # also where the disk is full
            with self._changed:
                for lease in [*self._leases.seated, *self._leases.waiting]:
                    self._end(lease.token, DrainingError("the lane host is about to go"))
                self._changed.notify_all()

    def _due(self) -> list[Lease]:
        """Leases whose lane should step now; nobody while one may still come back in time."""
        seated = self._leases.seated
        undecided = [lease for lease in seated if not lease.wanted and lease.row is None]
        if any(lease.since_report() < GRACE for lease in undecided):
            return []
        return self._farthest([lease for lease in seated if lease.wanted and lease.row is None])

    def _farthest(self, due: Sequence[Lease]) -> list[Lease]:
        """Those with most steps to go to their next report; the others let them catch up.

        So lanes that start or come back apart come to their reports together and are evaluated in
        one batch. The device never waits: it does narrower steps, fewer than lie between two
        reports, once; from then on the lanes stay together, for trials end only at reports.
        """
        resumed = [lease for lease in due if lease.resumed]
        if resumed:  # they repeat a report before they step
            return resumed
        to_go = {lease.token: self._to_go(lease) for lease in due}
        most = max(to_go.values(), default=0)
        return [lease for lease in due if to_go[lease.token] == most]

    def _to_go(self, lease: Lease) -> int:
        later = (
            each - lease.step
            for each in self._report_steps
            if each > lease.step and self._reports(lease, each)
        )
        return min(later, default=0)

    def _work(self, members: Sequence[Lease]) -> None:
        """A round whose error, such as too little memory, reaches those who wait for it."""
        round_ = self._repeat if members[0].resumed else self._round
        try:
            round_(members)
        except Exception as error:
            with self._changed:
                for lease in members:
                    self._end(lease.token, error)
                self._changed.notify_all()
        with self._changed:
            self._occupancy.ended(time.monotonic())

    def _repeat(self, leases: Sequence[Lease]) -> None:
        """The report of these leases' checkpoints once more; the last one ends the trial."""
        measured = self._measured(leases)
        with self._changed:
            for lease, row in measured:
                lease.resumed = False
                self._deliver(lease, lease.step, row)
            self._changed.notify_all()

    def _round(self, members: Sequence[Lease]) -> None:
        """One step of all members, and a report of those who have come to one."""
        start = time.monotonic()
        stepped = self._stepped(members)
        rows = {}
        for lease, step in stepped:
            lease.curves.append({"loss": step.loss, "grad_norm": step.grad_norm, **step.curves})
            if step.diverged:
                rows[lease.token] = {"failed": f"not finite after step {step.step}"}
            elif self._reports(lease, step.step):
                rows[lease.token] = {}
            elif step.step in self._report_steps:
                self._save(lease)
        reporting = [lease for lease, _ in stepped if rows.get(lease.token) == {}]
        for lease, row in self._measured(reporting):
            rows[lease.token] = row
        share = (time.monotonic() - start) / len(members)
        with self._changed:
            for lease, step in stepped:
                lease.seconds += share
                lease.step = step.step
                if lease.token in rows:
                    self._deliver(lease, step.step, rows[lease.token])
            self._changed.notify_all()

    def _stepped(self, members: Sequence[Lease]) -> list[tuple[Lease, Any]]:
        """A step of all; who meets an error even alone ends by it."""
        found = together_or_alone(self._study.engine.step, list(map(lane, members)))
        steps = list(zip(members, found, strict=True))
        with self._changed:
            for lease, step in steps:
                if isinstance(step, Exception):
                    self._end(lease.token, step)
            self._changed.notify_all()
        return [each for each in steps if not isinstance(each[1], Exception)]

    def _measured(self, leases: Sequence[Lease]) -> list[tuple[Lease, dict[str, Any]]]:
        """Checkpoint these lanes and measure them on validation prompts, all at once."""
        if not leases:
            return []
        for lease in leases:
            self._save(lease)
        lanes = {lease.trial_id: lane(lease) for lease in leases}
        try:
            found = self._study.evaluate(lanes, "validation")
        except Exception as error:  # a number that is not finite, too little memory: whose?
            if len(leases) == 1:
                return [(leases[0], {"failed": told(error)})]
            return [row for lease in leases for row in self._measured([lease])]
        return [(lease, measured(found[lease.trial_id])) for lease in leases]

    def _reports(self, lease: Lease, step: int) -> bool:
        """Whether a lane is measured at this step; nobody decides on a finalist's fresh seeds."""
        last = step == max(self._report_steps)
        return step in self._report_steps and (last or of_search(lease.trial_id))

    def _save(self, lease: Lease) -> None:
        path = self._checkpoint(lease.trial_id)
        self._study.save(lane(lease), lease.settings, path, lease.told)

    def _deliver(self, lease: Lease, step: int, row: dict[str, Any]) -> None:
        """Put a report where its client waits for it. Curves are means since the last report."""
        curves, lease.curves = lease.curves, []
        lease.wanted = False
        lease.row = {
            "trial_id": lease.trial_id,
            "step": step,
            "seconds": lease.seconds,
            "metrics": {},
            "curves": means(curves),
            "done": "failed" in row or step >= self._settings.training.max_steps,
            **row,
        }

    def _finals(self, trials: Sequence[str]) -> dict[str, Any]:
        from empathy.finals import examine

        saved = {trial: self._checkpoint(trial) for trial in trials}
        return examine(self._study, saved, list(filter(of_search, trials)), self._tell)

    def _export(self, trial_id: str, folder: Path) -> None:
        self._study.export(self._checkpoint(trial_id), folder)

    def _checkpoint(self, trial_id: str) -> Path:
        return self._out / "trials" / trial_id / "lane.safetensors"


def lane(lease: Lease) -> int:
    """The lane of a seated lease."""
    assert lease.lane is not None
    return lease.lane
