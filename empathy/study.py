"""Everything that trials of one base model share, made ready once, in the order of the flow.

dialogues -> prompts -> warm start -> candidate replies -> pairs -> reference -> the lane engine.
On the way the untrained base and the SFT model are measured like any trial.

With `objective: sft` trials go on learning the human replies of the train prompts, so that no train
pair is made; held-out pairs are the same as with `dpo`, for `pair_accuracy` to compare both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from empathy import device as devices
from empathy import preflight, weights
from empathy.checkpoints import quantization
from empathy.evaluate import (
    Answers,
    Evaluation,
    PairMargins,
    evaluate,
    evaluate_human,
    evaluate_many,
)
from empathy.export import Part, write_winner
from empathy.families import family_named
from empathy.full_sft import FullWarmStart, full_warm_start
from empathy.judges import Judges
from empathy.lanes import checkpoint, memory
from empathy.lanes.adapters import Layout, adapt
from empathy.lanes.engine import LaneEngine, Task, measure
from empathy.lanes.rows import Example
from empathy.policy import Encoded, Progress, Speaker, Spoken, texts
from empathy.preferences import Preferences
from empathy.privacy import holds_private
from empathy.records import Prompt, Split
from empathy.reference import reference_logps
from empathy.safety import examination
from empathy.selection import Material, invented_prompts, select
from empathy.settings import StudySettings, TrialSettings
from empathy.sft import WarmStart, warm_start
from empathy.weights import Base

Said = dict[str, list[str]]
"""A policy's replies in words, by topic and in the order of the topic's prompts."""
HELD_OUT: tuple[Split, ...] = ("validation", "test")
SHOWN = "shown"  # invented prompts, whose replies may be shown to anybody
SAMPLES = 6  # of them
BASE, SFT = "base", "sft"


@dataclass(frozen=True)
class HeldOut:
    """What policies are measured on in one split."""

    prompts: tuple[Prompt, ...]
    human: Evaluation
    pairs: list[Example]
    pair_groups: tuple[str, ...]
    reference: Tensor  # (n, 2)


class Study:
    """A prepared base model: trains lanes through `engine` and measures them."""

    def __init__(self, settings: StudySettings, progress: Progress) -> None:
        """Prepare everything; this takes minutes. Raises UserError for what cannot work."""
        self.settings, self._progress = settings, progress
        progress("reading dialogues", 0, None)
        selected = select(settings.data, settings.evaluation)
        chosen = selected.prompts
        self.facts: dict[str, Any] = {"data": selected.facts}
        self.asked: dict[str, Sequence[Prompt]] = {
            **{split: chosen[split] for split in HELD_OUT},
            SHOWN: invented_prompts(settings.data, SAMPLES),
            **examination.asked(settings.evaluation),
        }
        self.said: dict[str, Said] = {
            "human": {topic: [p.human_reply for p in some] for topic, some in self.asked.items()}
        }
        self.base = self._load(chosen["train"])
        self.speaker = Speaker(self.base, settings.training, settings.evaluation)
        self.judges = Judges.shipped()
        for split, found_there in chosen.items():
            if unread := self.judges.unread(prompt.language for prompt in found_there):
                selected.facts[split]["unread"] = unread
        humans = {split: evaluate_human(chosen[split], split, self.judges) for split in HELD_OUT}
        self.facts["human"] = {
            split: {name: each.as_dict() for name, each in measured.metrics.items()}
            for split, measured in humans.items()
        }
        spoken = {BASE: self._speak(BASE)}
        self.warm_start = self._warm_start(chosen["train"])
        self._identity = self.base.identity + (self.warm_start.sha256 if self.warm_start else "")
        if settings.quantization == "4bit":
            quantization.quantise(self.base.model)
            self._identity += settings.quantization
        spoken[SFT] = self._speak(SFT)
        self._preferences = Preferences(
            self.speaker, self.judges, settings.data, self._identity, progress
        )
        self.held_out: dict[Split, HeldOut] = {
            split: self._held_out(split, selected.parts[split], humans[split]) for split in HELD_OUT
        }
        self.baselines = self._baselines(spoken)
        self.engine = self._engine(selected.parts["train"])
        self.card = self._preferences.card(selected)
        self.facts |= self._preferences.facts() | {"data_cautions": self.card["cautions"]}

    # -- preparation --------------------------------------------------------------------------

    def _load(self, train: Sequence[Prompt]) -> Base:
        """The untrained base on its device, once nothing speaks against it."""
        settings, progress = self.settings, self._progress
        progress("loading weights", 0, None)
        place = devices.choose(settings.device)
        if settings.quantization == "4bit":
            quantization.check(place.device)
        family = family_named(settings.family)
        found = weights.prepare(
            settings.model, family, lambda stage, done: progress(stage, round(100 * done), 100)
        )
        looked_at = preflight.inspect(found.folder, found.source, settings, train)
        preflight.stop_on_errors(looked_at)
        self.facts["preflight"] = [finding.as_dict() for finding in looked_at]
        for finding in looked_at:
            if finding.level == "warning":
                progress(f"warning: {finding.told}", 0, None)
        base = weights.load(
            found,
            family,
            dtype=place.dtype,
            device=str(place.device),
            new_head=settings.new_head,
        )
        self.facts["weights"] = self._identified(base, str(place.dtype), str(place.device))
        return base

    def _identified(self, base: Base, dtype: str, device: str) -> dict[str, Any]:
        """Which weights these are, for the manifest."""
        found = base.weights
        return {
            "source": found.source,
            "name": found.name,
            "revision": found.revision,
            "sha256": found.sha256,
            "head": base.new_head or "the checkpoint's own",
            "dtype": dtype,
            "device": device,
            "quantization": self.settings.quantization,
        }

    def _warm_start(self, train: Sequence[Prompt]) -> WarmStart | FullWarmStart | None:
        """Train or find the SFT weights and merge them into the base; None for no steps."""
        settings, family = self.settings, self.base.family
        if settings.warm_start.steps == 0:
            return None
        encoded = self._human_replies(train, "warm_start")
        train_it = full_warm_start if family.warm_start == "full" else warm_start
        trained = train_it(
            self.base.model,
            family.lora_targets,
            encoded.examples,
            settings.warm_start,
            weights=self.base.identity,
            progress=self._progress,
        )
        trained.merge(self.base.model, family.lora_targets)
        return trained

    def _human_replies(self, chosen: Sequence[Prompt], stage: str) -> Encoded:
        """What supervised training learns: each prompt with what the counsellor said."""
        encoded = self.speaker.encode(chosen, [(prompt.human_reply,) for prompt in chosen])
        self._count(stage, encoded)
        return encoded

    def _engine(self, train: Material) -> LaneEngine:
        """The lane engine on what the objective learns from the train split."""
        settings, training = self.settings, self.settings.training
        examples, reference, loss = {"dpo": self._preferred, "sft": self._imitated}[
            settings.objective
        ](train)
        task = Task(
            examples,
            reference,
            loss,
            training.max_steps,
            training.batch_size,
            training.gradient_accumulation,
            training.balanced_batches,
        )
        layout = adapt(self.base.model, self.base.family.lora_targets, settings.max_rank)
        return LaneEngine(self.base.model, layout, task, self._lanes(layout, task))

    def _lanes(self, layout: Layout, task: Task) -> int:
        """The lanes wanted, or as many as the device was found to have memory for."""
        wanted, room = self.settings.lanes, memory.available(self.base.model.device)
        if wanted == 1 or room is None:
            return wanted
        self._progress("measuring the memory that lanes take", 0, None)
        lanes, found = memory.fitting(self.base.model, layout, task, wanted, room)
        self.facts["lanes"] = {"wanted": wanted, "fitting": lanes, "available_bytes": room}
        if found is not None:
            self.facts["lanes"] |= {"base_bytes": found.base, "per_lane_bytes": found.per_lane}
        if lanes < wanted:
            self._progress(f"warning: {lanes} of {wanted} lanes fit into the memory", 0, None)
        return lanes

    def _preferred(self, train: Material) -> tuple[list[Example], Tensor, str]:
        """Train pairs, with the reference computed or found, `(n, 2)`, and their loss."""
        pairs = self._preferences.train(train).examples
        heard = partial(self._progress, "reference log-probabilities")
        heard(0, len(pairs))
        reference = reference_logps(self.base.model, pairs, self._identity, heard)
        return pairs, reference, self.settings.training.loss

    def _imitated(self, train: Material) -> tuple[list[Example], Tensor, str]:
        """Human replies, which the loss compares with no reference: zeros `(n, 1)`."""
        examples = self._human_replies(train.prompts, "imitated").examples
        return examples, torch.zeros(len(examples), 1), "sft"

    def _count(self, stage: str, encoded: Encoded) -> None:
        self.facts[f"{stage}_truncated"] = {
            "of": len(encoded.examples),
            "prompts": encoded.prompts_cut,
            "replies": encoded.replies_cut,
        }

    # -- measurement --------------------------------------------------------------------------

    def _speak(self, name: str) -> dict[str, Spoken]:
        """The bare model's replies to all that is asked, as it stands now under this name."""
        spoken, of = {}, sum(map(len, self.asked.values()))
        before = 0

        def heard(done: int, _: int) -> None:
            self._progress(f"{name} replies", before + done, of)

        heard(0, of)
        for topic, prompts in self.asked.items():
            (spoken[topic],) = self.speaker.reply(prompts, heard=heard)
            before += len(prompts)
        self.said[name] = {topic: texts(each) for topic, each in spoken.items()}
        return spoken

    def _held_out(self, split: Split, part: Material, human: Evaluation) -> HeldOut:
        """What to measure on; where no scheme gives a pair, pair accuracy will be missing."""
        pairs, groups = self._preferences.held_out(split, part)
        reference = torch.empty(0, 2)
        if pairs:
            heard = partial(self._progress, f"reference log-probabilities, {split}")
            heard(0, len(pairs))
            reference = reference_logps(self.base.model, pairs, self._identity, heard)
        return HeldOut(part.prompts, human, pairs, groups, reference)

    def _baselines(
        self, spoken: Mapping[str, Mapping[str, Spoken]]
    ) -> dict[str, dict[Split, Evaluation]]:
        """Base and SFT on both held-out splits; SFT has no rival in itself."""
        measured: dict[str, dict[Split, Evaluation]] = {BASE: {}, SFT: {}}
        for number, (split, held) in enumerate(self.held_out.items()):
            self._progress("scoring base and SFT", number, len(self.held_out))
            sft = evaluate(
                Answers.generated(SFT, spoken[SFT][split].replies),
                held.prompts,
                split,
                self.judges,
                human=held.human,
            )
            measured[SFT][split] = sft
            measured[BASE][split] = evaluate(
                Answers.generated(BASE, spoken[BASE][split].replies),
                held.prompts,
                split,
                self.judges,
                sft=sft,
                human=held.human,
            )
        return measured

    @torch.no_grad()
    def reply(self, policies: Mapping[str, int], topic: str) -> dict[str, Spoken]:
        """What each lane in `policies` (name to lane) says to the prompts of a topic of `asked`."""
        lanes = list(policies.values())
        with self.engine.using(lanes):
            spoken = self.speaker.reply(self.asked[topic], len(lanes))
        return dict(zip(policies, spoken, strict=True))

    def evaluate(self, policies: Mapping[str, int], split: Split) -> dict[str, Evaluation]:
        """Every lane in `policies` on one split, all at once."""
        return self.measure(policies, self.reply(policies, split), split)

    @torch.no_grad()
    def measure(
        self, policies: Mapping[str, int], spoken: Mapping[str, Spoken], split: Split
    ) -> dict[str, Evaluation]:
        """The numbers of what these lanes have said to the prompts of a split."""
        held, said = self.held_out[split], [spoken[name] for name in policies]
        with self.engine.using(list(policies.values())):
            rewards = self._rewards(held, len(policies))
        ratios = self.speaker.log_ratios(held.prompts, said)
        answers = [
            Answers.generated(
                name,
                each.replies,
                log_ratios=ratio,
                pair_margins=PairMargins(
                    (own[:, 0] - own[:, 1]).tolist(), held.pair_groups, own[:, 0].tolist()
                ),
            )
            for name, each, ratio, own in zip(policies, said, ratios, rewards, strict=True)
        ]
        measured = evaluate_many(
            answers,
            held.prompts,
            split,
            self.judges,
            sft=self.baselines[SFT][split],
            human=held.human,
        )
        return dict(zip(policies, measured, strict=True))

    def _rewards(self, held: HeldOut, lanes: int) -> Tensor:
        """log pi - log ref of (chosen, rejected) by each lane in use, `[lane, pair, 2]`, nats."""
        if not held.pairs:
            return torch.empty(lanes, 0, 2)
        return measure(self.base.model, [held.pairs] * lanes) - held.reference

    # -- lanes on disk ------------------------------------------------------------------------

    def save(self, lane: int, settings: TrialSettings, path: Path, told: Mapping[str, Any]) -> None:
        """Write a lane's checkpoint, and in it what `told` finds again."""
        checkpoint.save(path, self.engine.layout, self.engine.state(lane), settings, told)

    def told(self, saved: Path) -> dict[str, Any]:
        """What was given to `save` beside the lane."""
        return checkpoint.told(saved)

    def join(self, settings: TrialSettings, saved: Path | None) -> int:
        """Occupy a lane, from the start or from a checkpoint; returns the lane."""
        state = checkpoint.load(saved, self.engine.layout)[0] if saved else None
        return self.engine.join(settings, state)

    def resume(self, saved: Path) -> int:
        """Occupy a lane with what a checkpoint holds, under its own settings."""
        state, settings = checkpoint.load(saved, self.engine.layout)
        return self.engine.join(settings, state)

    def export(self, saved: Path, folder: Path) -> None:
        """Write a checkpoint's adapter for the *original* base, warm start included, with PEFT.

        Where the warm start trained all weights, or the head is new, the base is written beside it.
        """
        state, settings = checkpoint.load(saved, self.engine.layout)
        dpo = self.engine.layout.lora(state.weights, settings.lora_rank)
        parts = [Part(dpo, settings.lora_scale)]
        whole = self.base.new_head is not None
        if (start := self.warm_start) is not None:
            parts = [*start.parts(self.base.model, self.base.family.lora_targets), *parts]
            whole = whole or start.whole
        private = holds_private(self.settings.data.model_dump())
        write_winner(folder, parts, self.base, whole=whole, private=private)
