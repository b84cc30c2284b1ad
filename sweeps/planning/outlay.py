"""What a sweep will take of the machine: memory, disk, hours and money, as far as anybody can know.

Hours come from a measurement on this hardware: a probe just now, or an earlier sweep like this one.
Without either they are not told. Memory and disk follow from the shapes of the model.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from empathy import preflight
from empathy.errors import UserError
from empathy.settings import StudySettings
from sweeps.planning.speeds import Speed
from sweeps.sweepfile.spec import SweepSpec

if TYPE_CHECKING:
    from empathy.lanes.forecast import Forecast

NOT_MEASURED = "not measured here: --probe measures for about ten seconds, once the model is loaded"
SAMPLED = {"ranked"}
"""Schemes whose pairs hold generated replies alone, which are never longer than allowed."""
HISTORY_BYTES = 500  # of a report, for each validation prompt


class Span(NamedTuple):
    """From what is likely to what is possible."""

    about: float | None
    """If early stopping halves as it should; None without early stopping."""
    at_most: float


class Work(NamedTuple):
    """What there is to do, likely and at most."""

    trainings: int
    """Trials, and finalists' further trainings."""
    steps: Span
    """Optimizer steps of all trials."""
    replies: Span
    """Replies generated."""


@dataclass(frozen=True)
class Outlay:
    """What the sweep will take."""

    hours: Span | None
    """Of the clock; None: not measured."""
    device_hours: Span | None
    """Of all devices together."""
    hours_source: str
    """Who measured that, or why nobody did."""
    price_per_hour: float | None
    """Of one device, as given."""
    cost: Span | None
    """In the currency of the price."""
    memory_bytes: int | None
    """Predicted peak of a device while all lanes train on the longest pairs; None: not known."""
    weights_bytes: int | None
    """Of the base model, within that."""
    device_bytes: int | None
    """What a device here has; None: not known."""
    disk_bytes: int | None
    """Of the results folder, at most."""
    disk_free_bytes: int
    """Where it would stand."""


def outlay(
    spec: SweepSpec,
    settings: StudySettings,
    device: str,
    work: Work,
    speed: Speed | None,
    *,
    price: float | None,
    out: Path,
) -> Outlay:
    """Where results go to `out` and an hour of a device has this price; None: the sweep's own."""
    price = spec.resources.price_per_hour if price is None else price
    shapes = _shapes(settings, device)
    hours = device_hours = None
    if speed is not None:
        device_hours = _device_hours(spec, work, speed)
        hours = _map(device_hours, 1 / devices(spec, device))
    cost = None if price is None or device_hours is None else _map(device_hours, price)
    return Outlay(
        hours=hours,
        device_hours=device_hours,
        hours_source=NOT_MEASURED if speed is None else f"measured by {speed.source}",
        price_per_hour=price,
        cost=cost,
        memory_bytes=shapes and shapes.peak(settings.lanes, split=device == "cpu"),
        weights_bytes=shapes and shapes.weights,
        device_bytes=device_bytes(device),
        disk_bytes=shapes and _disk(spec, shapes, work.trainings),
        disk_free_bytes=shutil.disk_usage(_standing(out)).free,
    )


def obstacles(found: Outlay) -> list[str]:
    """What cannot work, one sentence each."""
    wrong = []
    if found.weights_bytes and found.device_bytes and found.weights_bytes > found.device_bytes:
        wrong.append(
            f"the base model takes {size(found.weights_bytes)} and a device has "
            f"{size(found.device_bytes)}: choose a smaller model, or quantization=4bit on a GPU"
        )
    if found.disk_bytes and found.disk_bytes > found.disk_free_bytes:
        wrong.append(
            f"the results take up to {size(found.disk_bytes)} and the disk has "
            f"{size(found.disk_free_bytes)} left: free some, or give --out on another disk"
        )
    return wrong


def devices(spec: SweepSpec, device: str) -> int:
    """Devices that will train: what the sweep says, or those of this machine."""
    if spec.resources.hosts != "auto":
        return spec.resources.hosts
    return max(1, len(list(Path("/proc/driver/nvidia/gpus").glob("*")))) if device == "cuda" else 1


def device_bytes(device: str) -> int | None:
    """Memory of a device of this machine; None where nobody says."""
    if device == "cpu":
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
        return min(int(line) << 20 for line in told.stdout.split())
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def size(number: float) -> str:
    """Bytes as people read them."""
    for unit in ("B", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.0f} {unit}"
        number /= 1024
    return f"{number:.1f} GiB"


def measured_now(settings: StudySettings) -> Speed:
    """Measure this machine, with a line for each thing that is done on the way to stderr."""
    from rich.console import Console  # and torch: not for those who only list sweeps

    from empathy.probe import probe

    console, heard = Console(stderr=True), set[str]()

    def progress(stage: str, done: int, total: int | None) -> None:
        if stage not in heard:
            heard.add(stage)
            console.print(f"probe: {stage}", markup=False, highlight=False)

    found = probe(settings, progress)
    return Speed(
        found.per_step,
        found.per_reply,
        preparation=None,
        examination=None,
        source=f"a probe of {found.lanes} lanes just now, without scoring",
    )


def _device_hours(spec: SweepSpec, work: Work, speed: Speed) -> Span:
    """A probe's replies are counted one by one; a sweep's steps have their reports in them."""

    def hours(steps: float, replies: float) -> float:
        seconds = steps * speed.per_step + (speed.preparation or 0) + (speed.examination or 0)
        if speed.per_reply is not None:
            seconds += replies * speed.per_reply + spec.warm_start.steps * speed.per_step
        return seconds / 3600

    about = None
    if work.steps.about is not None and work.replies.about is not None:
        about = hours(work.steps.about, work.replies.about)
    return Span(about, hours(work.steps.at_most, work.replies.at_most))


def _map(span: Span, factor: float) -> Span:
    return Span(None if span.about is None else span.about * factor, span.at_most * factor)


def _shapes(settings: StudySettings, device: str) -> Forecast | None:
    """What the model's configuration says of its memory; None while it is not on this machine."""
    folder = preflight.at_hand(settings)
    if folder is None:
        return None
    from empathy.lanes.forecast import of_checkpoint  # torch

    training, dpo = settings.training, settings.objective == "dpo"
    reply = training.max_length - training.max_prompt_tokens
    if dpo and set(settings.data.schemes) <= SAMPLED:
        reply = min(reply, settings.evaluation.max_new_tokens)
    lengths = (training.max_prompt_tokens, *[reply] * (2 if dpo else 1))
    dtype = "bfloat16" if device == "cuda" else "float32"
    try:
        return of_checkpoint(folder, settings, lengths, dtype)
    except (
        UserError,
        OSError,
        ValueError,
    ):  # a checkpoint that does not fit: the preflight says so
        return None


def _disk(spec: SweepSpec, shapes: Forecast, trainings: int) -> int:
    """A checkpoint per training at the widest rank, its evaluations, and the winner."""
    reports = trainings * (len(spec.report_steps) + 1) * spec.evaluation.validation_prompts
    return (trainings + 1) * shapes.row + reports * HISTORY_BYTES


def _standing(path: Path) -> Path:
    """The nearest folder above a path that is there already."""
    return next(each for each in [path.absolute(), *path.absolute().parents] if each.is_dir())
