"""What the benchmark counts, by hand: tokens of pairs, operations, ratios.

.venv/bin/python -m pytest tests/test_benchmark_counts.py
"""

from __future__ import annotations

from statistics import median

import flops
import lengths
import pytest
import ratios
from flops import Dimensions
from shapes import SHAPES

from empathy.lanes.rows import Example

# Two layers, one of them with a window of 4 tokens.
TOY = Dimensions(
    hidden=8, intermediate=16, heads=2, key_heads=1, head_width=4, vocabulary=100,
    windows=(None, 4),
)  # fmt: skip


def test_lengths_are_log_normal_about_their_medians_and_clipped() -> None:
    pairs = lengths.pairs(4000, 260)
    prompts = [len(pair.prompt) for pair in pairs]
    replies = [len(reply) for pair in pairs for reply in pair.replies]
    # The median of n draws errs by 1.25 sigma / sqrt(n) of its logarithm: 1.2 % of 95, 1 % of 55.
    assert abs(median(prompts) - 95) <= 4
    assert abs(median(replies) - 55) <= 2
    assert (min(prompts), max(prompts)) == (16, 384)
    assert (min(replies), max(replies)) == (6, 256)
    # ln(384 / 95) / 0.6 = 2.33: a hundredth of the prompts is clipped to the largest.
    assert 0.005 < prompts.count(384) / len(prompts) < 0.016


def test_pairs_are_the_same_for_everybody_and_end_in_the_end_token() -> None:
    assert lengths.pairs(5, 260, seed=3) == lengths.pairs(5, 260, seed=3)
    assert lengths.pairs(5, 260, seed=3) != lengths.pairs(5, 260, seed=4)
    for pair in lengths.pairs(5, 260, lengths=lengths.SHORTEST):
        assert (len(pair.prompt), [len(reply) for reply in pair.replies]) == (16, [6, 6])
        assert all(reply[-1] == 1 for reply in pair.replies)


def test_weights_of_a_toy_shape() -> None:
    # q 8x8, k and v 8x4, o 8x8, gate and up 8x16, down 16x8: 64 + 64 + 64 + 384 = 576; two layers.
    assert TOY.body == 2 * 576
    # In and out: 16 + 12 + 12 + 16 + 24 + 24 + 24 = 128 numbers per rank and layer.
    assert TOY.adapter(rank=3) == 2 * 3 * 128


@pytest.mark.parametrize(
    ("tokens", "window", "expected"),
    [
        (3, None, 6),  # 1 + 2 + 3
        (3, 4, 6),  # the window is wider than the text
        (6, 4, 18),  # 1 + 2 + 3 + 4 + 4 + 4
        (0, None, 0),
    ],
)
def test_who_sees_whom(tokens: int, window: int | None, expected: int) -> None:
    assert flops.seen(tokens, window) == expected


def test_operations_of_a_pair_by_hand() -> None:
    pair = Example((5,) * 3, ((5, 1), (5, 5, 1)))
    # 3 + 2 + 3 = 8 tokens pass the frozen body: forward 2, backward to activations 2 each.
    frozen = 4 * 1152 * 8
    # LoRA: forward 2, to activations 2, to its own weights 2.
    lora = 6 * 768 * 8
    # Looks, whole: prompt 6, then replies at places 4 and 5 (9), 4, 5 and 6 (15): 30.
    # With a window of 4: prompt 6, then 4 + 4 and 4 + 4 + 4: 26.
    # Forward q k and p v, 2 each; backward twice that; over 2 heads of 4.
    attention = 12 * 2 * 4 * (30 + 26)
    # Five reply tokens meet the vocabulary: forward 2, backward 2.
    head = 4 * 8 * 100 * 5
    assert flops.of_pair(TOY, pair, rank=3) == frozen + lora + attention + head == 95_104
    assert flops.mean_of_pairs(TOY, [pair, pair], rank=3) == 95_104


def test_the_shapes_have_the_sizes_that_their_names_say() -> None:
    def size(name: str) -> Dimensions:
        build = SHAPES[name].build
        assert build is not None
        return flops.dimensions(build(**SHAPES[name].config))

    gemma, small, large = (size(name) for name in ("gemma-270m", "llama-1b", "llama-8b"))
    # Gemma: 18 x (2 x 640 x 1024 + 2 x 640 x 256 + 3 x 640 x 2048), and a head of 262,144 x 640.
    assert gemma.body == 100_270_080
    assert [at for at, window in enumerate(gemma.windows) if window is None] == [5, 11, 17]
    assert gemma.body + gemma.hidden * gemma.vocabulary == pytest.approx(268e6, rel=0.001)
    assert small.body + small.hidden * small.vocabulary == pytest.approx(1.236e9, rel=0.001)
    assert large.body + 2 * large.hidden * large.vocabulary == pytest.approx(8.03e9, rel=0.001)


def test_a_ratio_pairs_the_rounds() -> None:
    # Round by round 10/5, 12/4 and 3/3: the second machine was slow in the last one, as was ours.
    assert ratios.ratio([10, 12, 3], [5, 4, 3]) == {"ratio": 2.0, "lowest": 1.0, "highest": 3.0}
    assert ratios.spread([3.0, 1.0])["median"] == 2.0
    with pytest.raises(ValueError, match="nothing was measured"):
        ratios.spread([])
    with pytest.raises(ValueError, match="shorter"):
        ratios.ratio([1, 2], [1])
