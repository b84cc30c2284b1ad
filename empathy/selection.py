"""Dialogues -> the prompts of every split, with a count of everything that was left out."""

from __future__ import annotations

from typing import Any, NamedTuple

from empathy import splits
from empathy.corpora import load_corpora
from empathy.errors import UserError
from empathy.pairs import prompts
from empathy.records import Prompt, Split
from empathy.settings import DataSettings, EvaluationSettings


class Selected(NamedTuple):
    """Prompts by split, and what the manifest says of them."""

    prompts: dict[Split, tuple[Prompt, ...]]
    facts: dict[str, Any]


def select_prompts(data: DataSettings, rules: EvaluationSettings) -> Selected:
    """As many prompts per split as the settings ask for, from as many groups as possible.

    Raises UserError for a leak, a missing corpus, or a split without any prompt.
    """
    dialogues = load_corpora(data.corpora, data.folder)
    wanted: dict[Split, int | None] = {
        "train": data.max_prompts,
        "validation": rules.validation_prompts,
        "test": rules.test_prompts,
    }
    chosen: dict[Split, tuple[Prompt, ...]] = {}
    facts: dict[str, Any] = {"corpora": list(data.corpora), "dialogues": len(dialogues)}
    for split, part in splits.by_split(dialogues).items():
        found = prompts(part, data)
        selection = splits.select(found.prompts, wanted[split], split)
        if not selection.prompts:
            raise UserError(
                f"data.corpora={list(data.corpora)} gives no {split} prompt of at least "
                f"{data.min_words} words; add a corpus or lower data.min_words"
            )
        chosen[split] = selection.prompts
        facts[split] = {
            "dialogues": len(part),
            "prompts": len(selection.prompts),
            "groups": len({prompt.group for prompt in selection.prompts}),
            "available": selection.available,
            "left_out": found.left_out,
            "notice": selection.notice,
        }
    splits.check_no_leak(chosen)
    return Selected(chosen, facts)


def invented_prompts(data: DataSettings, count: int) -> tuple[Prompt, ...]:
    """Prompts that may be shown to anybody: of the invented corpus, from its test split."""
    held_out = splits.by_split(load_corpora(["sample"], None))["test"]
    return splits.select(prompts(held_out, data).prompts, count, "shown").prompts
