"""Which engine trains a sweep, with the numbers that decide; and what engine zero refuses.

python -m pytest tests/test_engines.py
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from test_footprint import checkpoint

import launch
from empathy.errors import UserError
from empathy.lanes.footprint import GIB, Footprint
from sweeps import runner
from sweeps.planning import engines
from sweeps.planning.engines import Engine, check_bucket, engine_of, gpu_bytes, missing
from sweeps.planning.plan import plan
from sweeps.planning.plan_text import as_text
from sweeps.search import on_ray
from sweeps.storage import shared_results
from sweeps.sweepfile import spec
from sweeps.sweepfile.spec import SweepSpec
from sweeps.zero import zero_hosts
from sweeps.zero.train_run import Spread

TINY = ("family=tiny", "model=auto", "resources.device=cpu")
ZERO = ("engine=zero", "training.batch_size=4")


def demo(*overrides: str) -> SweepSpec:
    return spec.load("demo", [*TINY, *overrides])


@pytest.fixture
def lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """One lane takes 16 + 1 + 6 = 23 GiB."""
    needed = Footprint(16 * GIB, GIB, 6 * GIB)
    monkeypatch.setattr(engines, "_footprint", lambda spec: needed)


@pytest.mark.parametrize(
    ("gib", "name"),
    [
        (24, "zero"),  # 24 less a tenth is 21.6
        (25.5, "zero"),  # 22.95
        (25.6, "lanes"),  # 23.04
        (80, "lanes"),
    ],
)
def test_auto_takes_zero_where_a_lane_does_not_fit(lane: None, gib: float, name: str) -> None:
    sweep = demo("training.batch_size=4", f"resources.gpu_memory_gib={gib}")
    found = engine_of(sweep, "cuda")
    assert found.name == name
    said = "one lane is estimated at 23.0 GiB (base 16.0, adapter 1.0, activations 6.0)"
    assert said in found.reason
    assert found.reason.endswith(f"a GPU has {gib:.1f}")


def test_auto_takes_lanes_where_nobody_knows(lane: None, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = demo("training.batch_size=4")
    monkeypatch.setattr(engines, "gpu_bytes", lambda spec: None)
    assert engine_of(sweep, "cuda").name == "lanes"
    assert "no GPU is here to compare it with" in engine_of(sweep, "cuda").reason
    monkeypatch.setattr(engines, "_footprint", lambda spec: None)
    assert "its size is not known before its weights are here" in engine_of(sweep, "cuda").reason


@pytest.mark.parametrize(
    ("overrides", "device", "address", "reason"),
    [
        ((), "cpu", "local", "share one base model on one device"),
        ((), "cuda", "local", "engine zero is not for this sweep: zero.workers is 2"),
        (("training.batch_size=4",), "cuda", "inprocess", "without Ray"),
        (("engine=lanes",), "cuda", "local", "as the sweep says"),
    ],
)
def test_auto_takes_lanes_where_zero_is_of_no_use(
    lane: None, overrides: tuple[str, ...], device: str, address: str, reason: str
) -> None:
    found = engine_of(demo("resources.gpu_memory_gib=24", *overrides), device, address)
    assert found.name == "lanes"
    assert reason in found.reason


def test_a_base_model_that_no_device_holds_is_said(lane: None) -> None:
    zero = Engine("zero", "as the sweep says")
    small = demo(*ZERO, "resources={device: cuda, gpu_memory_gib: 17}")
    (sentence,) = missing(small, zero)
    assert sentence.startswith("the base model takes 16.0 GiB and a GPU has 17.0: ZeRO splits it")
    fitting = demo(*ZERO, "resources={device: cuda, gpu_memory_gib: 18}")  # less a tenth: 16.2
    assert missing(fitting, zero) == []
    assert missing(small, Engine("lanes", "")) == []


def test_without_deepspeed_there_is_no_engine_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    (sentence,) = missing(demo(*ZERO), Engine("zero", ""))
    assert sentence.startswith("engine zero needs DeepSpeed, which is not installed: pip install")


def test_the_estimate_is_the_checkpoint_s(tmp_path: Path) -> None:
    sweep = demo(
        f"model={checkpoint(tmp_path)}",
        "training={batch_size: 4, max_prompt_tokens: 100, max_length: 150, max_steps: 12}",
    )
    found = engines._footprint(sweep)
    assert found is not None
    # test_footprint.py works these out; the widest trial of the demo has rank 32
    assert (found.base, found.adapter) == (57984, 320 * 32 * 16)
    assert found.activations == 5570560


def test_the_smallest_gpu_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(text: str) -> None:
        monkeypatch.setattr(subprocess, "run", lambda *a, **k: SimpleNamespace(stdout=text))

    told("81559\n24564\n")  # MiB, as nvidia-smi prints them
    assert gpu_bytes(demo()) == 24564 * 2**20
    assert gpu_bytes(demo("resources.gpu_memory_gib=80")) == 80 * GIB
    told("[N/A]\n")
    assert gpu_bytes(demo()) is None

    def absent(*args: Any, **options: Any) -> None:
        raise FileNotFoundError("nvidia-smi")

    monkeypatch.setattr(subprocess, "run", absent)
    assert gpu_bytes(demo()) is None


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["zero={stages: 2}"], r"zero\.stages is not a setting; did you mean 'stage'"),
        (["zero={stage: 4}"], r"zero\.stage is 4; it must be 1, 2 or 3"),
        (["zero={workers: 0}"], r"zero\.workers is 0; it must be greater than 0"),
        (["engine=lanes", "zero={stage: 2}"], "zero is given, but engine is 'lanes'"),
        ([*ZERO, "quantization=4bit"], "quantization is 4bit, which engine zero cannot split"),
        ([*ZERO, "zero={workers: 3}"], r"zero\.workers is 3, among whom a training\.batch_size of"),
        ([*ZERO, "resources.lanes=2"], r"resources\.lanes is 2, but engine is 'zero'"),
        (["engine=both"], "engine is 'both'; it must be 'auto', 'lanes' or 'zero'"),
    ],
)
def test_what_cannot_be_is_one_sentence(overrides: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        demo(*overrides)


@pytest.mark.parametrize(
    ("sweep", "sentence"),
    [
        ("sft_gemma", "objective is 'sft', which engine zero lacks"),
        ("dpo_biobert", "family is 'biobert', of whose head TRL skips a part"),
    ],
)
def test_sweeps_that_zero_cannot_train_are_refused(sweep: str, sentence: str) -> None:
    assert engine_of(spec.load(sweep), "cuda").name == "lanes"
    with pytest.raises(UserError, match=sentence):
        spec.load(sweep, ["engine=zero"])


def test_one_process_trains_no_trial_over_several(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="engine is 'zero', but --address inprocess has one"):
        runner.run(demo(*ZERO), tmp_path / "out", "inprocess")
    assert not (tmp_path / "out").exists()


def test_the_plan_says_which_and_why() -> None:
    found = plan(demo(*ZERO, "zero={workers: 4, stage: 2}"))
    assert (found.engine, found.engine_reason) == ("zero", "as the sweep says")
    assert (found.lanes, found.workers) == (1, 4)
    text = as_text(found)
    assert "\nengine      zero: as the sweep says\n" in text
    assert "\ndevice      cpu (as the sweep says), 4 of them to a trial\n" in text
    assert "\nhosts       1 device to measure; trials take the others\n" in text
    assert plan(demo()).workers is None


@pytest.mark.parametrize("more", [(), ("--resume",), ("--overwrite",), ("--address", "auto")])
def test_a_bucket_is_no_place_for_trials_over_several_devices(
    more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def touched(*_: Any, **__: Any) -> None:
        raise AssertionError("something was started")

    monkeypatch.setattr(shared_results, "staged", touched)
    chosen = [word for each in (*TINY, *ZERO) for word in ("--set", each)]
    assert launch.main(["--sweep", "demo", *chosen, "--out", "s3://bucket/prefix", *more]) == 2
    assert capsys.readouterr().err == (
        "launch.py: --out names a bucket, but engine zero (as the sweep says) needs a folder that "
        "all nodes share, as on NFS; give one, or set engine to lanes\n"
    )


def test_a_bucket_is_no_place_for_them_where_auto_takes_zero_either(lane: None) -> None:
    sweep = demo("training.batch_size=4", "resources.gpu_memory_gib=24")
    with pytest.raises(UserError, match=r"engine zero \(one lane is estimated at 23\.0 GiB"):
        check_bucket(sweep, "cuda", "auto")
    check_bucket(sweep, "cpu", "auto")
    check_bucket(demo("engine=lanes"), "cuda", "auto")


def test_ray_is_left_where_the_hosts_of_zero_trials_cannot_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []

    def no_room(*_: Any, **__: Any) -> None:
        raise UserError("no room")

    monkeypatch.setattr(on_ray, "connect", lambda address: called.append(address))
    monkeypatch.setattr(on_ray, "disconnect", lambda: called.append("left"))
    monkeypatch.setattr(zero_hosts, "ZeroHosts", no_room)
    with pytest.raises(UserError, match="no room"):
        runner.run(demo(*ZERO, "tracking.mode=disabled"), tmp_path / "out", "local")
    assert called == ["local", "left"]


def test_workers_are_waited_for_as_long_as_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Spread] = []

    def noted(settings: Any, steps: Any, out: str, spread: Spread, *, hosts: int) -> Any:
        given.append(spread)
        raise UserError("enough")

    monkeypatch.setattr(on_ray, "connect", lambda address: None)
    monkeypatch.setattr(zero_hosts, "ZeroHosts", noted)
    sweep = demo(*ZERO, "tracking.mode=disabled", "resources.silence_minutes=7")
    with pytest.raises(UserError, match="enough"):
        runner.run(sweep, tmp_path / "out", "local")
    assert given[0].silence == 420.0
