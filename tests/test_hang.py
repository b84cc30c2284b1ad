"""Who hangs among the workers of a ZeRO trial, and what becomes of them: without Ray.

python -m pytest tests/test_hang.py
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal

import pytest
from ray.exceptions import ActorUnavailableError, RayActorError

from sweeps.zero import hang
from sweeps.zero.exchange import Wait, Worker
from sweeps.zero.hang import Hangs

pytestmark = pytest.mark.timeout(20)
SILENCE = 60.0
Being = Literal["answers", "silent", "unreachable", "dead"]


class Stage:
    """Workers that answer or do not, what the exchange says of them, and who was killed."""

    def __init__(self, seconds: float, beings: list[Being]) -> None:
        self.beings = beings
        self.killed: list[int] = []
        workers = tuple(
            Worker(rank, actor(rank), f"process {70 + rank} on 10.0.0.{rank}")
            for rank in reversed(range(len(beings)))
        )
        self.told: Wait | None = Wait(seconds, 3, workers)
        self.wait, self.forget = called(lambda: self.told), called(self._forget)

    def _forget(self) -> None:
        self.told = None

    # -- Ray, of which a reference to an answer is the rank of who gives it --

    def ray_get(self, it: Any) -> Any:
        if isinstance(it, int) and self.beings[it] == "dead":
            raise RayActorError
        if isinstance(it, int) and self.beings[it] == "unreachable":
            raise ActorUnavailableError("no connection", None)
        return it

    def ray_wait(self, asked: list[int], **_: Any) -> tuple[list[int], list[int]]:
        silent = [rank for rank in asked if self.beings[rank] == "silent"]
        return [rank for rank in asked if rank not in silent], silent


def called(function: Any) -> Any:
    return SimpleNamespace(remote=function)


def actor(rank: int) -> Any:
    return SimpleNamespace(__ray_ready__=called(lambda: rank), rank=rank)


def ended(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Hangs:
    """Their hangs, after one look."""
    ray = SimpleNamespace(
        get=stage.ray_get,
        wait=stage.ray_wait,
        kill=lambda handle: stage.killed.append(handle.rank),
    )
    monkeypatch.setattr(hang, "ray", ray)
    hangs = Hangs(SILENCE)
    assert hangs.ended(stage) == bool(hangs.number)
    assert not hangs.ended(stage)  # nobody is ended twice
    return hangs


def test_who_does_not_answer_is_named_and_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(61.4, ["answers", "silent", "answers"])
    hangs = ended(stage, monkeypatch)
    assert stage.killed == [1]
    assert hangs.untold == [
        "no step ended in 61 s after step 3 (resources.silence_minutes): worker 1 (process 71 on "
        "10.0.0.1) does not answer"
    ]


def test_several_are_named_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(61.4, ["unreachable", "answers", "silent"])
    (told,) = ended(stage, monkeypatch).untold
    assert told.endswith(
        "worker 0 (process 70 on 10.0.0.0) and worker 2 (process 72 on 10.0.0.2) do not answer"
    )
    assert sorted(stage.killed) == [0, 2]


def test_where_all_answer_nobody_is_named_and_all_go(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(61.4, ["answers", "answers"])
    (told,) = ended(stage, monkeypatch).untold
    assert told.endswith("(resources.silence_minutes), though all 2 workers answer")
    assert sorted(stage.killed) == [0, 1]


@pytest.mark.parametrize(
    ("seconds", "beings"), [(59.0, ["silent", "answers"]), (61.0, ["dead", "silent"])]
)
def test_whoever_has_time_left_and_whoever_waits_for_a_lost_one_stays(
    seconds: float, beings: list[Being], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(seconds, beings)
    hangs = ended(stage, monkeypatch)
    assert (hangs.number, hangs.untold, stage.killed) == (0, [], [])


def test_before_workers_have_come_nobody_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(61.0, ["silent"])
    stage.told = None
    assert ended(stage, monkeypatch).number == 0
