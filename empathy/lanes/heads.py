"""From a decoder's hidden states to logits, the way each family's head has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from transformers import PreTrainedModel

from empathy.families import FAMILIES


class Head(NamedTuple):
    """Logits are `features(hidden) W^T + b`."""

    features: Callable[[Tensor], Tensor]
    weight: Tensor  # (vocabulary, d)
    bias: Tensor | None  # (vocabulary,)


def head_of(model: PreTrainedModel) -> Head:
    """The head of the model as it stands."""
    vocabulary = model.get_output_embeddings()
    transform = TRANSFORMS.get(model.config.model_type)
    features = _as_they_are if transform is None else model.get_submodule(transform)
    return Head(features, vocabulary.weight, vocabulary.bias)


def _as_they_are(hidden: Tensor) -> Tensor:
    return hidden


TRANSFORMS = {
    kind: family.head_transform
    for family in FAMILIES.values()
    for kind in family.model_types
    if family.head_transform is not None
}
"""By model type, where there is a transform."""
