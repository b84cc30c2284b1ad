"""How fast sweeps were on this machine: measured by one that ended, for the plan of the next.

A speed is found again only for the same model, data, lengths, evaluation, lanes and hardware, so
that a plan never tells the time of something else. What trials search, how many they are and how
many steps they take may differ.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from empathy.cache import cache_folder, content_key, write_atomically
from sweeps.planning.handover import study_settings
from sweeps.record.ledger import Trial
from sweeps.record.observers import BASELINES
from sweeps.sweepfile.spec import SweepSpec
from sweeps.watching.snapshot import Snapshot, told

OF_TRAINING = ("loss", "batch_size", "gradient_accumulation", "max_prompt_tokens", "max_length")


@dataclass(frozen=True)
class Speed:
    """What one device needs."""

    per_step: float
    """Seconds of an optimizer step of one trial among as many as train together."""
    per_reply: float | None
    """Seconds of a generated reply; None where steps' seconds have the replies of reports in them.
    """
    preparation: float | None
    """Seconds until trials begin; None: not measured."""
    examination: float | None
    """Seconds after the last trial has ended; None: not measured."""
    source: str
    """Who measured it, in words."""


def kept(spec: SweepSpec, device: str, lanes: int) -> Speed | None:
    """The speed of the last such sweep on this hardware; None where there was none."""
    path = _path(spec, device, lanes)
    try:
        return Speed(**json.loads(path.read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):  # none, or of another version
        return None


def keep(spec: SweepSpec, device: str, lanes: int, ended: Snapshot | None) -> None:
    """Keep the speed of a sweep that has ended here, if it has trained anything."""
    if ended is None or ended.pulse is None:
        return
    pulse, per_step = ended.pulse, seconds_per_step(ended.trials)
    if per_step is None or pulse.training_since is None or pulse.last_report is None:
        return
    found = Speed(
        per_step=per_step,
        per_reply=None,
        preparation=(pulse.training_since - pulse.since).total_seconds(),
        examination=(ended.now - pulse.last_report).total_seconds(),
        source=f"a sweep that ended here {told(ended.now)}, reports included",
    )
    text = json.dumps(asdict(found))
    write_atomically(_path(spec, device, lanes), lambda path: path.write_text(text, "utf-8"))


def seconds_per_step(trials: Sequence[Trial]) -> float | None:
    """Of a device, for one step of one trial with its share of the reports; None without a step."""
    trained = [t for t in trials if t.trial_id not in BASELINES and t.step and t.seconds]
    steps = sum(trial.step or 0 for trial in trained)
    return sum(trial.seconds or 0.0 for trial in trained) / steps if steps else None


def hardware(device: str) -> str:
    """What the trials train on, by name, without a look through torch."""
    if device == "cuda":
        found = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
        models = [_field(path, "Model") for path in found]
        return models[0] if models and models[0] else "cuda"
    return f"{_field(Path('/proc/cpuinfo'), 'model name') or platform.machine()} x {os.cpu_count()}"


def _field(path: Path, name: str) -> str | None:
    """The first `name : value` of a file of the system."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return None
    values = (line.partition(":")[2].strip() for line in lines if line.startswith(name))
    return next(values, None)


def _path(spec: SweepSpec, device: str, lanes: int) -> Path:
    settings = study_settings(spec, lanes)
    training = settings.training.model_dump(include=set(OF_TRAINING))
    whole = settings.model_dump(mode="json", exclude={"training", "judges"})
    key = content_key(json.dumps([whole, training], sort_keys=True), hardware(device))
    return cache_folder() / "speeds" / f"{key}.json"
