"""Does a checkpoint fit its family: the right architecture, and every weight there. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from empathy.errors import UserError
from empathy.families import Family

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel


def check_config(config: PreTrainedConfig, family: Family, source: str) -> None:
    """Raises UserError, naming `source`, for another architecture or too few positions."""
    if config.model_type not in family.model_types:
        raise UserError(
            f"{source} is a model of type {config.model_type}; family {family.name} takes "
            f"{', '.join((*family.model_types, *family.text_models))}: choose another family"
        )
    if family.max_positions and config.max_position_embeddings < family.max_positions:
        raise UserError(
            f"{source} has {config.max_position_embeddings} positions; family "
            f"{family.name} counts on {family.max_positions}: give a checkpoint with as many"
        )


def new_head(
    model: PreTrainedModel, wrong: list[str], family: Family, source: str, wanted: str | None
) -> str | None:
    """How a head was made where one was wanted; `wrong` are the weights that were not there.

    Raises UserError for any other weight that is not there, for a missing head that nobody wanted
    made, and for a wanted one that is there.
    """
    prefix = (family.head_transform or "").rpartition(".")[0]
    if wanted is not None and wrong and all(key.startswith(prefix) for key in wrong):
        return family.new_heads[wanted](model)
    if wrong:
        offers = " or ".join(f"set new_head: {name}" for name in family.new_heads)
        raise UserError(
            f"{source} lacks {len(wrong)} of the model's weights, {wrong[0]} among them, "
            "which would be random; give a checkpoint with its language-model head"
            + (f", or {offers} to train a new one" if offers and wanted is None else "")
        )
    if wanted is not None:
        raise UserError(
            f"new_head is {wanted}, but {source} has a language-model head of its own; "
            "leave new_head out"
        )
    return None
