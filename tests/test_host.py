"""LaneHost on a study without a model: who steps when, who waits, and what an error does."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fake_study import BREAKS, DIVERGES, MEMORY, FakeStudy, engine, join, stand_in, to_the_end

from empathy.errors import UserError
from empathy.settings import StudySettings, TrainingSettings
from sweeps.pool import host as hosts
from sweeps.pool.host import LaneHost
from sweeps.pool.leases import DrainingError, StaleLeaseError

STEPS = (2, 4, 6)
Start = Callable[..., LaneHost]
pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts hosts of some lanes, and closes them."""
    monkeypatch.setattr(hosts, "GRACE", 0.02)
    started: list[LaneHost] = []

    def begin(
        lanes: int = 2, study: type[Any] = FakeStudy, steps: tuple[int, ...] = STEPS
    ) -> LaneHost:
        monkeypatch.setitem(sys.modules, "empathy.study", stand_in(study))
        settings = StudySettings(
            family="tiny", lanes=lanes, training=TrainingSettings(max_steps=steps[-1])
        )
        host = LaneHost(settings.model_dump(mode="json"), steps, str(tmp_path))
        started.append(host)
        assert study is not FakeStudy or host.prepared(5) is not None
        return host

    yield begin
    for host in started:
        host.close()


def test_prepared_gives_facts_baselines_and_the_news(start: Start) -> None:
    host = start()
    ready = host.prepared(0)
    assert ready is not None
    assert ready["facts"] == {"weights": {"name": "none"}}
    assert ready["baselines"]["sft"]["validation"]["metrics"]["empathy"]["n"] == 1
    assert host.stages(0) == [("pretending", 1, 2)]
    assert host.stages(1) == []


@pytest.mark.parametrize("error", [UserError("no such corpus"), TimeoutError("the hub is slow")])
def test_an_error_in_the_preparation_is_told(start: Start, error: Exception) -> None:
    class Broken:
        def __init__(self, *_: object) -> None:
            raise error

    host = start(study=Broken)
    with pytest.raises(type(error), match=str(error)):
        host.prepared(5)
    token = join(host, "t000")
    with pytest.raises(RuntimeError, match="the lane host has stopped"):
        host.report(token)
    with pytest.raises(RuntimeError, match="the lane host has stopped"):
        host.finals(["t000"])


def test_prepared_is_none_until_it_is_ready(start: Start) -> None:
    ready = threading.Event()

    class Slow(FakeStudy):
        def __init__(self, *given: Any) -> None:
            ready.wait(5)
            super().__init__(*given)

    host = start(study=Slow)
    assert host.prepared(0.01) is None
    ready.set()
    assert host.prepared(5) is not None


def test_a_lane_steps_only_while_its_client_waits_and_to_the_report_asked_for(start: Start) -> None:
    host = start()
    token = join(host, "t000", learning_rate=2e-4)
    time.sleep(0.1)
    assert engine(host).taken == []
    first = host.report(token)
    time.sleep(0.1)
    assert engine(host).taken == [[0], [0]]
    assert (first["trial_id"], first["step"], first["done"]) == ("t000", 2, False)
    assert first["curves"]["loss"] == pytest.approx((1 / 1 + 1 / 2) / 2)
    assert first["metrics"]["empathy"]["value"] == pytest.approx(3.02)
    second = host.report(token)
    assert (second["step"], len(engine(host).taken)) == (4, 4)
    assert second["curves"]["loss"] == pytest.approx((1 / 3 + 1 / 4) / 2)
    assert second["seconds"] >= first["seconds"] > 0
    assert host.report(token)["done"] is True


def test_lanes_that_reported_together_step_together(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "GRACE", 1.0)
    host = start()
    tokens = [join(host, "t000"), join(host, "t001")]
    with ThreadPoolExecutor(2) as pool:
        for _ in STEPS:
            rows = list(pool.map(host.report, tokens))
            assert rows[0]["step"] == rows[1]["step"]
    assert engine(host).taken[-4:] == [[0, 1]] * 4  # up to its first report each may step alone


def test_a_lane_that_starts_late_catches_up_and_they_report_together(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[set[str]] = []

    class Paced(FakeStudy):
        STEP_SECONDS = 0.02

        def evaluate(self, policies: Any, split: str) -> Any:
            measured.append(set(policies))
            return super().evaluate(policies, split)

    monkeypatch.setattr(hosts, "GRACE", 1.0)
    host = start(study=Paced, steps=(50, 60))
    assert host.prepared(5) is not None
    first, late = join(host, "t000"), None
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(host.report, first)
        while len(engine(host).taken) < 3:
            time.sleep(0.005)
        late = join(host, "t001")
        two = pool.submit(host.report, late)
        assert one.result(20)["step"] == two.result(20)["step"] == 50
        for row in pool.map(host.report, [first, late]):
            assert row["step"] == 60
    alone = [lanes for lanes in engine(host).taken if lanes != [0, 1]]
    behind = alone.count([1])
    assert alone == [[0]] * behind + [[1]] * behind
    assert behind >= 3
    assert measured == [{"t000", "t001"}] * 2


def test_a_diverged_lane_is_not_waited_for(start: Start) -> None:
    host = start()
    bad = join(host, "t000", seed=DIVERGES)
    assert "failed" in host.report(bad)
    assert to_the_end(host, "t001") == list(STEPS)


def test_the_host_tells_how_busy_its_device_was(start: Start) -> None:
    host = start(lanes=1)
    assert host.occupancy()["busy_share"] is None
    for name in ("t000", "t001", "t002"):
        to_the_end(host, name)
    host._do(lambda: None)
    found = host.occupancy()
    assert found["lane_changes"] == 2
    assert 0 < found["busy_seconds"] <= found["training_seconds"]


def test_more_trials_than_lanes_queue_and_all_end(start: Start) -> None:
    host = start(lanes=3)
    names = [f"t{number:03d}" for number in range(12)]
    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(lambda name: to_the_end(host, name), names)) == [list(STEPS)] * 12
    host._do(lambda: None)  # a turn of the working thread, which frees lanes
    assert engine(host).free == [0, 1, 2]


def test_release_ends_the_lease_and_frees_the_lane_for_who_waits(start: Start) -> None:
    host = start(lanes=1)
    dead, waits = join(host, "t000"), join(host, "t001")
    host.report(dead)
    with ThreadPoolExecutor(1) as pool:
        row = pool.submit(host.report, waits)
        time.sleep(0.1)
        assert not row.done()
        host.release("t000")
        assert row.result(5)["trial_id"] == "t001"
    with pytest.raises(StaleLeaseError):
        host.report(dead)


def test_a_new_lease_of_a_trial_supersedes_the_old_whose_goodbye_comes_late(start: Start) -> None:
    host = start(lanes=1)
    old = join(host, "t000")
    host.report(old)
    new = join(host, "t000")
    assert host.report(new)["step"] == 2
    host.leave(old)
    assert host.report(new)["step"] == 4
    with pytest.raises(StaleLeaseError):
        host.report(old)


def test_a_client_that_waits_learns_that_its_lease_is_over(start: Start) -> None:
    host = start(lanes=1)
    join(host, "t000")
    waits = join(host, "t001")
    with ThreadPoolExecutor(1) as pool:
        row = pool.submit(host.report, waits)
        time.sleep(0.05)
        host.release("t001")
        with pytest.raises(StaleLeaseError):
            row.result(5)


def test_a_lane_that_is_not_finite_fails_alone(start: Start) -> None:
    host = start()
    bad, good = join(host, "t000", seed=DIVERGES), join(host, "t001")
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(host.report, (bad, good))
    assert (first["failed"], first["done"]) == ("not finite after step 0", True)
    assert first["metrics"] == {}
    assert (second["step"], "failed" in second) == (2, False)


def test_a_trial_that_no_step_gets_through_ends_alone_and_its_neighbours_go_on(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "GRACE", 1.0)
    host = start(lanes=3)
    tokens = [join(host, "t000"), join(host, "t001", seed=BREAKS), join(host, "t002")]
    with ThreadPoolExecutor(3) as pool:
        rows = [pool.submit(host.report, token) for token in tokens]
        with pytest.raises(RuntimeError, match=MEMORY):
            rows[1].result(5)
        assert [rows[0].result(5)["step"], rows[2].result(5)["step"]] == [2, 2]
        again = [pool.submit(host.report, tokens[0]), pool.submit(host.report, tokens[2])]
        assert [row.result(5)["step"] for row in again] == [4, 4]
    assert to_the_end(host, "t003") == list(STEPS)


def test_a_checkpoint_that_cannot_be_read_fails_its_trial_alone(
    start: Start, tmp_path: Path
) -> None:
    host = start()
    torn = tmp_path / "trials" / "t000" / "lane.safetensors"
    torn.parent.mkdir(parents=True)
    torn.write_text("{")
    token = join(host, "t000", resume=True)
    with pytest.raises(ValueError, match="Expecting"):
        host.report(token)
    assert to_the_end(host, "t001") == list(STEPS)


def test_a_resumed_trial_repeats_its_checkpoint_s_report_and_goes_on(start: Start) -> None:
    host = start()
    died = join(host, "t000")
    heard = [host.report(died), host.report(died)][-1]
    token = join(host, "t000", resume=True)
    again = host.report(token)
    assert (again["step"], again["metrics"]) == (4, heard["metrics"])
    assert again["curves"] == heard["curves"] != {}
    assert again["seconds"] == pytest.approx(heard["seconds"])  # what it had cost before
    last = host.report(token)
    assert (last["step"], last["done"]) == (6, True)
    assert len(engine(host).taken) == 6


def test_a_trial_whose_last_report_was_never_heard_ends_when_resumed(start: Start) -> None:
    host = start()
    to_the_end(host, "t000")
    row = host.report(join(host, "t000", resume=True))
    assert (row["step"], row["done"]) == (STEPS[-1], True)
    assert len(engine(host).taken) == STEPS[-1]


def test_without_resume_or_without_checkpoint_a_trial_starts_anew(start: Start) -> None:
    host = start()
    host.report(join(host, "t000"))
    host.report(join(host, "t000"))
    host.report(join(host, "t001", resume=True))
    joined: Any = host._study
    assert [saved for _, saved in joined.joined] == [None] * 3


@pytest.mark.timeout(120)  # it imports all that examines, which a busy machine is slow at
def test_finals_take_turns_when_there_are_more_finalists_than_lanes(
    start: Start, tmp_path: Path
) -> None:
    host = start()
    names = [f"t{number:03d}" for number in range(5)]
    for name in names:
        to_the_end(host, name)
    join(host, "t999")  # a client that never said goodbye
    found = host.finals(names)
    study: Any = host._study
    assert study.finals_at_once == [names[:2], names[2:4], names[4:]]
    assert list(found["evaluations"]) == names
    assert found["evaluations"]["t003"]["split"] == "test"
    replies = {"base": "well", **{name: f"says {name}" for name in names}}
    assert found["samples"] == [{"prompt": "I lie awake.", "replies": replies}]
    assert engine(host).occupied == {}
    assert host.finals([])["evaluations"] == {}
    host.export("t003", str(tmp_path / "winner"))
    assert '"step": 6' in (tmp_path / "winner" / "adapter").read_text()


def test_an_error_in_the_finals_is_told(start: Start) -> None:
    with pytest.raises(FileNotFoundError):
        start().finals(["t404"])


def test_a_finalist_s_fresh_seed_is_measured_at_its_end_alone(start: Start) -> None:
    host = start()
    token = join(host, "t000-s1")
    row = host.report(token)
    assert (row["step"], row["done"]) == (STEPS[-1], True)
    study: Any = host._study
    assert len(study.saved) == len(STEPS)  # it can go on from any of them


class Paced(FakeStudy):
    STEP_SECONDS = 0.05


def drained_between_reports(start: Start, steps: tuple[int, ...]) -> int:
    """A trial's host is drained after a step that is no report; returns the checkpoint's step."""
    host = start(study=Paced, steps=steps)
    assert host.prepared(5) is not None
    token = join(host, "t000")
    with ThreadPoolExecutor(1) as pool:
        assert host.report(token)["step"] == steps[0]
        row = pool.submit(host.report, token)
        while len(engine(host).taken) < steps[0] + 2:
            time.sleep(0.005)
        assert not host.draining(0)
        host.drain()
        with pytest.raises(DrainingError):
            row.result(5)
    assert host.draining(0)
    with pytest.raises(DrainingError, match="no trials any more"):
        join(host, "t001")
    taken = len(engine(host).taken)
    time.sleep(0.1)
    assert len(engine(host).taken) == taken
    assert engine(host).free == [0, 1]
    return taken


def test_a_drained_trial_goes_on_at_that_very_step_and_reports_as_if_nothing_were(
    start: Start,
) -> None:
    steps = (4, 12, 14)
    left = drained_between_reports(start, steps)
    assert 6 <= left < 12
    other = start(steps=steps)
    token = join(other, "t000", resume=True, heard=4)
    row = other.report(token)
    assert row["step"] == 12
    assert len(engine(other).taken) == 12 - left
    assert row["curves"]["loss"] == pytest.approx(sum(1 / n for n in range(5, 13)) / 8)
    assert other.report(token)["curves"]["loss"] == pytest.approx((1 / 13 + 1 / 14) / 2)


def test_what_was_heard_of_a_checkpoint_is_not_measured_again(start: Start) -> None:
    host = start()
    died = join(host, "t000")
    assert [host.report(died)["step"], host.report(died)["step"]] == [2, 4]
    token = join(host, "t000", resume=True, heard=4)
    row = host.report(token)
    assert (row["step"], row["done"], len(engine(host).taken)) == (6, True, 6)
    assert row["curves"]["loss"] == pytest.approx((1 / 5 + 1 / 6) / 2)


def test_a_checkpoint_that_another_host_wrote_out_of_sight_is_missed(start: Start) -> None:
    host = start()
    died = join(host, "t000")
    host.report(died)
    with pytest.raises(UserError, match=r"t000 has reported step 4, .* is at step 2: --out must"):
        host.report(join(host, "t000", resume=True, heard=4))
    with pytest.raises(UserError, match=r"t001 has reported step 2, .* is not there: --out must"):
        host.report(join(host, "t001", resume=True, heard=2))
    assert to_the_end(host, "t002") == list(STEPS)
