"""A sweep on hosts that are not there: it ends as it should, and no lane lies idle for long.

python -m pytest tests/test_scale.py
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import cost
import pytest
import scale
import simulation
import virtual
from pace import H100, Pace, Work
from simulation import Simulated
from tune_clients import Clients

from empathy.errors import UserError
from sweeps.record.ledger import read_record
from sweeps.record.observers import of_search

HOSTS, LANES, TRIALS = 3, 4, 120
PLAIN = Pace("a device of the tests", {1: 10.0, 2: 10.0, 4: 20.0}, 10.0, 60.0)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Simulated]:
    """A sweep of ten times as many trials as there are lanes."""
    out = tmp_path_factory.mktemp("played") / "sweep"
    return out, simulation.simulate(simulation.sweep(TRIALS, HOSTS, LANES), out, HOSTS, H100)


def test_hours_pass_in_no_time_and_in_order() -> None:
    heard: list[tuple[float, str]] = []

    async def wait(seconds: float, word: str) -> None:
        await asyncio.sleep(seconds)
        heard.append((asyncio.get_running_loop().time(), word))

    async def main() -> None:
        await asyncio.gather(wait(7200.0, "late"), wait(3600.0, "early"))

    virtual.run(main())
    assert heard == [(3600.0, "early"), (7200.0, "late")]


def test_who_waits_for_nobody_is_told() -> None:
    with pytest.raises(RuntimeError, match="waits for somebody who waits"):
        virtual.run(asyncio.Event().wait())


def test_the_makespan_is_within_a_tenth_of_the_ideal(played: tuple[Path, Simulated]) -> None:
    _, found = played
    assert 1.0 <= found.makespan / found.ideal < 1.1


def test_who_watches_changes_nothing(played: tuple[Path, Simulated]) -> None:
    sweep = simulation.sweep(TRIALS, HOSTS, LANES)
    assert simulation.search_alone(sweep, HOSTS, H100) == (played[1].work, played[1].makespan)


def test_every_trial_ends_once_and_asha_stops_most(played: tuple[Path, Simulated]) -> None:
    out, found = played
    record = read_record(out)
    trials = [trial for trial in record.trials if of_search(trial.trial_id)]
    assert [trial.trial_id for trial in trials] == [f"t{number:03d}" for number in range(TRIALS)]
    assert {(trial.state, trial.step) for trial in trials} == {("completed", 150), ("stopped", 50)}
    assert found.stopped == sum(trial.state == "stopped" for trial in trials) > TRIALS / 3
    steps = sum(trial.step or 0 for trial in trials)
    # a report every 25 steps: 50 steps have two of them, 150 have six
    assert found.work == Work(TRIALS, steps, steps // 25)
    assert record.summary is not None
    assert record.summary["trials"] == TRIALS
    assert (out / "report.html").exists()


def test_hosts_share_the_work(played: tuple[Path, Simulated]) -> None:
    out, _ = played
    fared = json.loads((out / "manifest.json").read_text())["occupancy"]
    assert list(fared) == [f"host {number}" for number in range(HOSTS)]
    assert min(each["busy_share"] for each in fared.values()) > 0.9


def test_the_search_finds_better_than_it_begins_with(played: tuple[Path, Simulated]) -> None:
    record = read_record(played[0])
    scores = [t.metrics["empathy"].value for t in record.trials if of_search(t.trial_id)]
    assert sum(scores[-30:]) / 30 > sum(scores[:30]) / 30


def test_seconds_of_a_step_by_hand() -> None:
    # 3 pairs: one lane 3 / 10 s, two lanes 6 / 10 s, four lanes 12 / 20 s; three lie between
    assert [PLAIN.step(lanes, 3) for lanes in (1, 2, 3, 4)] == pytest.approx([0.3, 0.6, 0.6, 0.6])
    assert PLAIN.evaluation(4, 5) == 2.0
    with pytest.raises(UserError, match="measured with 1 to 4 lanes, not with 5"):
        PLAIN.step(5, 3)


def test_the_ideal_by_hand() -> None:
    # 80 steps by 4 lanes are 20 rounds of 0.6 s; 8 reports are 2 rounds of 2 s; by 2 hosts
    assert Work(4, 80, 8).ideal(PLAIN, 2, 4, 3, 5) == pytest.approx((20 * 0.6 + 2 * 2.0) / 2)


def test_a_cost_by_hand_and_no_money_without_a_price() -> None:
    search = cost.Search(Work(4, 80, 8), 20, 2, 3, 5, repeats=1)
    found = cost.cost(search, PLAIN, nodes=1, gpus_per_node=2, lanes=4)
    # 60 s to prepare, 8 s of work, and 20 * 0.6 + 2 * 2 = 16 s a trial: half for the ragged end,
    # one for the finalists
    assert found.hours == pytest.approx((60 + 8 + 8 + 16) / 3600)
    assert found.gpu_hours == pytest.approx(2 * found.hours)
    assert found.busy == pytest.approx(8 / 92)
    assert found.money is None
    priced = cost.cost(search, PLAIN, nodes=1, gpus_per_node=2, lanes=4, price_per_node_hour=36)
    assert priced.money == pytest.approx(0.92)


def test_the_arithmetic_foresees_the_simulation(played: tuple[Path, Simulated]) -> None:
    found = played[1]
    search = cost.Search(found.work, 150, 6, 8, 48, repeats=0)
    ready = H100._replace(prepare_seconds=0.0)
    foreseen = cost.cost(search, ready, nodes=1, gpus_per_node=HOSTS, lanes=LANES)
    assert 3600 * foreseen.hours == pytest.approx(found.makespan, rel=0.1)


def test_what_is_extrapolated_says_so() -> None:
    found = Clients(24, 480, 20.0, {"driver": 0.02, "clients": 0.01}, 130.0, 100.0, 300.0, 9.0)
    measured, *others = scale.clients_text(found, H100).splitlines()
    assert measured.startswith("measured: 24 clients, 480 results in 20.0 s, 24.0 a second")
    assert [line.partition(":")[0] for line in others] == ["measured"] * 2 + ["extrapolated"] * 3
    assert "hears 50 results a second at most" in others[2]
    assert "1280 clients take 125 GiB" in others[4]
