"""The benchmark counts right and still runs, against TRL too; how fast is no test's business.

.venv/bin/python -m pytest tests/test_benchmarks.py
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bench
import by_lanes
import by_trl
import generation_race
import lengths
import pytest
import start_up
import step_race
import tables
import torch
import turns
from contenders import PRECOMPUTED, Contender, Job, Run, TrlForm, lanes, processes
from tuned import Searched

from empathy.lanes.rows import Example

RUN = Run(2.0, 3.0, 1.0, 100.0, 10, "cpu", "float32", 1, "random weights")


def test_processes_at_the_same_time_add_up() -> None:
    both = turns.joined([RUN, RUN._replace(pairs_per_second=1.0, warm_seconds=5.0)])
    assert (both.pairs_per_second, both.peak_bytes, both.warm_seconds) == (3.0, 20, 5.0)
    assert turns.joined([RUN, RUN._replace(peak_bytes=None)]).peak_bytes is None


def plan(**changes: Any) -> step_race.Plan:
    return step_race.Plan("tiny", 1, 2, 2, (1, 4), (2,), "cpu")._replace(**changes)


def test_every_comparison_is_under_a_key_of_its_own() -> None:
    def runs(*speeds: float) -> list[Run]:
        return [RUN._replace(pairs_per_second=speed) for speed in speeds]

    raced = {
        "1 lane": runs(8, 4),
        "4 lanes": runs(16, 8),
        "TRL, defaults": runs(2, 1),
        "TRL, precomputed reference": runs(4, 2),
        "TRL, fastest found": runs(2, 4),
        "TRL, 2 processes": runs(8, 1),
    }
    found = step_race.ratios(plan(), raced)
    assert found["ratio_vs_trl_defaults"] == {
        "ratio": 8.0, "lowest": 8.0, "highest": 8.0, "lanes": 4,
    }  # fmt: skip
    assert found["ratio_vs_trl_defaults_by_1_lanes"]["ratio"] == 4.0
    # The fastest process of each round: 4 and 4; the best of one and two of them: 8 and 2.
    assert (found["ratio_vs_trl_fastest"]["lowest"], found["ratio_vs_trl_fastest"]["highest"]) == (
        2.0,
        4.0,
    )
    assert found["ratio_vs_trl_best_of_processes_by_4_lanes"] == {
        "ratio": 3.0, "lowest": 2.0, "highest": 4.0,
    }  # fmt: skip
    assert len(found) == 4 * 3


def test_a_contender_that_fails_has_no_ratio_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def together(contender: Contender, *_: Any) -> Run:
        if contender.processes > 1:
            raise turns.FailedError("out of memory")
        return RUN

    monkeypatch.setattr(step_race, "together", together)
    racing = [lanes(1), processes(2)]
    outcome = step_race.rounds(plan(), racing, [], [], lambda told: None)
    assert outcome.failed == {"TRL, 2 processes": "out of memory"}
    assert set(outcome.runs) == {"1 lane"}
    assert step_race.ratios(plan(lanes=(1,)), outcome.runs) == {}


def test_the_fastest_form_is_the_one_that_ran_fastest() -> None:
    eager = TrlForm(precompute=True, attention="eager")
    assert step_race.fastest({PRECOMPUTED: 1.0, eager: 2.0}) is eager
    with pytest.raises(turns.FailedError, match="in no form"):
        step_race.fastest({})


def test_waits_and_idle_lanes_of_a_search_by_hand() -> None:
    run = Searched(
        10.0, 1.0, 8, 4,
        suggested={"a": 0.0, "b": 0.5, "c": 3.0, "d": 4.5},
        reported={"a": 2.0, "b": 2.5, "c": 3.5, "d": 5.25},
        ended={"a": 3.0, "b": 4.0, "c": 8.0, "d": 9.0},
    )  # fmt: skip
    assert start_up.waited(run) == [2.0, 2.0, 0.5, 0.75]
    # Two lanes: c takes a's, 0.5 s after its end; d takes b's, 1.25 s after.
    assert start_up.idle(run, lanes=2) == [0.5, 1.25]


def test_trl_trains_exactly_the_tokens_of_the_pairs() -> None:
    data = lengths.pairs(2, 50_000)  # ids whose spelling contains other ids' spelling
    rows = by_trl.rows(data)
    assert tuple(rows[1]["prompt_ids"]) == data[1].prompt
    assert (tuple(rows[1]["chosen_ids"]), tuple(rows[1]["rejected_ids"])) == data[1].replies


@pytest.mark.parametrize("contender", [lanes(2), Contender("TRL", trl=PRECOMPUTED)])
def test_the_clock_covers_the_timed_steps_alone(contender: Contender) -> None:
    job = Job(contender, "tiny", lengths.pairs(4, 260), lengths.pairs(2, 260, seed=1), batch=2)
    gates = []
    from shapes import load

    train = by_trl.train if contender.trl else by_lanes.train
    timing = train(job, load("tiny"), lambda: gates.append(torch.is_grad_enabled()))
    assert gates == [True]  # once, between warm-up and clock
    assert timing.warming < timing.start < timing.ends[0] < timing.ends[1]
    assert len(timing.ends) == job.steps == 2


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def apart(work: Callable[..., Any], *arguments: Any) -> Any:
        return work(*arguments)

    def together(
        contender: Contender, model: str, pairs: list[Example], warm: list[Example], batch: int
    ) -> Run:
        return turns.run(Job(contender, model, pairs, warm, batch))

    for module in (bench, step_race):
        monkeypatch.setattr(module, "apart", apart)
    monkeypatch.setattr(step_race, "together", together)


# TRL 1.16 at its defaults, between its steps: gone when TRL follows transformers' new names.
@pytest.mark.filterwarnings("ignore:`gradient_checkpointing_:FutureWarning")
@pytest.mark.usefixtures("in_this_process")
def test_a_race_from_the_command_line_to_the_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["--quick", "--only", "step", "--batch", "2", "--lanes", "1", "2", "--processes"]
    assert bench.main(arguments) == 0
    path = tmp_path / "results" / "bench" / "cpu.json"
    found = json.loads(path.read_text("utf-8"))["step"]["tiny"]
    assert set(found["contenders"]) == {
        "1 lane", "2 lanes", "TRL, defaults", "TRL, precomputed reference", "TRL, fastest found",
    }  # fmt: skip
    assert found["failed"] == {}
    for name, each in found["contenders"].items():
        speed = each["pairs_per_second"]["median"]
        assert speed > 0, name
        assert each["trials_per_hour"] == pytest.approx(3600 * speed / (150 * 2))
        used = speed * found["flops_per_pair"] / found["matrix_flops_per_second"]
        assert each["flop_utilisation"] == pytest.approx(used)
    compared = {name: each for name, each in found.items() if name.startswith("ratio_vs_trl_")}
    assert len(compared) == 4 * 3
    assert all(0 < r["lowest"] <= r["ratio"] <= r["highest"] for r in compared.values())
    capsys.readouterr()
    assert bench.main(["--show", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "| 2 lanes | " in shown
    assert "| --- | ---: |" in shown


def test_what_generation_found_is_kept_whole() -> None:
    ratio = {"ratio": 6.0, "lowest": 5.0, "highest": 7.0}
    found = {"loop": 2.5, "ratio_vs_trl_generation": ratio, "weights": "random weights"}
    kept = generation_race.record(found, {"lanes": 16})
    assert kept == {
        "figures": {"lanes": 16, "loop": 2.5},
        "ratio_vs_trl_generation": ratio,
        "weights": "random weights",
    }
    shown = list(tables.PARTS["generation"]("tiny", {**kept, "device": "cpu"}))
    assert shown[1].rows == [["TRL generation", "6", "5", "7"]]


def test_a_shape_without_tokenizer_is_refused_where_words_are_needed(
    capsys: pytest.CaptureFixture[str], in_this_process: None, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert bench.main(["--only", "start", "--model", "llama-1b"]) == 2
    assert bench.main(["--only", "step", "--model", "llama-8b", "--pairs", "annomi"]) == 2
    told = capsys.readouterr().err
    assert "llama-1b has no tokenizer, which start and sweep need; take gemma-270m" in told
    assert "llama-8b has no tokenizer for --pairs annomi" in told


def test_tables_tell_a_missing_figure_from_none() -> None:
    assert [tables.figure(n) for n in (None, 0.0, 0.01234, 7.0, 12345.6)] == [
        "-", "0", "0.0123", "7", "12,346",
    ]  # fmt: skip
    with pytest.raises(SystemExit):
        bench.main(["--only", "steps"])


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_part_runs_with_processes_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    assert bench.main(["--quick", "--batch", "2", "--lanes", "1", "2"]) == 0
    found = json.loads((tmp_path / "results" / "bench" / "cpu.json").read_text("utf-8"))
    assert {"step", "start", "sweep", "growth"} <= set(found)
    assert found["step"]["tiny"]["contenders"]["TRL, 2 processes"]["pairs_per_second"]["median"] > 0
    assert found["sweep"]["tiny"]["ratio_vs_trl_sweep"]["ratio"] > 0
    assert found["start"]["tiny"]["ratio_vs_trl_start"]["ratio"] > 0
    assert found["growth"]["tiny"]["growth"]["lanes"][0]["at"] == 1
