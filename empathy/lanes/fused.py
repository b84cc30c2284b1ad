"""Log-probabilities and their slopes from a chunk of logits, in one Triton kernel.

PyTorch makes a float32 copy of the logits and reads or writes it six times; the kernel reads the
logits twice, as they are, and puts the slopes in their place. Products with the vocabulary matrix
stay with the vendor's library. Of the kernel libraries, cut-cross-entropy knows no bias and adds up
gradients in an order of chance, and liger-kernel multiplies by the vocabulary a second time where
losses are wanted by token.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

BLOCK = 4096  # logits of a row that a program holds at once


@triton.jit  # type: ignore[untyped-decorator]  # Triton does not annotate it
def _slopes(  # type: ignore[no-untyped-def]  # and compiles no annotated arguments
    logits, targets, logps, vocabulary, sloped: tl.constexpr, block: tl.constexpr
):
    """One row: log p(target), and where `sloped`, 1[v = target] - p(v) instead of its logits."""
    row = tl.program_id(0)
    logits += row.to(tl.int64) * vocabulary
    target = tl.load(targets + row)
    # log-sum-exp in one pass, as in Milakov & Gimelshein 2018, in `block` independent sums
    top = tl.full([block], -1e30, tl.float32)
    total = tl.zeros([block], tl.float32)
    for start in range(0, vocabulary, block):
        at = start + tl.arange(0, block)
        x = tl.load(logits + at, mask=at < vocabulary, other=float("-inf")).to(tl.float32)
        higher = tl.maximum(top, x)
        total = total * tl.exp(top - higher) + tl.exp(x - higher)
        top = higher
    highest = tl.max(top, 0)
    log_norm = highest + tl.log(tl.sum(total * tl.exp(top - highest), 0))
    tl.store(logps + row, tl.load(logits + target).to(tl.float32) - log_norm)
    if sloped:
        for start in range(0, vocabulary, block):
            at = start + tl.arange(0, block)
            x = tl.load(logits + at, mask=at < vocabulary, other=float("-inf")).to(tl.float32)
            slope = tl.where(at == target, 1.0, 0.0) - tl.exp(x - log_norm)
            tl.store(logits + at, slope.to(logits.dtype.element_ty), mask=at < vocabulary)


def slopes(logits: Tensor, targets: Tensor, sloped: bool) -> Tensor:
    """log softmax(logits)[target] `(t,)` in float32 of logits `(t, vocabulary)`.

    Where `sloped`, the logits are replaced by the slopes of their row's number.
    """
    logps = torch.empty(len(logits), dtype=torch.float32, device=logits.device)
    grid = (len(logits),)
    _slopes[grid](logits, targets, logps, logits.shape[1], sloped, BLOCK, num_warps=8)
    return logps
