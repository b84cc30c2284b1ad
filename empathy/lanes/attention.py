"""Who may look at whom, in the form that the model's attention takes on this device.

A CPU multiplies a dense mask. A GPU would spend most of a step on masked scores, so there
FlexAttention (Dong et al. 2024) skips every block of 128 x 128 scores of which none counts, and
asks the rule itself within the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, create_block_mask
from transformers import PreTrainedConfig, PreTrainedModel

from empathy.lanes.rows import Rows

Mask = Tensor | BlockMask


def takes_blocks(model: PreTrainedModel) -> bool:
    """Whether this model, where it is, skips masked blocks."""
    return worth_blocks(model.device.type, model._supports_flex_attn)


def worth_blocks(device: str, supported: bool) -> bool:
    """On a GPU, where the model can; torch has no gradient of FlexAttention on a CPU."""
    return device == "cuda" and supported


def attention_masks(
    rows: Rows, config: PreTrainedConfig, blocks: bool = False
) -> Mask | dict[str, Mask]:
    """The masks in the form the model takes: one, or one per kind of layer (Gemma 3)."""
    mask: Callable[[Rows, int | None], Mask] = block_mask if blocks else Rows.attends
    if "sliding_attention" not in (getattr(config, "layer_types", None) or ()):
        return mask(rows, None)
    return {
        "full_attention": mask(rows, None),
        "sliding_attention": mask(rows, config.sliding_window),
    }


def block_mask(rows: Rows, window: int | None = None) -> BlockMask:
    """The blocks of scores that count, for every row; all heads have the same."""
    n, width = rows.ids.shape
    return create_block_mask(rows.rule(window), n, None, width, width, rows.ids.device)


@contextmanager
def attending(model: PreTrainedModel, blocks: bool) -> Iterator[None]:
    """The model takes block masks, if so wanted; generation goes on with what it had before."""
    before = model.config._attn_implementation
    if blocks:
        model.config._attn_implementation = "flex_attention"
    try:
        yield
    finally:
        model.config._attn_implementation = before
