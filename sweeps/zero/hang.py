"""Names the worker of a ZeRO trial that neither trains nor dies, and ends it.

The others wait for it in a collective. That has a time-out of its own, which knows no names, and
under NCCL ends the process that waits and not the one that hangs: so this one comes before it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayActorError

from sweeps.zero.exchange import Wait, Worker

ANSWER = 30.0  # seconds in which a worker that lives says so
MARGIN = 120.0  # seconds by which the time-outs of Ray Train and torch come later than this one


def this_worker(rank: int) -> Worker:
    """The process that asks, which is an actor."""
    actor: Any = ray.get_runtime_context().current_actor
    return Worker(rank, actor, f"process {os.getpid()} on {ray.util.get_node_ip_address()}")


class Hangs:
    """Ends workers that hang: Ray Train sees that they died, and puts others in their place."""

    def __init__(self, silence: float) -> None:
        """`silence` is in seconds without a finished step."""
        self._silence = silence
        self.number = 0
        self.untold: list[str] = []
        """A sentence for each hang of which nobody has heard yet."""

    def ended(self, exchange: Any) -> bool:
        """Whether workers of this `Exchange` hung: by now they are killed.

        Those that do not answer; where all answer it is not known who hangs, and all of them go.
        """
        wait: Wait | None = ray.get(exchange.wait.remote())
        if wait is None or wait.seconds < self._silence:
            return False
        ray.get(exchange.forget.remote())
        silent = _silent(wait.workers)
        if silent is None:
            return False
        for worker in silent or wait.workers:
            ray.kill(worker.actor)
        self.number += 1
        self.untold.append(_sentence(wait, silent))
        return True


def _silent(workers: Sequence[Worker]) -> list[Worker] | None:
    """The workers that do not answer; None where one is dead, as Ray Train will see by itself."""
    asked = {worker.actor.__ray_ready__.remote(): worker for worker in workers}
    answered, unanswered = ray.wait(list(asked), num_returns=len(asked), timeout=ANSWER)
    silent = [asked[each] for each in unanswered]
    for each in answered:
        try:
            ray.get(each)
        except ActorUnavailableError:  # a process that stands still takes no new connection
            silent.append(asked[each])
        except RayActorError:
            return None
    return sorted(silent, key=lambda worker: worker.rank)


def _sentence(wait: Wait, silent: Sequence[Worker]) -> str:
    lasts = f"no step ended in {wait.seconds:.0f} s after step {wait.step}"
    named = [f"worker {worker.rank} ({worker.where})" for worker in silent]
    if not named:
        return f"{lasts} (resources.silence_minutes), though all {len(wait.workers)} workers answer"
    verb = "does" if len(named) == 1 else "do"
    return f"{lasts} (resources.silence_minutes): {' and '.join(named)} {verb} not answer"
