"""Files of a sweep that were cut short or garbled: each is named, or made again, in plain words.

python -m pytest tests/test_damaged.py
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from cut_off import Disk, go_on
from test_checkpoint import ONE, engine, saved
from test_resumption import sweep

import launch
from empathy.cache import kept_tensors
from empathy.errors import UserError
from empathy.lanes import checkpoint
from sweeps import runner
from sweeps.record import resumption
from sweeps.sweepfile.manifest import read_json

HERE = Path(__file__).parent
Damage = Callable[[bytes], bytes]
DAMAGES: dict[str, Damage] = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "bytes that are no text": lambda content: b"\xff\xfe" + content,
    "something else": lambda content: b"[3]\n",
}


@pytest.fixture
def cut_off(tmp_path: Path) -> Path:
    """The results folder of a sweep that did not end."""
    out = tmp_path / "out"
    go_on("in process", sweep("run_cap=2"), out, Disk())
    return out


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", ["manifest.json", "trials.csv", "history.jsonl"])
def test_a_damaged_state_of_a_sweep_is_refused_by_name_and_nothing_starts(
    cut_off: Path, name: str, damage: Damage, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(runner, "run", None)
    path = cut_off / name
    content = damage(path.read_bytes())
    path.write_bytes(content)
    assert launch.main(["--sweep", "demo", "--out", str(cut_off), "--resume"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("launch.py: ")
    assert name in said.splitlines()[0]
    assert said.count("\n") == 1
    assert path.read_bytes() == content or name == "history.jsonl"  # of which a torn line is cut


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [("settings", 3, "its settings are no group"), ("started", "noon", "started is no time")],
)
def test_a_manifest_of_other_things_is_damaged_too(
    cut_off: Path, name: str, value: object, why: str
) -> None:
    path = cut_off / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    with pytest.raises(UserError, match=rf"manifest\.json is damaged \({why}\); put a copy"):
        resumption.read(cut_off)


def test_finals_that_cannot_be_read_are_made_again_aloud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Host:
        def finals(self, trials: Any) -> dict[str, Any]:
            return {"evaluations": {}, "verdicts": None}

    (tmp_path / "finals.json").write_text('{"asked": {"jud')
    told: Any = Host()
    with caplog.at_level(logging.WARNING):
        found = runner._finals(sweep(), told, ["t000"], tmp_path)
    assert found == {"evaluations": {}, "verdicts": None}
    assert "finals.json is damaged (JSONDecodeError)" in caplog.text
    assert read_json(tmp_path / "finals.json", dict)["asked"]["judged"] == ["t000"]


def flipped(content: bytes) -> bytes:
    """One bit of the last number."""
    return content[:-2] + bytes([content[-2] ^ 1]) + content[-1:]


@pytest.mark.parametrize("damage", [*DAMAGES.values(), flipped], ids=[*DAMAGES, "a flipped bit"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, damage: Damage) -> None:
    path, _, _ = saved(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(
        UserError, match=r"the checkpoint .*lane\.safetensors is damaged \("
    ) as found:
        checkpoint.load(path, engine().layout)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("damage", [*DAMAGES.values(), flipped], ids=[*DAMAGES, "a flipped bit"])
def test_a_damaged_cache_is_computed_again_aloud(
    tmp_path: Path, damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    path, made = tmp_path / "kept.safetensors", []

    def compute() -> dict[str, torch.Tensor]:
        made.append(1)
        return {"a": torch.arange(5.0), "b": torch.ones(2, 3)}

    first = kept_tensors(path, compute)
    kept_tensors(path, compute)
    assert len(made) == 1
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        again = kept_tensors(path, compute)
    assert len(made) == 2
    assert "kept.safetensors is damaged and is made again" in caplog.text
    assert all(torch.equal(again[name], first[name]) for name in first)
    kept_tensors(path, compute)
    assert len(made) == 2


DIES = """
import os, signal, sys
from pathlib import Path
from test_checkpoint import ONE, engine, steps
from empathy.lanes import checkpoint

whole, path = engine(), Path(sys.argv[1])
lane = whole.join(ONE)
steps(whole, lane, 1)
checkpoint.save(path, whole.layout, whole.state(lane), ONE, {"seconds": 2.0})
steps(whole, lane, 1)
os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
checkpoint.save(path, whole.layout, whole.state(lane), ONE, {"seconds": 4.0})
"""


def test_killed_while_a_checkpoint_is_written_the_one_before_is_used(tmp_path: Path) -> None:
    """Its numbers are on the disk, and its name is not theirs yet."""
    path = tmp_path / "trials" / "t000" / "lane.safetensors"
    done = subprocess.run(
        [sys.executable, "-c", DIES, str(path)],
        env=os.environ | {"PYTHONPATH": f"{HERE.parent}{os.pathsep}{HERE}"},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(list(path.parent.glob(".tmp-*"))) == 1
    state, settings = checkpoint.load(path, engine().layout)
    assert (state.step, settings) == (1, ONE)
    assert checkpoint.told(path) == {"seconds": 2.0}
