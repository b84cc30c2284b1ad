"""python -m pytest tests/test_fused.py"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from empathy.lanes import logprobs
from empathy.lanes.logprobs import worth_fusing

INTERPRETED = """
import torch
from empathy.lanes import fused, logprobs

random = torch.Generator().manual_seed(0)
fused.BLOCK = 64
for vocabulary in (40, 64, 1000):  # less than a block, one, and some with a rest
    for dtype, tolerance in ((torch.float32, 1e-5), (torch.bfloat16, 4e-3)):
        logits = (torch.randn(5, vocabulary, generator=random) * 5).to(dtype)
        logits[3] = float("nan")  # a diverged lane among the others
        logits[4] = -1e4  # a row far below zero
        targets = torch.randint(vocabulary, (5,), generator=random)
        ours, theirs = logits.clone(), logits.clone()
        for sloped in (False, True):
            found = fused.slopes(ours, targets, sloped)
            expected = logprobs._slopes(theirs, targets, sloped)
            assert found.dtype == torch.float32
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-5, equal_nan=True)
            torch.testing.assert_close(ours, theirs, atol=tolerance, rtol=0, equal_nan=True)
        assert not torch.equal(ours, logits)
        assert found[3].isnan() and found[[0, 1, 2, 4]].isfinite().all()
print("equal")
"""


def test_the_kernel_is_for_a_gpu_that_has_triton() -> None:
    assert worth_fusing("cuda", torch.bfloat16, True)
    assert worth_fusing("cuda", torch.float32, True)
    assert not worth_fusing("cuda", torch.float64, True)
    assert not worth_fusing("cuda", torch.bfloat16, False)
    assert not worth_fusing("cpu", torch.bfloat16, True)


@pytest.mark.skipif(
    not logprobs.TRITON, reason="triton is not installed: 1 GB, it is no pin of ours"
)
def test_the_interpreted_kernel_equals_the_plain_computation() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", INTERPRETED],
        env={**os.environ, "TRITON_INTERPRET": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout == "equal\n", ran.stderr
