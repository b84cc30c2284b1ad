"""Hours, money, memory and disk of a plan: from what was measured, by hand.

python -m pytest tests/test_outlay.py
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from test_plan import demo
from tiny_sweep import SETTINGS

from empathy import probe
from empathy.families import FAMILIES
from empathy.weights import prepare
from sweeps.planning import outlay as outlays
from sweeps.planning import speeds
from sweeps.planning.handover import study_settings
from sweeps.planning.outlay import NOT_MEASURED, Outlay, Span, obstacles, size
from sweeps.planning.plan import plan, probed
from sweeps.planning.plan_text import as_text
from sweeps.planning.speeds import Speed, hardware, seconds_per_step
from sweeps.record.ledger import Trial
from sweeps.sweepfile import spec
from sweeps.watching.snapshot import Pulse, Snapshot

START = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
PROBED = Speed(2.0, 0.5, None, None, "a probe just now")
TRIALS = (
    Trial("base", state="completed", step=0),
    Trial("t000", state="completed", step=12, seconds=30.0),
    Trial("t001", state="stopped", step=4, seconds=10.0),
    Trial("t002", state="failed"),
)


@pytest.fixture(autouse=True)
def nothing_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache where no sweep has left its speed."""
    monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path / "cache"))


def ended(trials: tuple[Trial, ...] = TRIALS) -> Snapshot:
    """A sweep that prepared for 60 s, trained for 40 s and examined for 20 s."""
    now = START + timedelta(seconds=120)
    pulse = Pulse(
        now, START, training_since=START + timedelta(seconds=60),
        last_report=START + timedelta(seconds=100), steps=16, reports=4,
    )  # fmt: skip
    return Snapshot("demo", "empathy", "maximize", 12, "ended", trials, {}, now, pulse)


def test_hours_nobody_has_measured_are_not_told() -> None:
    found = plan(demo(), price=2.5).outlay
    assert (found.hours, found.device_hours, found.cost) == (None, None, None)
    assert found.hours_source == NOT_MEASURED
    text = as_text(plan(demo(), price=2.5))
    assert "\ntime        not measured here: --probe measures" in text
    assert "\ncost        not known, at 2.5 an hour of a device" in text


def test_a_probe_s_steps_and_replies_are_counted_one_by_one() -> None:
    # At most 96 steps, 56 with early stopping, and the warm start's 20, of 2 s each; replies: 584
    # at most, of which 8 x 3 reports of 10 prompts. With early stopping 56 steps are 14 reports.
    found = plan(demo(), speed=PROBED, price=2.5).outlay
    most = ((96 + 20) * 2.0 + 584 * 0.5) / 3600
    about = ((56 + 20) * 2.0 + (584 - 240 + 140) * 0.5) / 3600
    assert plan(demo()).replies_at_most == 584
    assert found.hours == pytest.approx(Span(about, most))
    assert found.device_hours == found.hours
    assert found.cost == pytest.approx(Span(2.5 * about, 2.5 * most))
    whole = plan(demo("early_terminate=null"), speed=PROBED).outlay
    assert whole.hours is not None
    assert whole.hours.about is None
    assert whole.hours.at_most == pytest.approx(most)


def test_more_devices_take_less_time_and_as_many_hours_of_devices() -> None:
    one = plan(demo(), speed=PROBED).outlay
    four = plan(demo("resources={device: cpu, hosts: 4}"), speed=PROBED).outlay
    assert one.device_hours is not None
    assert four.device_hours == one.device_hours
    assert four.hours is not None
    assert four.hours.at_most == pytest.approx(one.device_hours.at_most / 4)


def test_an_ended_sweep_leaves_its_speed_for_the_next_one_like_it() -> None:
    speeds.keep(demo(), "cpu", 4, ended())
    found = plan(demo()).outlay
    # 40 device-seconds for 16 steps: 2.5 each, reports included; 60 s before and 20 s after.
    assert found.hours == pytest.approx(Span((56 * 2.5 + 80) / 3600, (96 * 2.5 + 80) / 3600))
    assert "a sweep that ended here 2030-01-02T03:06:05" in found.hours_source
    longer = demo("run_cap=32", "training.max_steps=24", "finalists={top: 1, seeds: 1}")
    assert plan(longer).outlay.hours is not None
    for other in ("training.batch_size=8", "family=tiny", "evaluation.max_new_tokens=9"):
        assert plan(demo(other)).outlay.hours is None, other
    assert plan(demo("resources={lanes: 2, device: cpu}")).outlay.hours is None
    assert plan(demo(), speed=PROBED).outlay.hours_source == "measured by a probe just now"


def test_a_sweep_that_trained_nothing_leaves_none() -> None:
    speeds.keep(demo(), "cpu", 4, ended(TRIALS[:1]))
    speeds.keep(demo(), "cpu", 4, None)
    speeds.keep(demo(), "cpu", 4, replace(ended(), pulse=None))
    assert speeds.kept(demo(), "cpu", 4) is None
    assert seconds_per_step(TRIALS[:1]) is None


def test_hardware_has_a_name() -> None:
    assert hardware("cpu").endswith(f" x {__import__('os').cpu_count()}")
    assert hardware("cuda")


def takes(**changes: int) -> Outlay:
    nothing = Outlay(None, None, "", None, None, None, None, None, None, 10**9)
    return replace(nothing, **changes)  # type: ignore[arg-type]  # numbers by name


def test_what_cannot_work_is_refused() -> None:
    assert obstacles(takes()) == []
    (memory,) = obstacles(takes(weights_bytes=8 << 30, device_bytes=4 << 30))
    assert memory.startswith("the base model takes 8.0 GiB and a device has 4.0 GiB: choose a")
    (disk,) = obstacles(takes(disk_bytes=2 * 10**9))
    assert disk.startswith("the results take up to 1.9 GiB and the disk has 954 MiB left: free")
    assert obstacles(takes(weights_bytes=1, device_bytes=2, disk_bytes=3)) == []


def test_memory_and_disk_follow_from_the_checkpoint_here(tmp_path: Path) -> None:
    folder = prepare("tiny-llama", FAMILIES["tiny"], lambda stage, done: None).folder
    sweep = spec.load("demo", [*SETTINGS, f"model={folder}", "tracking={mode: disabled}"])
    found = plan(sweep, tmp_path / "not" / "there").outlay
    assert found.memory_bytes is not None
    assert found.weights_bytes is not None
    assert found.disk_bytes is not None
    assert found.memory_bytes > found.weights_bytes > 0
    trainings, row = 4 + 2, (found.disk_bytes - 6 * 3 * 12 * outlays.HISTORY_BYTES) / 7
    assert trainings == 6
    assert row == pytest.approx(4 * 3 * adapter_numbers(sweep, folder))
    text = as_text(plan(sweep, tmp_path))
    assert "\nmemory      at most " in text
    assert "predicted from shapes" in text
    assert json.dumps(plan(sweep).as_dict())
    unmade = plan(demo("family=tiny", "model=auto"))
    assert "not known until the weights are here" in as_text(unmade)


def adapter_numbers(sweep: spec.SweepSpec, folder: Path) -> int:
    """Of the widest adapter, by the modules of the model itself."""
    from torch import nn
    from transformers import AutoModelForCausalLM

    model, family = AutoModelForCausalLM.from_pretrained(folder), FAMILIES["tiny"]
    linear = [
        module for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and name.rpartition(".")[2] in family.lora_targets
    ]  # fmt: skip
    rank = study_settings(sweep, 1).max_rank
    return rank * sum(each.in_features + each.out_features for each in linear)


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 B"), (1023, "1023 B"), (3 << 20, "3 MiB"), (3 << 29, "1.5 GiB")]
)
def test_bytes_as_people_read_them(number: int, told: str) -> None:
    assert size(number) == told


def test_a_probe_trains_and_speaks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(probe, "SECONDS", 0.1)
    found = probed(spec.load("demo", [*SETTINGS, "resources={device: cpu, lanes: 2}"]))
    assert found.per_step > 0
    assert (found.per_reply or 0) > 0
    assert found.source == "a probe of 2 lanes just now, without scoring"
    assert "probe: training some steps\n" in capsys.readouterr().err
