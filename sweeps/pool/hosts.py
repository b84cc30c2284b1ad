"""A pool of lane hosts on Ray, one per GPU, called as if it were one host that stood here."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import ray
from ray.exceptions import RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from empathy.cache import cache_folder
from empathy.errors import SweepStoppedError, UserError
from empathy.privacy import close, holds_private, keep_to_owner
from sweeps.pool.desk import SILENCE, Desk, NoHostError
from sweeps.pool.host import LaneHost
from sweeps.pool.leases import HungError
from sweeps.pool.place import Place, Reporting, somewhere
from sweeps.pool.trial import LaneTrial
from sweeps.record.changes import other_facts

CALLS = 256  # at once: every client has one that waits
LAST_WORDS = 1.0  # seconds for answers on their way, before a drained host's process ends
FAREWELL = 60.0  # seconds that hosts have to checkpoint their lanes when the sweep is stopped
FINALS = "finals"  # they take a seat like a trial
CLIENT = {"CPU": 0.01}  # a client only waits


class Clients(NamedTuple):
    """The Tune trials of a pool of hosts."""

    kind: type[LaneTrial]
    needs: Mapping[str, float]
    """What Ray reserves for a client."""
    at_once: int
    given: Mapping[str, Any] = {}
    """What each of them is given beside the desk."""


class HostProcess(LaneHost):
    """A LaneHost in a process of its own, which SIGTERM drains before it ends.

    A machine that is preempted, or shut down, sends that signal.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        report_steps: Sequence[int],
        out: str,
        silence: float = SILENCE,
    ) -> None:
        """As `LaneHost`; a step or an evaluation may last `silence` seconds."""
        self._silence = silence
        # torch reads both when it is imported, in `_prepare`.
        os.environ["OMP_NUM_THREADS"] = str(os.cpu_count() or 1)  # Ray has given it one
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # spinning threads starve Ray's own processes
        if holds_private(settings.get("data", {})):  # on a machine whose driver is another
            close(cache_folder())
            keep_to_owner()
        super().__init__(settings, report_steps, out)
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=self._go).start())

    def occupancy(self) -> dict[str, Any]:
        """See `LaneHost.occupancy`; and where that was."""
        return {**super().occupancy(), "node": ray.util.get_node_ip_address()}

    def draining(self, timeout: float) -> bool:
        """See `LaneHost.draining`. Raises `HungError` where a round lasts too long."""
        with self._changed:
            since = self._occupancy.under_way
        if since is not None and (lasts := time.monotonic() - since) > self._silence:
            raise HungError(
                f"a step or an evaluation has lasted {lasts:.0f} s (resources.silence_minutes)"
            )
        return super().draining(timeout)

    def node(self) -> str:
        """Ray's id of the node where this process runs."""
        found: str = ray.get_runtime_context().get_node_id()
        return found

    def _go(self) -> None:
        """Drain, and end the process; one that still prepares its study has nothing to save."""
        try:
            if self.prepared(0) is not None:
                self.drain()
                time.sleep(LAST_WORDS)
        finally:
            os._exit(128 + signal.SIGTERM)


class Hosts:
    """The pool. `desk` is what clients are given."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        steps: Sequence[int],
        out: str,
        device: str,
        *,
        hosts: int = 1,
        kind: type[HostProcess] = HostProcess,
        silence: float = SILENCE,
        **desk: Any,
    ) -> None:
        """`hosts` of a `kind`, as far as the cluster has room for them now or later. One that gives
        no sign of life for `silence` seconds is replaced."""
        self.number = hosts
        gpus = 1 if device == "cuda" else 0

        def start() -> Any:
            actor: Any = ray.remote(kind).options(
                num_cpus=0.5, num_gpus=gpus, max_concurrency=CALLS, scheduling_strategy="SPREAD"
            )
            return actor.remote(settings, list(steps), out, silence=silence)

        here = ray.get_runtime_context().get_node_id()
        actor: Any = ray.remote(Desk).options(
            num_cpus=0,
            max_concurrency=CALLS * (hosts + 1),
            scheduling_strategy=NodeAffinitySchedulingStrategy(here, soft=False),
        )
        self.desk: Any = actor.remote(
            start, other_facts, at_once(settings["lanes"]), silence=silence, **desk
        )
        self._places: dict[str, Reporting] = {}
        ray.get(self.desk.open.remote(hosts))

    def clients(self, lanes: int) -> Clients:
        """The Tune trials that train at these hosts, `lanes` of them at each."""
        return Clients(LaneTrial, CLIENT, self.number * at_once(lanes))

    def prepared(self, timeout: float) -> dict[str, Any] | None:
        """See `LaneHost.prepared`: of the first host that is ready."""
        found: dict[str, Any] | None = _told(lambda: ray.get(self.desk.prepared.remote(timeout)))
        return found

    def stages(self, start: int) -> list[tuple[str, int, int | None]]:
        """See `LaneHost.stages`: of the first host."""
        call = self.desk.stages.remote
        found: list[tuple[str, int, int | None]] = _told(lambda: ray.get(call(start)))
        return found

    def join(
        self, trial_id: str, settings: Mapping[str, Any], resume: bool = False, heard: int = 0
    ) -> str:
        """See `LaneHost.join`: at some host, or one after the other."""
        self._places[trial_id] = self._place(trial_id, settings, resume, heard)
        return trial_id

    def _place(
        self, trial_id: str, settings: Mapping[str, Any], resume: bool, heard: int
    ) -> Reporting:
        return Place(self.desk, trial_id, settings, resume=resume, heard=heard)

    def report(self, token: str) -> dict[str, Any]:
        """See `LaneHost.report`."""
        try:
            return self._places[token].report()
        except NoHostError as error:
            raise no_host(error) from error
        except ray.exceptions.RayTaskError as error:
            check_stopped(error)
            raise

    def drain(self) -> None:
        """See `LaneHost.drain`: all that train; a step of theirs is waited for. No host follows."""
        ray.get(self.desk.end.remote())
        actors = ray.get(self.desk.ready.remote())
        ray.wait(
            [each.drain.remote() for each in actors], num_returns=len(actors), timeout=FAREWELL
        )

    def leave(self, token: str) -> None:
        """See `LaneHost.leave`."""
        self._places.pop(token).leave()

    def release(self, trial_id: str) -> None:
        """End whatever a finished or dead trial may still hold; returns at once."""
        self.desk.release.remote(trial_id)

    def occupancy(self) -> dict[str, Any]:
        """Of each host: see `LaneHost.occupancy`. Raises RuntimeError once Ray was left."""
        if not ray.is_initialized():  # Ray itself would start another cluster to answer
            raise RuntimeError("the pool of hosts is closed")
        found: dict[str, Any] = _told(lambda: ray.get(self.desk.occupancy.remote()))
        return found

    def finals(self, trials: Sequence[str]) -> dict[str, Any]:
        """See `LaneHost.finals`: at one host."""
        found: dict[str, Any] = self._at_one(lambda host: host.finals.remote(list(trials)))
        return found

    def export(self, trial_id: str, folder: str) -> None:
        """See `LaneHost.export`: by one host."""
        self._at_one(lambda host: host.export.remote(trial_id, folder))

    def close(self) -> None:
        """Stop the hosts, which are the desk's, and leave Ray."""
        ray.kill(self.desk)
        ray.shutdown()

    def _at_one(self, call: Callable[[Any], Any]) -> Any:
        """Have any host do something; another if that one is lost."""
        return _told(lambda: somewhere(self.desk, FINALS, call))


def at_once(lanes: int) -> int:
    """Trials that a host may have at a time: a queue of a quarter as many as train, one at least.

    A client's process takes a second to start, so it starts before a lane falls free. A longer
    queue would only be suggested with less known.
    """
    return lanes + max(1, lanes // 4)


def how_many(wanted: int | Literal["auto"], device: str, trials: int) -> int:
    """Hosts to ask for, no more than there are trials.

    auto is one per GPU that the cluster has now, or per node with a CPU for Ray if trials train on
    CPUs; one at least, which an autoscaler may bring.
    """
    if wanted != "auto":
        return min(wanted, trials)
    resource = "GPU" if device == "cuda" else "CPU"
    found = [node["Resources"].get(resource, 0) for node in ray.nodes() if node["Alive"]]
    there = sum(found) if device == "cuda" else sum(amount > 0 for amount in found)
    return min(max(1, int(there)), trials)


def _told(call: Callable[[], Any]) -> Any:
    """A call's result; what a user can mend comes back as the error it was."""
    try:
        return call()
    except NoHostError as error:
        raise no_host(error) from error
    except RayTaskError as error:
        check_stopped(error)
        if isinstance(error.cause, UserError):
            raise UserError(str(error.cause)) from error
        raise


def check_stopped(error: ray.exceptions.RayTaskError) -> None:
    """Raises what of an error in another process is no fault of who called there."""
    if isinstance(error.cause, NoHostError):
        raise no_host(error.cause) from error
    if isinstance(error.cause, SweepStoppedError):
        raise SweepStoppedError(str(error.cause)) from error


def no_host(error: NoHostError) -> SweepStoppedError:
    """What a user is told where there is nobody to train on."""
    return SweepStoppedError(f"{error}; go on with --resume")
