"""What a sweep will do, before it does it: counts, choices and checks; no model is loaded.

Time is never guessed: it is told where this machine was measured, see `sweeps.planning.outlay`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from empathy import preflight
from empathy.corpora import load_corpora
from empathy.errors import UserError
from empathy.preflight import Finding
from empathy.prompts import prompts
from empathy.records import SPLITS, Dialogue, Prompt, Split
from empathy.safety.crisis import chosen
from empathy.schemes import draws
from empathy.splits import by_split
from sweeps.planning import engines, obstacles
from sweeps.planning.handover import study_settings
from sweeps.planning.outlay import Outlay, Span, Work, measured_now, outlay
from sweeps.planning.outlay import obstacles as beyond
from sweeps.planning.speeds import Speed, kept
from sweeps.search import search
from sweeps.sweepfile import judging, space
from sweeps.sweepfile.privacy import private_corpora, tracking_mode
from sweeps.sweepfile.space import Scalar
from sweeps.sweepfile.spec import SweepSpec
from sweeps.watching.tracking import has_login

Device = Literal["cpu", "cuda"]

# Measured with the prototype: a CPU trains 1 / 4 lanes of Gemma-3-270M at 0.79 / 0.89 pairs a
# second, an H100 1 / 4 / 8 / 16 at 58 / 176 / 224 / 241. More lanes than these cost memory and gain
# little.
MOST_LANES: dict[Device, int] = {"cpu": 4, "cuda": 16}


@dataclass(frozen=True)
class Data:
    """What the corpora hold, and what of it the sweep uses."""

    dialogues: int
    prompts: dict[Split, int]
    """Prompts there are."""
    used: dict[Split, int]
    """Prompts that the sweep takes of them."""
    left_out: dict[str, int]
    """Exchanges that make no prompt, by reason."""
    languages: dict[str, int]
    """Validation prompts there are, by language."""


@dataclass(frozen=True)
class Plan:
    """What `--dry-run` shows."""

    sweep: str
    description: str
    objective: str
    """dpo or sft, and what it minimises."""
    method: str
    metric: str
    trials: int
    parameters: dict[str, str]
    """The range of each, in words."""
    examples: list[dict[str, Scalar]]
    """Settings that the search tries before it has seen a result, in its order."""
    engine: str
    engine_reason: str
    device: Device
    device_reason: str
    lanes: int
    """Trials trained together on a device."""
    workers: int | None
    """Devices of one trial, where engine zero spreads it; else None."""
    lanes_reason: str
    hosts: str
    """How many devices, in words: a cluster is known once the sweep runs on it."""
    repeated: int
    """Trainings of the finalists with other seeds, after the search."""
    rungs: tuple[int, ...]
    """Steps at which trials may be stopped."""
    steps_at_most: int
    """Optimizer steps of all trials, none of them stopped."""
    steps_halved: int | None
    """The same if at every rung one in eta goes on; None without early stopping."""
    replies_at_most: int
    """Replies generated: to make pairs, at every report of every trial, and at the end."""
    outlay: Outlay
    """Hours, money, memory and disk."""
    judges: list[str]
    """Who compares the finalists' replies with others, and what that takes."""
    weights: str
    tracking: str
    data: Data | None
    """None where the corpora cannot be read; `missing` says why."""
    missing: list[str]
    """What stands in the way of a run, one sentence each."""
    preflight: list[Finding]
    """What was looked at beforehand: ok, warning, error, or to be looked at when it starts."""

    def as_dict(self) -> dict[str, Any]:
        """The plan as plain JSON."""
        return asdict(self)


def plan(
    spec: SweepSpec,
    out: Path = Path(),
    *,
    price: float | None = None,
    speed: Speed | None = None,
) -> Plan:
    """The plan of a sweep whose results go to `out`, at a `price` of a device-hour; None: its own.

    `speed` was measured just now; without it an earlier sweep's is looked for. Reads the corpora if
    they are there; nothing is missing silently.
    """
    device, device_reason = device_here(spec)
    engine = engines.engine_of(spec, device)
    weights, missing = obstacles.weights(spec)
    lanes = 1 if engine.zero else lanes_on(device, spec)
    settings = study_settings(spec, lanes)
    looked_at = preflight.plan(settings, device, _some_prompts(spec))
    missing += obstacles.errors(looked_at, said=bool(missing)) + obstacles.device(spec)
    missing += judging.missing(spec) + engines.missing(spec, engine)
    try:
        data = count(spec)
        missing += obstacles.gaps(data.used) + obstacles.unread(spec, data.languages)
    except UserError as error:
        data = None
        missing.append(str(error))
    work, speed = _work(spec, data), speed or kept(spec, device, lanes)
    takes = outlay(spec, settings, device, work, speed, price=price, out=out)
    missing += beyond(takes)
    trials = search.number_of_trials(spec)
    return Plan(
        sweep=spec.name,
        description=spec.description,
        objective=_objective(spec),
        method=spec.method,
        metric=" and ".join(f"{aim.goal} {aim.name}" for aim in spec.metric.aims),
        trials=trials,
        parameters={name: _range(spec, name) for name in spec.parameters},
        examples=search.examples(spec, search.blind(spec)),
        engine=engine.name,
        engine_reason=engine.reason,
        device=device,
        device_reason=device_reason,
        lanes=lanes,
        workers=spec.zero.workers if engine.zero else None,
        lanes_reason=_lanes_reason(device, spec, lanes),
        hosts=_hosts(device, spec, engine),
        rungs=search.rungs(spec),
        repeated=repeated(spec, trials),
        steps_at_most=int(work.steps.at_most),
        steps_halved=_halved(spec, trials),
        replies_at_most=int(work.replies.at_most),
        outlay=takes,
        judges=judging.lines(spec, min(spec.finalists.top, trials)),
        weights=weights,
        tracking=_tracking(spec),
        data=data,
        missing=missing,
        preflight=looked_at,
    )


def probed(spec: SweepSpec) -> Speed:
    """Measure this machine as the sweep would use it; see `sweeps.planning.outlay.measured_now`."""
    device, _ = device_here(spec)
    return measured_now(study_settings(spec, lanes_on(device, spec)))


def _work(spec: SweepSpec, data: Data | None) -> Work:
    trials = search.number_of_trials(spec)
    trainings, halved = trials + repeated(spec, trials), _halved(spec, trials)
    steps = Span(halved, trainings * spec.training.max_steps)
    return Work(trainings, steps, _replies(spec, trials, data, halved))


def lanes_on(device: Device, spec: SweepSpec) -> int:
    """How many trials train together on a device: what the sweep says, or enough to fill it."""
    wanted = MOST_LANES[device] if spec.resources.lanes == "auto" else spec.resources.lanes
    return min(wanted, search.number_of_trials(spec))


def _lanes_reason(device: Device, spec: SweepSpec, lanes: int) -> str:
    if spec.resources.lanes != "auto":
        return "as the sweep says" if lanes == spec.resources.lanes else "there are no more trials"
    if lanes < MOST_LANES[device]:
        return "all trials side by side"
    return {
        "cpu": "more gain little on a CPU, as measured",
        "cuda": "more gained the prototype little on an H100; the memory is tried at the start",
    }[device]


def _hosts(device: Device, spec: SweepSpec, engine: engines.Engine) -> str:
    wanted = spec.resources.hosts
    if engine.zero:
        number = engines.measuring(spec)
        return f"{number} device{'s' if number > 1 else ''} to measure; trials take the others"
    if wanted != "auto":
        return f"{wanted} device{'s' if wanted > 1 else ''}, as the sweep says"
    return {"cuda": "every GPU of the cluster", "cpu": "one device per node"}[device]


def count(spec: SweepSpec) -> Data:
    """Dialogues and prompts per split. Raises `UserError` if a corpus is missing or leaks."""
    dialogues = _dialogues(spec)
    home = {d.group: split for split, part in by_split(dialogues).items() for d in part}
    found = prompts(dialogues, spec.data)
    there = Counter(home[prompt.group] for prompt in found.prompts)
    wanted: dict[Split, int | None] = {
        "train": spec.data.max_prompts,
        "validation": spec.evaluation.validation_prompts,
        "test": spec.evaluation.test_prompts,
    }
    used = {split: min(there[split], wanted[split] or there[split]) for split in SPLITS}
    spoken = Counter(p.language for p in found.prompts if home[p.group] == "validation")
    return Data(len(dialogues), {s: there[s] for s in SPLITS}, used, found.left_out, dict(spoken))


def _dialogues(spec: SweepSpec) -> list[Dialogue]:
    return load_corpora(spec.data.corpora, spec.data.folder, spec.data.file)


def _some_prompts(spec: SweepSpec) -> Sequence[Prompt]:
    """Train prompts to try the tokenizer on; none where the corpora cannot be read."""
    try:
        dialogues = by_split(_dialogues(spec))["train"]
    except UserError:  # `missing` says it
        return []
    train = prompts(dialogues, spec.data).prompts
    return train[:: max(1, len(train) // preflight.SOME)]


def device_here(spec: SweepSpec) -> tuple[Device, str]:
    if spec.resources.device != "auto":
        return spec.resources.device, "as the sweep says"
    # Not through torch, whose import takes longer than all the rest of a plan.
    if Path("/proc/driver/nvidia/version").exists():
        return "cuda", "this machine has an NVIDIA driver"
    return "cpu", "this machine has no NVIDIA driver"


def _tracking(spec: SweepSpec) -> str:
    mode = tracking_mode(spec)
    if mode == "auto":
        found = "online" if has_login() else "offline, for want of an API key"
    elif mode == spec.tracking.mode:
        found = mode
    else:
        found = f"{mode}: corpus {private_corpora(spec)[0]} is private"
    return f"Weights & Biases {found}"


def _range(spec: SweepSpec, name: str) -> str:
    parameter = spec.parameters[name]
    if parameter.choices is not None:
        return ", ".join(map(str, parameter.choices))
    words = {"log_uniform_values": "logarithmic", "int_uniform": "whole numbers"}
    drawn = words.get(space.distribution(name, parameter), "uniform")
    return f"{parameter.min} to {parameter.max}, {drawn}"


def _objective(spec: SweepSpec) -> str:
    if spec.objective == "sft":
        return "sft on the human replies, without preference pairs"
    return f"dpo on preference pairs, loss {spec.training.loss}"


def _halved(spec: SweepSpec, trials: int) -> int | None:
    """Steps of all trials if ceil(n / eta) of the n that reach a rung go on beyond it."""
    if spec.early_terminate is None:
        return None
    total, start, left = 0, 0, trials
    for end in (*search.rungs(spec), spec.training.max_steps):
        total += left * (end - start)
        start, left = end, math.ceil(left / spec.early_terminate.eta)
    return total + repeated(spec, trials) * spec.training.max_steps


def repeated(spec: SweepSpec, trials: int) -> int:
    """Trainings of finalists with other seeds, if as many finalists as wanted reach the end."""
    return min(spec.finalists.top, trials) * (spec.finalists.seeds - 1)


def _replies(spec: SweepSpec, trials: int, data: Data | None, halved: int | None) -> Span:
    """Base and SFT model are measured on both splits, trials on validation, finalists on test;
    base, SFT and finalists answer people in crisis as well."""
    validation, test = spec.evaluation.validation_prompts, spec.evaluation.test_prompts
    train = spec.data.max_prompts or 0
    if data is not None:
        train, validation, test = (data.used[split] for split in SPLITS)
    if spec.objective == "sft":
        train = 0  # it imitates the human replies; held-out pairs are made all the same
    judged = min(spec.finalists.top, trials) * spec.finalists.seeds
    held_out = sum(min(spec.data.held_out_pairs, found) for found in (validation, test))
    pairs = (train + held_out) * draws(spec.data)
    crisis = len(chosen(spec.evaluation.crisis_prompts))
    reports = (trials + repeated(spec, trials)) * len(spec.report_steps)
    rest = pairs + 2 * validation + (judged + 2) * (test + crisis)
    likely = None if halved is None else rest + halved / spec.evaluation.report_every * validation
    return Span(likely, rest + reports * validation)
