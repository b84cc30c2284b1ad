"""How fast this machine trains and speaks: some steps of all lanes, and some replies.

The base model is loaded and trained on pairs of human replies for a few seconds; nothing is kept.
No warm start, no sampling of candidates, no scoring: what is measured is what a sweep does most.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import torch

from empathy import device as devices
from empathy import weights
from empathy.families import family_named
from empathy.lanes import memory
from empathy.lanes.adapters import Layout, adapt
from empathy.lanes.engine import LaneEngine, Task
from empathy.policy import Progress, Speaker
from empathy.records import Prompt
from empathy.selection import select
from empathy.settings import StudySettings, TrialSettings
from empathy.weights import Base

SECONDS = 5.0  # of training, and as much of speaking
PROMPTS = 64  # train prompts that are learnt
ASKED = 4  # validation prompts that are answered at a time


class Probed(NamedTuple):
    """What was measured."""

    lanes: int
    """As many as trained side by side: the wanted ones, or what the memory holds."""
    per_step: float
    """Seconds of an optimizer step of one of them."""
    per_reply: float
    """Seconds of a generated reply of one of them."""


def probe(settings: StudySettings, progress: Progress) -> Probed:
    """Measure; takes the loading of the model and about ten seconds.

    Raises UserError where weights, device or dialogues are not to be had.
    """
    chosen = select(settings.data, settings.evaluation).prompts
    base = _base(settings, progress)
    speaker = Speaker(base, settings.training, settings.evaluation)
    layout = adapt(base.model, base.family.lora_targets, settings.max_rank)
    task = _task(settings, speaker, chosen["train"][:PROMPTS])
    engine = LaneEngine(base.model, layout, task, _lanes(settings, base, layout, task))
    wide = TrialSettings(lora_rank=layout.rank)
    lanes = [engine.join(wide.model_copy(update={"seed": lane})) for lane in engine.free]
    progress("training some steps", 0, None)
    per_step = _per_step(engine, lanes)
    progress("speaking some replies", 0, None)
    per_reply = _per_reply(engine, lanes, speaker, chosen["validation"][:ASKED])
    return Probed(len(lanes), per_step, per_reply)


def _base(settings: StudySettings, progress: Progress) -> Base:
    progress("loading weights", 0, None)
    family, place = family_named(settings.family), devices.choose(settings.device)
    found = weights.prepare(
        settings.model, family, lambda stage, done: progress(stage, round(100 * done), 100)
    )
    return weights.load(
        found, family, dtype=place.dtype, device=str(place.device), new_head=settings.new_head
    )


def _task(settings: StudySettings, speaker: Speaker, train: Sequence[Prompt]) -> Task:
    """Human replies against each other, or alone, with a reference of zeros: time is the same."""
    training, human = settings.training, [prompt.human_reply for prompt in train]
    pairs = list(zip(human, [*human[1:], human[0]], strict=True))
    dpo = settings.objective == "dpo"
    examples = speaker.encode(train, pairs if dpo else [(reply,) for reply in human]).examples
    return Task(
        examples,
        torch.zeros(len(examples), len(examples[0].replies)),
        training.loss if dpo else "sft",
        training.max_steps,
        training.batch_size,
        training.gradient_accumulation,
    )


def _lanes(settings: StudySettings, base: Base, layout: Layout, task: Task) -> int:
    room = memory.available(base.model.device)
    if settings.lanes == 1 or room is None:
        return settings.lanes
    return memory.fitting(base.model, layout, task, settings.lanes, room)[0]


def _per_step(engine: LaneEngine, lanes: Sequence[int]) -> float:
    """The median, since a step that meets a new shape on a GPU compiles it."""
    took: list[float] = []
    begun = time.monotonic()
    while len(took) < 2 or time.monotonic() - begun < SECONDS:
        start = time.monotonic()
        engine.step(lanes)
        took.append(time.monotonic() - start)
    return median(took) / len(lanes)


def _per_reply(
    engine: LaneEngine, lanes: Sequence[int], speaker: Speaker, prompts: Sequence[Prompt]
) -> float:
    start, replies = time.monotonic(), 0
    with torch.no_grad(), engine.using(lanes):
        while replies == 0 or time.monotonic() - start < SECONDS:
            speaker.reply(prompts, len(lanes))
            replies += len(lanes) * len(prompts)
    return (time.monotonic() - start) / replies
