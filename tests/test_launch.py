"""The command line: what it prints, what it refuses, and what it leaves alone.

python -m pytest tests/test_launch.py
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import invented_study
import pytest

import launch
from sweeps.record import results_folder
from sweeps.record.ledger import Trial, TrialsTable, write_trials
from sweeps.sweepfile import spec


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Stands in for `sweeps.runner`; holds what it was called with."""
    calls: list[Any] = []

    def run(
        sweep: spec.SweepSpec, out: Path, address: str, earlier: object = None, **_: object
    ) -> Path:
        calls.append((sweep, out, address))
        return out / "report.html"

    module = ModuleType("sweeps.runner")
    module.run = run  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "sweeps.runner", module)
    return calls


def test_list_names_and_describes_every_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    assert launch.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == spec.names()
    assert all(spec.load(line.split()[0]).description in line for line in lines)


def test_a_sweep_runs_with_its_settings_in_its_folder(
    runner: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    changes = ["--set", "run_cap=3", "--set", "data.candidates=3"]
    assert launch.main(["--sweep", "demo", *changes]) == 0
    sweep, out, address = runner[0]
    assert (sweep.name, sweep.run_cap, sweep.data.candidates) == ("demo", 3, 3)
    assert (out, address) == (Path("results/demo"), "local")
    assert (tmp_path / "results" / "demo").is_dir()
    assert capsys.readouterr().out == "results/demo/report.html\n"
    arguments = ["--sweep", "demo", "--out", "else where", "--address", "inprocess"]
    assert launch.main(arguments) == 0
    assert runner[1][1:] == (Path("else where"), "inprocess")


def test_dry_run_prints_a_plan_and_touches_nothing(
    runner: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert launch.main(["--sweep", "demo", "--out", str(out), "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("sweep       demo: ")
    assert launch.main(["--sweep", "demo", "--dry-run", "--json", "--set", "run_cap=5"]) == 0
    assert json.loads(capsys.readouterr().out)["trials"] == 5
    assert not out.exists()
    assert not runner


def test_the_data_card_is_printed_and_saved_beside_the_results(
    runner: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["--sweep", "demo", "--set", "family=tiny", "--set", "model=auto"]
    assert launch.main([*arguments, "--out", str(out), "--data"]) == 0
    shown = capsys.readouterr().out
    saved = [tmp_path / "out.data_card.json", tmp_path / "out.data_card.txt"]
    assert shown == saved[1].read_text("utf-8") + "".join(f"saved       {p}\n" for p in saved)
    card = json.loads(saved[0].read_text("utf-8"))
    assert card["sampled"]["prompts"] == {"train": 28, "validation": 8, "test": 8}
    assert "28 train, 8 validation, 8 test prompts, 4 replies each, 176 in all" in shown
    # A sweep finds its folder empty, and a second card replaces the first.
    results_folder.check(out, overwrite=False)
    assert launch.main([*arguments, "--out", str(out), "--data"]) == 0
    assert not out.exists()
    assert not runner


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--sweep", "demo", "--data", "--dry-run"], "--data trains nothing and deletes nothing"),
        (["--sweep", "dmo"], "unknown sweep 'dmo'; did you mean 'demo'? known: demo, dpo_"),
        (
            ["--sweep", "demo", "--set", "run_cap=x"],
            "--set run_cap=x: run_cap is 'x'; it must be a",
        ),
        (["--sweep", "demo", "--json"], "--json is the form of a plan or a status: add"),
        (["--sweep", "demo", "--probe"], "--probe belongs to a plan: add --dry-run"),
        (["--status", "--price-per-hour", "1"], "--price-per-hour is for a sweep, planned or run"),
        (["--sweep", "demo", "--dry-run", "--price-per-hour", "-1"], "--price-per-hour is -1.0"),
        (["--status", "nowhere"], "--status finds no sweep in nowhere: give a results folder"),
        (["--status", "--resume"], "--status reads one results folder and takes --json, no other"),
        (["--sweep", "demo", "--resume", "--overwrite"], "--resume goes on with what is there: "),
        (["--sweep", "demo", "--resume", "--dry-run"], "--resume goes on with what is there: "),
        (["--sweep", "demo", "--resume", "--out", "nowhere"], "--resume finds no results of a"),
        (["--list", "--resume"], "--list takes no other option"),
        (["--compare", "a", "--resume"], "--compare reads finished sweeps, trains nothing"),
        (["--list", "--json"], "--list takes no other option"),
        (["--list", "--address", "auto"], "--list takes no other option"),
        (["--sweep", "demo", "--dry-run", "--address", "auto"], "--address says where a sweep"),
        (["--sweep", "demo", "--data", "--address", "inprocess"], "--address says where a sweep"),
        (["--list", "--dry-run"], "--list takes no other option"),
        (["--sweep", "demo", "--wandb"], "--wandb sends a comparison: add --compare"),
        (["--compare", "nowhere"], "--compare nowhere is no folder: give results folders of"),
        (["--compare", "a", "--overwrite"], "--compare reads finished sweeps, trains nothing"),
        (["--compare", "a", "--set", "run_cap=1"], "--compare reads finished sweeps, trains"),
        (["--compare", "a", "--json"], "--compare reads finished sweeps, trains nothing"),
        (["--list", "--merge"], "--merge is for a sweep that runs: it takes --sweep"),
        (["--sweep", "demo", "--dry-run", "--merge"], "--merge is for a sweep that runs"),
    ],
)
def test_a_user_s_error_is_one_sentence_and_exit_code_2(
    runner: list[Any],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    assert launch.main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"launch.py: {sentence}")
    assert shown.err.count("\n") == 1
    assert launch.main([*arguments, "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err
    assert not runner


def test_a_sweep_without_a_winner_is_done_though_nothing_is_merged(
    runner: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert launch.main(["--sweep", "demo", "--merge"]) == 0
    assert len(runner) == 1
    shown = capsys.readouterr()
    assert shown.out == "results/demo/report.html\n"
    assert shown.err.startswith(
        "launch.py: nothing was merged: results/demo is no winner: it lacks"
    )


@pytest.mark.parametrize("arguments", [[], ["--list", "--sweep", "demo"], ["--address", "moon"]])
def test_options_that_make_no_sense_exit_with_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        launch.main(arguments)
    assert stop.value.code == 2


def test_an_interrupt_exits_with_130_and_a_bug_with_its_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, runner: list[Any]
) -> None:
    def raises(error: BaseException) -> Any:
        def run(*_: object, **__: object) -> Path:
            raise error

        return run

    arguments = ["--sweep", "demo", "--out", str(tmp_path / "new")]
    monkeypatch.setattr(sys.modules["sweeps.runner"], "run", raises(KeyboardInterrupt()))
    assert launch.main(arguments) == 130
    monkeypatch.setattr(sys.modules["sweeps.runner"], "run", raises(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        launch.main(arguments)


def test_earlier_results_are_kept_unless_told_otherwise(
    runner: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "done"
    out.mkdir()
    manifest = {"sweep": "demo", "ended": "2026-01-02T03:04:05+00:00"}
    (out / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    (out / "trials.csv").write_text("kept", "utf-8")
    assert launch.main(["--sweep", "demo", "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert "holds results of sweep 'demo', which ended 2026-01-02T03:04:05+00:00: " in told
    assert "--overwrite" in told
    assert (out / "trials.csv").read_text("utf-8") == "kept"
    assert not runner
    assert launch.main(["--sweep", "demo", "--out", str(out), "--overwrite"]) == 0
    assert list(out.iterdir()) == []


def test_a_sweep_is_resumed_by_the_same_command_or_from_its_folder(
    runner: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["--sweep", "demo", "--set", "run_cap=3", "--set", "seed=5"]
    sweep = spec.load("demo", ["run_cap=3", "seed=5"])
    out = Path("results/demo")
    out.mkdir(parents=True)
    given = sweep.model_dump(mode="json", exclude_unset=True)
    manifest = {"sweep": "demo", "given": given, "settings": sweep.model_dump(mode="json")}
    (out / "manifest.json").write_text(json.dumps({**manifest, "ended": None}), "utf-8")
    row = {"trial_id": "base", "step": 0, "metrics": {}, "curves": {}}
    (out / "history.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    base = Trial("base", state="completed", step=0)
    write_trials(out / "trials.csv", TrialsTable().text({"base": base}))
    assert launch.main(command) == 2
    assert "add --resume to go on with it" in capsys.readouterr().err
    assert launch.main([*command, "--resume"]) == 0
    assert launch.main(["--sweep", "results/demo", "--resume", "--address", "inprocess"]) == 0
    assert runner == [(sweep, out, "local"), (sweep, out, "inprocess")]
    assert launch.main(["--sweep", "demo", "--resume"]) == 2
    told = capsys.readouterr().err.splitlines()[1:]
    assert told == ["  seed was 5, is 0"]  # run_cap may change, the seed may not
    assert len(runner) == 2


def test_a_plan_with_an_obstacle_lists_it_and_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").write_text("years", "utf-8")
    plan = ["--sweep", "demo", "--dry-run", "--json", "--set", "model=/nope"]
    assert launch.main([*plan, "--out", str(tmp_path)]) == 2
    weights, folder = json.loads(capsys.readouterr().out)["missing"]
    assert weights.startswith("model '/nope' is no folder")
    assert "holds files that are no results of a sweep" in folder


def brought(arguments: list[str], *heavy: str) -> str:
    """Which of the heavy packages are loaded after this command."""
    code = (
        f"import sys, launch; assert launch.main({arguments!r}) == 0; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(launch.__file__).parent,
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("arguments", [["--list"], ["--sweep", "demo", "--dry-run"]])
def test_listing_and_planning_import_neither_torch_nor_ray(arguments: list[str]) -> None:
    assert brought(arguments, "torch", "ray", "transformers", "wandb", "plotly") == "[]"


def test_a_comparison_is_written_where_it_is_wanted_without_torch_or_ray(
    runner: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folders = [str(folder) for folder in invented_study.study(tmp_path / "results")]
    out = str(tmp_path / "elsewhere")
    arguments = ["--compare", *folders, "--out", out]
    assert brought(arguments, "torch", "ray", "transformers", "wandb") == "[]"
    assert (tmp_path / "elsewhere" / "comparison.html").is_file()
    monkeypatch.chdir(tmp_path)
    assert launch.main(["--compare", *folders]) == 0
    assert capsys.readouterr().out == "results/comparison/comparison.html\n"
    assert not runner


def test_a_comparison_that_may_not_be_sent_is_not_written_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    folders = [str(folder) for folder in invented_study.study(tmp_path / "results")]
    out = tmp_path / "out"
    assert launch.main(["--compare", *folders, "--out", str(out), "--wandb"]) == 2
    assert capsys.readouterr().err.startswith("launch.py: --wandb found no login")
    assert not out.exists()


def test_a_price_becomes_a_setting_that_plan_and_report_read() -> None:
    options = launch.parser().parse_args(["--sweep", "demo", "--price-per-hour", "2.5"])
    launch._check(options)
    assert options.set == ["resources.price_per_hour=2.5"]
    assert spec.load("demo", options.set).resources.price_per_hour == 2.5
