"""Which engine trains a sweep's trials, and why: lanes on one device, or ZeRO over several.

The decision is the plan's, before anything is loaded: from the shapes in a checkpoint's files and
the memory of a device.
"""

from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

from empathy import preflight
from empathy.errors import UserError
from empathy.families import FAMILIES
from empathy.lanes.footprint import GIB, Footprint, fits, footprint, shape
from sweeps.planning.handover import study_settings
from sweeps.sweepfile.spec import SweepSpec
from sweeps.sweepfile.zero_checks import lacking

Name = Literal["lanes", "zero"]
SHARED = "trials differ in their adapters alone, so they share one base model on one device"
QUERY = ("nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits")


class Engine(NamedTuple):
    """The choice."""

    name: Name
    reason: str

    @property
    def zero(self) -> bool:
        """Whether trials are spread over several devices."""
        return self.name == "zero"


def engine_of(spec: SweepSpec, device: str, address: str = "local") -> Engine:
    """The engine of a sweep that trains on this device (cpu or cuda), started at `address`.

    auto takes ZeRO where one lane is estimated not to fit a GPU, and lanes wherever it cannot be
    known: those measure the memory themselves before they train.
    """
    if spec.engine != "auto":
        return Engine(spec.engine, "as the sweep says")
    if device == "cpu":
        return Engine("lanes", SHARED)
    lacks = lacking(spec)
    if lacks is not None:
        return Engine("lanes", f"engine zero is not for this sweep: {lacks}")
    if address == "inprocess":
        return Engine("lanes", "without Ray there are no trials over several devices")
    return _by_memory(_footprint(spec), gpu_bytes(spec))


def _by_memory(needed: Footprint | None, available: int | None) -> Engine:
    """The choice by a lane's estimated bytes and a GPU's; None where nobody knows them."""
    if needed is None:
        return Engine("lanes", f"{SHARED}; its size is not known before its weights are here")
    parts = (
        f"one lane is estimated at {_gib(needed.total)} GiB (base {_gib(needed.base)}, adapter "
        f"{_gib(needed.adapter)}, activations {_gib(needed.activations)})"
    )
    if available is None:
        return Engine(
            "lanes",
            f"{parts}, but no GPU is here to compare it with; say resources.gpu_memory_gib, or "
            "set engine",
        )
    if fits(needed.total, available):
        return Engine("lanes", f"{SHARED}: {parts}, and a GPU has {_gib(available)}")
    return Engine("zero", f"{parts}, but a GPU has {_gib(available)}")


def missing(spec: SweepSpec, engine: Engine) -> list[str]:
    """What engine zero lacks here, a sentence each: DeepSpeed, or memory for the base model.

    The second is known of a checkpoint that is here, where the GPUs' memory is known too.
    """
    if not engine.zero:
        return []
    if find_spec("deepspeed") is None:
        return [
            "engine zero needs DeepSpeed, which is not installed: pip install deepspeed (on "
            "Linux), or set engine to lanes"
        ]
    if spec.resources.device == "cpu":
        return []  # trials and hosts share the memory of the machine
    needed, available = _footprint(spec), gpu_bytes(spec)
    if needed is None or available is None or fits(needed.base, available):
        return []
    return [
        f"the base model takes {_gib(needed.base)} GiB and a GPU has {_gib(available)}: ZeRO "
        "splits it while it trains, but one device must hold it whole to generate replies; take a "
        "smaller model, or larger GPUs"
    ]


def check_bucket(spec: SweepSpec, device: str, address: str) -> None:
    """Raises UserError for engine zero: workers on all nodes read and write files of the sweep."""
    engine = engine_of(spec, device, address)
    if engine.zero:
        raise UserError(
            f"--out names a bucket, but engine zero ({engine.reason}) needs a folder that all "
            "nodes share, as on NFS; give one, or set engine to lanes"
        )


def measuring(spec: SweepSpec) -> int:
    """Hosts of engine zero: they prepare the study and measure what others train."""
    return 1 if spec.resources.hosts == "auto" else spec.resources.hosts


def gpu_bytes(spec: SweepSpec) -> int | None:
    """The memory of the smallest GPU that the sweep trains on; None where nobody says."""
    if spec.resources.gpu_memory_gib is not None:
        return round(spec.resources.gpu_memory_gib * GIB)
    # Not through torch, whose import takes longer than all the rest of a plan.
    try:
        told = subprocess.run(QUERY, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    sizes = [int(line) for line in told.stdout.split() if line.isdigit()]  # MiB
    return min(sizes) * 2**20 if sizes else None


def _footprint(spec: SweepSpec) -> Footprint | None:
    """Of the sweep's widest lane; None where its checkpoint is not here in full."""
    settings = study_settings(spec, 1)
    folder = checkpoint(spec)
    found = shape(folder, FAMILIES[spec.family].lora_targets) if folder else None
    return footprint(found, spec.training, settings.max_rank) if found else None


def checkpoint(spec: SweepSpec) -> Path | None:
    """Where the sweep's checkpoint lies, if it is here."""
    _, folder = preflight.outlook(study_settings(spec, 1), "cpu")
    return folder


def _gib(count: int) -> str:
    return f"{count / GIB:.2g}" if count < GIB else f"{count / GIB:.1f}"
