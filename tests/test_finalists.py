"""Who is judged on test prompts, and trainings with other seeds, on a study without a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fake_study import DIVERGES, FakeStudy, stand_in

from sweeps.pool.host import LaneHost
from sweeps.record.observers import Row, State, of_search
from sweeps.sweepfile import spec
from sweeps.verdict.finalists import Again, again, train_again

PARAMETERS = {"t001": {"beta": 0.2, "lora_rank": 8}, "t007": {"beta": 0.1, "lora_rank": 16}}


class Heard:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.started: dict[str, dict[str, Any]] = {}
        self.steps: dict[str, list[int]] = {}
        self.ended: dict[str, tuple[State, str | None]] = {}

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        self.started[trial_id] = dict(parameters)

    def trial_reported(self, row: Row) -> None:
        self.steps.setdefault(row["trial_id"], []).append(row["step"])

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        self.ended[trial_id] = (state, reason)


Start = Callable[[], LaneHost]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    import sys

    monkeypatch.setitem(sys.modules, "empathy.study", stand_in(FakeStudy))
    hosts: list[LaneHost] = []

    def begin() -> LaneHost:
        settings = {"family": "tiny", "lanes": 2, "training": {"max_steps": 6}}
        hosts.append(LaneHost(settings, [3, 6], str(tmp_path)))
        return hosts[-1]

    yield begin
    for host in hosts:
        host.close()


def test_every_finalist_has_each_seed_but_its_own() -> None:
    sweep = spec.load("demo", ["finalists={top: 2, seeds: 3}", "training.seed=5"])
    found = again(sweep, ["t007", "t001"], PARAMETERS)
    assert found == [
        Again("t007-s1", "t007", {"beta": 0.1, "lora_rank": 16, "seed": 1005}),
        Again("t007-s2", "t007", {"beta": 0.1, "lora_rank": 16, "seed": 2005}),
        Again("t001-s1", "t001", {"beta": 0.2, "lora_rank": 8, "seed": 1005}),
        Again("t001-s2", "t001", {"beta": 0.2, "lora_rank": 8, "seed": 2005}),
    ]
    assert again(spec.load("demo", ["finalists.seeds=1"]), ["t007"], PARAMETERS) == []


def test_a_seed_that_was_searched_is_moved_beyond_the_search() -> None:
    sweep = spec.load("demo", ["finalists.seeds=2", "parameters.seed={values: [1, 2, 3]}"])
    (found,) = again(sweep, ["t001"], {"t001": {"beta": 0.2, "seed": 3}})
    assert found.parameters == {"beta": 0.2, "seed": 1003}


def test_names_tell_who_was_proposed_by_the_search() -> None:
    assert of_search("t012")
    assert not any(map(of_search, ("base", "sft", "t012-s1")))


def test_they_train_to_the_end_and_one_that_fails_fails_alone(start: Start) -> None:
    sweep = spec.load("demo", ["training.max_steps=6", "early_terminate=null"])
    host, heard = start(), Heard()
    trials = [
        Again("t001-s1", "t001", {"beta": 0.2, "seed": 1000}),
        Again("t001-s2", "t001", {"beta": 0.2, "seed": DIVERGES}),
        Again("t007-s1", "t007", {"beta": 0.1, "seed": 1000}),
    ]
    train_again(sweep, trials, host, heard, lanes=2)  # type: ignore[arg-type]  # asked for no more
    assert heard.started["t007-s1"] == {"beta": 0.1, "seed": 1000}
    assert (heard.steps["t001-s1"], heard.steps["t007-s1"]) == ([6], [6])
    assert heard.ended["t001-s1"] == heard.ended["t007-s1"] == ("completed", None)
    assert heard.ended["t001-s2"] == ("failed", "not finite after step 0")
    study: Any = host._study
    assert sorted(settings.beta for settings, _ in study.joined) == [0.1, 0.2, 0.2]
    assert study.engine.occupied == {}  # every lane was given back


def test_an_error_of_the_host_is_told_as_the_trials_failure() -> None:
    class Broken:
        def join(self, trial_id: str, settings: Mapping[str, Any], resume: bool) -> str:
            raise RuntimeError("out of memory")

    sweep, heard = spec.load("demo"), Heard()
    trial = Again("t001-s1", "t001", {"beta": 0.2, "seed": 1000})
    train_again(sweep, [trial], Broken(), heard, lanes=1)  # type: ignore[arg-type]  # asked no more
    assert heard.ended == {"t001-s1": ("failed", "out of memory")}
