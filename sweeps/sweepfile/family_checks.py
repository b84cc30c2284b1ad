"""What of a sweep its model family cannot do, refused before any model is loaded. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from empathy.families import FAMILIES
from sweeps.sweepfile.reading import SettingError

if TYPE_CHECKING:
    from sweeps.sweepfile.spec import SweepSpec


def check_positions(spec: SweepSpec) -> None:
    """Prompt and reply fit the positions of the family's models, when trained and when written."""
    longest = FAMILIES[spec.family].max_positions
    if longest is None:
        return
    length, prompt = spec.training.max_length, spec.training.max_prompt_tokens
    new = spec.evaluation.max_new_tokens
    if length > longest:
        raise SettingError(
            "training.max_length",
            f"is {length}, but models of family {spec.family} have {longest} positions; "
            f"it must be {longest} or less",
        )
    if prompt + new > longest:
        raise SettingError(
            "evaluation.max_new_tokens",
            f"is {new}, which with training.max_prompt_tokens, {prompt}, exceeds the {longest} "
            f"positions of family {spec.family}; lower one of them",
        )


def check_new_head(spec: SweepSpec) -> None:
    """Only some families can make a head."""
    wanted = spec.new_head
    if wanted is None or wanted in FAMILIES[spec.family].new_heads:
        return
    able = ", ".join(name for name, family in FAMILIES.items() if wanted in family.new_heads)
    raise SettingError(
        "new_head",
        f"is '{wanted}', which family {spec.family} cannot make; leave it out (known to {able})",
    )


def check_warm_start(spec: SweepSpec) -> None:
    """A rank means nothing where all weights are trained."""
    full = FAMILIES[spec.family].warm_start == "full"
    if full and "lora_rank" in spec.warm_start.model_fields_set:
        raise SettingError(
            "warm_start.lora_rank",
            f"is {spec.warm_start.lora_rank}, but the warm start of family {spec.family} trains "
            "all weights; leave it out",
        )
