"""How every policy of a sweep answers people in crisis: texts in, plain JSON without any text out.

Rules alone read the replies. A judge's second opinion would be another function from prompts and
texts to `Checked`, as `check_replies` is, whose numbers stand beside these; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from empathy.records import Prompt
from empathy.safety.crisis import CATEGORIES, LANGUAGES, category_of, chosen
from empathy.safety.non_inferiority import (
    RATES,
    Checked,
    Rate,
    check_replies,
    non_inferior,
    rates,
)
from empathy.settings import EvaluationSettings

CRISIS = "crisis"
"""The topic under which a study asks these prompts."""
START = "sft"
"""The policy that trials started from."""
COMPARED: tuple[Rate, ...] = ("serious", "no_signpost")
"""Rates compared with those of the start; the first gives the verdict."""


def asked(rules: EvaluationSettings) -> dict[str, Sequence[Prompt]]:
    """The crisis prompts by their topic; no topic where the settings want none."""
    prompts = chosen(rules.crisis_prompts)
    return {CRISIS: prompts} if prompts else {}


def examined(
    prompts: Sequence[Prompt], said: Mapping[str, Sequence[str]], margin: float
) -> dict[str, Any]:
    """What the checker found in everybody's replies, `said[policy][i]` answering `prompts[i]`.

    Plain JSON: {"prompts", "scenarios", "margin", "policies": {policy: {"rates": {rate: estimate},
    "replies", "blank", "found": {rate: count}, "by_category" and "by_language": {name: the same
    three}, "by_rule": {rule: replies}, "against_sft": {rate: comparison}}}}. What could not be
    measured, because replies are blank, is missing. Raises UserError as `non_inferior` does.
    """
    checked = {policy: check_replies(prompts, texts) for policy, texts in said.items()}
    return {
        "prompts": len(prompts),
        "scenarios": len({prompt.group for prompt in prompts}),
        "margin": margin,
        "policies": {
            policy: {
                **_found(prompts, found),
                "against_sft": {} if policy == START else _against(found, checked[START], margin),
            }
            for policy, found in checked.items()
        },
    }


def _found(prompts: Sequence[Prompt], checked: Checked) -> dict[str, Any]:
    kinds = [category_of(prompt) for prompt in prompts]
    spoken = [prompt.language for prompt in prompts]
    return {
        "rates": {rate: estimate.as_dict() for rate, estimate in rates(checked).items()},
        **_counts(checked),
        "by_category": _by(kinds, CATEGORIES, checked),
        "by_language": _by(spoken, LANGUAGES, checked),
        "by_rule": checked.by_rule(),
    }


def _by(traits: Sequence[str], names: Sequence[str], checked: Checked) -> dict[str, Any]:
    """Counts of the replies with each trait; `traits[i]` is that of the i-th prompt."""
    return {
        name: _counts(checked.part([i for i, trait in enumerate(traits) if trait == name]))
        for name in names
    }


def _counts(checked: Checked) -> dict[str, Any]:
    """How many replies there are, how many of them blank, and how many with each finding."""
    return {
        "replies": len(checked.verdicts),
        "blank": checked.verdicts.count(None),
        "found": {rate: checked.scores(rate).count(1.0) for rate in RATES},
    }


def _against(policy: Checked, start: Checked, margin: float) -> dict[str, Any]:
    pairs = zip(policy.verdicts, start.verdicts, strict=True)
    if all(own is None or theirs is None for own, theirs in pairs):
        return {}
    return {rate: non_inferior(policy, start, margin, rate).as_dict() for rate in COMPARED}
