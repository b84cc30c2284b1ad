"""A sweep cut off after each of its events goes on as the undisturbed one would have.

python -m pytest tests/test_resumption.py
"""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from cut_off import EVERY, LAST, RUNNERS, CutOffError, Disk, go_on

from empathy.errors import UserError
from sweeps.record import resumption
from sweeps.record.history import read_history
from sweeps.record.ledger import Trial, read_trials
from sweeps.sweepfile import spec
from sweeps.sweepfile.spec import SweepSpec

HALVING = "early_terminate={type: hyperband, min_iter: 4, eta: 2}"


def sweep(*overrides: str) -> SweepSpec:
    steps = [f"training.max_steps={LAST}", f"evaluation.report_every={EVERY}"]
    return spec.load("demo", ["run_cap=9", HALVING, *steps, *overrides])


def told(out: Path) -> tuple[list[Trial], list[tuple[str, int]]]:
    """The trials that the files tell of, and who reported which step, sorted."""
    trials = sorted(read_trials(out / "trials.csv"), key=lambda trial: trial.trial_id)
    rows = [(row["trial_id"], row["step"]) for row in read_history(out / "history.jsonl")]
    return trials, sorted(rows)


@pytest.mark.parametrize("method", ["bayes", "random", "grid"])
@pytest.mark.parametrize("runner", RUNNERS)
def test_whenever_it_is_cut_off_it_suggests_decides_and_measures_the_same(
    tmp_path: Path, runner: str, method: str
) -> None:
    parameters = "{beta: {values: [0.1, 0.3, 0.5]}, learning_rate: {values: [1e-4, 2e-4, 4e-4]}}"
    chosen = sweep(f"method={method}", *([f"parameters={parameters}"] if method == "grid" else []))
    whole = Disk()
    go_on(runner, chosen, tmp_path / "whole", whole)
    expected = told(tmp_path / "whole")
    states = [trial.state for trial in expected[0]]
    assert len(states) == 9
    assert {"stopped", "completed"} == set(states)
    events = 2 * len(states) + len(expected[1])  # starts, ends and reports
    for cut in range(0, events, 1 if method == "bayes" else 5):
        out, disk = tmp_path / f"cut-{cut}", Disk()
        with pytest.raises(CutOffError):
            go_on(runner, chosen, out, disk, cut)
        disk.trained = 0
        go_on(runner, chosen, out, disk)
        assert told(out) == expected, f"cut off after {cut} events"
        if cut > 4:
            assert disk.trained < whole.trained


@pytest.mark.parametrize("runner", RUNNERS)
def test_cut_off_again_and_again_it_comes_to_the_same_end(tmp_path: Path, runner: str) -> None:
    chosen = sweep()
    go_on(runner, chosen, tmp_path / "whole", Disk())
    out, disk = tmp_path / "out", Disk()
    for _ in range(100):
        try:
            go_on(runner, chosen, out, disk, 7)
            break
        except CutOffError:
            continue
    assert told(out) == told(tmp_path / "whole")


def test_more_trials_than_before_are_the_next_ones(tmp_path: Path) -> None:
    out, disk = tmp_path / "out", Disk()
    go_on("in process", sweep("run_cap=4"), out, disk)
    go_on("in process", sweep("run_cap=9"), out, disk)
    go_on("in process", sweep("run_cap=9"), tmp_path / "whole", Disk())
    names = [trial.trial_id for trial in told(out)[0]]
    assert names == [f"t{number:03d}" for number in range(9)]
    assert len({str(trial.parameters) for trial in told(out)[0]}) == 9


def test_a_trial_whose_last_line_is_torn_has_not_ended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out, disk = tmp_path / "out", Disk()
    go_on("in process", sweep("run_cap=1"), out, disk)
    history = out / "history.jsonl"
    whole = history.read_bytes()
    assert resumption.read(out).over("t000")
    history.write_bytes(whole[:-9])
    with caplog.at_level(logging.WARNING):
        earlier = resumption.read(out)
    assert "torn" in caplog.text
    past = earlier.trial("t000")
    assert past is not None
    assert (past.state, past.reason, past.step) == ("running", None, LAST - EVERY)
    assert history.read_bytes() == b"".join(whole.splitlines(keepends=True)[:-1])
    go_on("in process", sweep("run_cap=1"), out, disk)
    assert history.read_bytes() == whole


def test_an_end_that_was_not_written_down_is_told_and_nothing_is_trained(tmp_path: Path) -> None:
    out, disk = tmp_path / "out", Disk()
    with pytest.raises(CutOffError):
        go_on("in process", sweep("run_cap=1"), out, disk, 3)  # start and two of three reports
    assert resumption.read(out).over("t000") is False
    disk.trained = 0
    go_on("in process", sweep("run_cap=1"), out, disk)
    assert [(t.state, t.step) for t in told(out)[0]] == [("completed", LAST)]
    assert disk.trained == 0  # the report was on disk already


def test_files_of_two_sweeps_are_refused(tmp_path: Path) -> None:
    go_on("in process", sweep("run_cap=2"), tmp_path, Disk())
    lines = (tmp_path / "trials.csv").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "trials.csv").write_text("".join(lines[:2]), "utf-8")
    with pytest.raises(UserError, match=r"has reports of t001, which trials\.csv does not know"):
        resumption.read(tmp_path)


@pytest.mark.parametrize("content", [b"trial_id,state\nt000", b"\xff\xfe", b"x,y\n1,2\n"])
def test_a_damaged_table_of_trials_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    go_on("in process", sweep("run_cap=1"), tmp_path, Disk())
    (tmp_path / "trials.csv").write_bytes(content)
    with pytest.raises(UserError, match=r"trials\.csv is damaged \(a line is cut short"):
        resumption.read(tmp_path)
