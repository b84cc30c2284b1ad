"""Corpora -> the material of every split, with a count of everything that was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from empathy import schemes, splits
from empathy.cache import content_key
from empathy.corpora import count_corpora, load_contrasts, load_corpora
from empathy.errors import UserError
from empathy.prompts import PromptSet, prompts
from empathy.records import Contrast, Dialogue, Prompt, Split
from empathy.settings import DataSettings, EvaluationSettings


@dataclass(frozen=True, slots=True)
class Material:
    """What one split has: all its dialogues and rephrasings, and the prompts chosen of it."""

    dialogues: tuple[Dialogue, ...]
    contrasts: tuple[Contrast, ...]
    found: PromptSet
    """Every prompt there is, and why the other exchanges make none."""
    selection: splits.Selection

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """The prompts that are used: to warm up, to sample for, or to be measured on."""
        return self.selection.prompts

    def of(self, corpus: str) -> tuple[Dialogue, ...]:
        """The dialogues of one corpus."""
        return tuple(each for each in self.dialogues if each.corpus == corpus)


class Selected(NamedTuple):
    """Material by split, what the manifest says of it, and what reading merged and dropped."""

    parts: Mapping[Split, Material]
    facts: dict[str, Any]
    reading: Mapping[str, Mapping[str, int]]

    @property
    def prompts(self) -> dict[Split, tuple[Prompt, ...]]:
        """The prompts that are used, by split."""
        return {split: part.prompts for split, part in self.parts.items()}


def select(data: DataSettings, rules: EvaluationSettings) -> Selected:
    """As many prompts per split as the settings ask for, from as many groups as possible.

    Raises UserError for a leak, a missing corpus, a scheme that cannot use the corpora, or a split
    without any prompt.
    """
    problem = schemes.problem(data)
    if problem is not None:
        raise UserError(f"data.schemes {problem}")
    dialogues = load_corpora(data.corpora, data.folder, data.file)
    contrasts = load_contrasts(data.corpora, data.folder) if "rephrase" in data.schemes else []
    wanted: dict[Split, int | None] = {
        "train": data.max_prompts,
        "validation": rules.validation_prompts,
        "test": rules.test_prompts,
    }
    _check_groups(dialogues, data)
    phrased = splits.by_split(contrasts)
    parts = {
        split: _part(split, some, phrased[split], data, wanted[split])
        for split, some in splits.by_split(dialogues).items()
    }
    everything: dict[Split, list[splits.Item]] = {
        split: [*part.dialogues, *part.contrasts] for split, part in parts.items()
    }
    splits.check_no_leak(everything)
    splits.check_no_leak({split: part.prompts for split, part in parts.items()})
    facts: dict[str, Any] = {"corpora": list(data.corpora), "dialogues": len(dialogues)}
    facts["sha256"] = _digest(dialogues, contrasts)
    facts |= {split: _facts(part) for split, part in parts.items()}
    return Selected(parts, facts, count_corpora(data.corpora, data.folder, data.file))


def _digest(dialogues: Sequence[Dialogue], contrasts: Sequence[Contrast]) -> str:
    """SHA-256 of all that the corpora hold: a word more or less gives another."""
    return content_key(
        [[d.corpus, d.dialogue_id, d.group, d.split, *([t.speaker, t.text] for t in d.turns)]
         for d in dialogues],
        [[c.corpus, c.contrast_id, c.group, c.better, c.worse] for c in contrasts],
    )  # fmt: skip


def _check_groups(dialogues: Sequence[Dialogue], data: DataSettings) -> None:
    """Raises UserError where all there is belongs together: a split is never cut through that."""
    if len({dialogue.group for dialogue in dialogues}) == 1:
        raise UserError(
            f"all {len(dialogues)} dialogues of data.corpora={list(data.corpora)} belong to one "
            "group (a patient, video or question), which only one split can have; add dialogues "
            "of other groups or another corpus"
        )


def _part(
    split: Split,
    dialogues: Sequence[Dialogue],
    contrasts: Sequence[Contrast],
    data: DataSettings,
    wanted: int | None,
) -> Material:
    found = prompts(dialogues, data)
    selection = splits.select(found.prompts, wanted, split)
    if not selection.prompts:
        raise UserError(
            f"data.corpora={list(data.corpora)} gives no {split} prompt of at least "
            f"{data.min_words} words; add dialogues or another corpus, or lower data.min_words"
        )
    return Material(tuple(dialogues), tuple(contrasts), found, selection)


def _facts(part: Material) -> dict[str, Any]:
    return {
        "dialogues": len(part.dialogues),
        "prompts": len(part.prompts),
        "groups": len({prompt.group for prompt in part.prompts}),
        "available": part.selection.available,
        "left_out": part.found.left_out,
        "notice": part.selection.notice,
    }


def invented_prompts(data: DataSettings, count: int) -> tuple[Prompt, ...]:
    """Prompts that may be shown to anybody: of the invented corpus, from its test split."""
    held_out = splits.by_split(load_corpora(["sample"], None))["test"]
    return splits.select(prompts(held_out, data).prompts, count, "shown").prompts
