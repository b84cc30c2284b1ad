"""Reference log-probabilities: computed once per set of pairs, found again by content.

They depend on the reference's weights and the tokenised pairs alone, not on beta, learning rate or
rank, so that no trial ever computes one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import transformers
from torch import Tensor
from transformers import PreTrainedModel

from empathy.cache import cache_folder, content_key, kept_tensor
from empathy.lanes.engine import measure
from empathy.lanes.rows import Example

# Nats on a whole reply: sums of some hundred numbers, rounded in another order.
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-2, torch.bfloat16: 1.0, torch.float16: 0.5}


def reference_logps(
    model: PreTrainedModel,
    examples: Sequence[Example],
    weights: str,
    heard: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Summed log-probabilities `(n, replies)` of the bare model, computed or found again.

    `weights` is a hash of everything that was loaded or merged into the model. Tokens carry the
    chat template and every truncation, so the key needs neither. `heard` is told how many examples
    are done.
    """
    key = content_key(
        weights,
        str(next(model.parameters()).dtype),
        str(model.config._attn_implementation),
        torch.__version__,
        transformers.__version__,
        [[example.prompt, example.replies] for example in examples],
    )
    path = cache_folder() / "reference" / f"{key}.safetensors"
    found = kept_tensor(path, "logps", lambda: measure(model, [examples], heard)[0])
    check(model, examples, found)
    return found


def check(model: PreTrainedModel, examples: Sequence[Example], logps: Tensor) -> None:
    """Compute the shortest and the longest example again: a zero adapter must have margin 0.

    Raises ValueError if the stored numbers are not this model's.
    """
    order = sorted(range(len(examples)), key=lambda i: examples[i].length)
    for i in {order[0], order[-1]}:
        again = measure(model, [[examples[i]]])[0, 0]
        tolerance = TOLERANCE[next(model.parameters()).dtype]
        if not (again - logps[i]).abs().max() <= tolerance:  # NaN is refused, too
            raise ValueError(
                f"the reference says {logps[i].tolist()} of example {i}, the model {again.tolist()}"
            )
