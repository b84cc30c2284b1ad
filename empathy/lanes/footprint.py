"""What one lane takes of a GPU's memory, estimated from a checkpoint's shapes. No torch.

For a plan, which loads nothing; on a device `empathy.lanes.memory` measures instead. Numbers are
those of a GPU: the frozen base and all activations in bfloat16, adapters in float32.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import safe_open

from empathy.settings import TrainingSettings

MARGIN = 0.1  # of what there is, left free: allocators lose some, and batches differ
GIB = 2**30
BFLOAT16 = 2  # bytes
ADAPTER = 16  # bytes of a trained number: itself, its gradient and two moments, in float32
# Numbers that a token leaves in a decoder layer for the backward pass, in hidden and intermediate
# sizes: the inputs of two norms and their normed outputs (4 h), queries, keys, values, attention's
# output and its projection (5 h), residual sums (3 h); gate, its activation, up, their product,
# and that once more as LoRA's input (5 i). 33 lanes of 8 pairs on SmolLM2-135M took 47 GiB, their
# tokens unnoted; this makes 44 for pairs of 190 tokens and 56 for pairs of 244.
PER_HIDDEN, PER_INTERMEDIATE = 12, 5
LOGITS = 2048  # hidden states that meet the vocabulary at once: `logprobs.FUSED_CHUNK`
SIZES = ("num_hidden_layers", "hidden_size", "intermediate_size", "vocab_size")


class Shape(NamedTuple):
    """What of a checkpoint memory depends on."""

    parameters: int
    layers: int
    hidden: int
    intermediate: int
    vocabulary: int
    adapted: int
    """Sum over all layers with an adapter of their inputs and outputs: numbers per rank."""


class Footprint(NamedTuple):
    """Bytes of one lane and the base model it trains on."""

    base: int
    adapter: int
    activations: int

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self)


def shape(folder: Path, targets: Sequence[str]) -> Shape | None:
    """The shape of the checkpoint in `folder`, whose layers named in `targets` get adapters.

    None where the folder lacks a configuration with the usual names, or safetensors files.
    """
    config, tensors = _config(folder), _tensors(folder)
    sizes = [size for name in SIZES if isinstance(size := config.get(name), int)]
    if not tensors or len(sizes) < len(SIZES):
        return None
    layers, hidden, intermediate, vocabulary = sizes
    ends = tuple(f".{target}.weight" for target in targets)
    adapted = sum(sum(size) for name, size in tensors.items() if name.endswith(ends))
    parameters = sum(map(prod, tensors.values()))
    return Shape(parameters, layers, hidden, intermediate, vocabulary, adapted)


def footprint(found: Shape, training: TrainingSettings, rank: int) -> Footprint:
    """Bytes of a lane of this rank that trains on the longest batch that the settings allow.

    A pair is one row of its prompt and both replies; nothing is recomputed in the backward pass.
    """
    replies = 2 * (training.max_length - training.max_prompt_tokens)
    tokens = training.batch_size * (training.max_prompt_tokens + replies)
    per_layer = PER_HIDDEN * found.hidden + PER_INTERMEDIATE * found.intermediate
    return Footprint(
        base=found.parameters * BFLOAT16,
        adapter=found.adapted * rank * ADAPTER,
        activations=BFLOAT16 * (tokens * found.layers * per_layer + LOGITS * found.vocabulary),
    )


def fits(needed: int, available: int) -> bool:
    """Whether so many bytes fit into those that there are, less `MARGIN`."""
    return needed <= available * (1 - MARGIN)


def _config(folder: Path) -> dict[str, Any]:
    """The language model's configuration; of a multimodal one, that of its text model."""
    path = folder / "config.json"
    if not path.is_file():
        return {}
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    text: dict[str, Any] = config.get("text_config", config)
    return text


def _tensors(folder: Path) -> dict[str, list[int]]:
    """Shapes by name, from the files' headers alone."""
    found: dict[str, list[int]] = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="numpy") as file:
            found |= {name: list(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118  # the file is no mapping
    return found
