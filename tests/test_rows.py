"""python -m pytest tests/test_rows.py"""

from __future__ import annotations

import pytest
import torch
from tiny_models import examples

from empathy.lanes.rows import PADDING, Example, line_width, pack

#                 0  1    2  3    4
SMALL = Example((10, 11), ((20, 21), (30,)))
OTHER = Example((40,), ((50,), (60, 61)))


def test_a_pair_worked_by_hand() -> None:
    rows = pack([[SMALL]])
    assert rows.ids.shape == (1, 16)  # five tokens, in a row of the smallest width
    assert rows.ids[0, :5].tolist() == [10, 11, 20, 21, 30]
    # both replies take up where the prompt ended
    assert rows.positions[0, :5].tolist() == [0, 1, 2, 3, 2]
    assert rows.part[0, :5].tolist() == [0, 0, 1, 1, 2]
    assert rows.example[0, :5].tolist() == [0] * 5
    assert rows.example[0, 5:].tolist() == [PADDING] * 11
    # 11 predicts 20 and 30, 20 predicts 21
    assert rows.predictors.tolist() == [1, 2, 1]
    assert rows.targets.tolist() == [20, 21, 30]
    assert rows.owners.tolist() == [0, 0, 1]
    assert rows.sequences == 2


def test_two_pairs_in_a_row_worked_by_hand() -> None:
    rows = pack([[OTHER, SMALL]])  # the longest goes first: SMALL, then OTHER
    assert rows.ids[0, :9].tolist() == [10, 11, 20, 21, 30, 40, 50, 60, 61]
    assert rows.example[0, :9].tolist() == [0] * 5 + [1] * 4
    assert rows.positions[0, 5:9].tolist() == [0, 1, 1, 2]
    assert rows.predictors.tolist() == [1, 2, 1, 5, 5, 7]
    assert rows.targets.tolist() == [20, 21, 30, 50, 60, 61]
    assert rows.owners.tolist() == [2, 2, 3, 0, 1, 1]  # numbered as they were given


def test_who_may_look_at_whom_worked_by_hand() -> None:
    x, o = True, False
    expected = [  # keys: 10 11 20 21 30 40 50 60 61
        [x, o, o, o, o, o, o, o, o],  # 10
        [x, x, o, o, o, o, o, o, o],  # 11
        [x, x, x, o, o, o, o, o, o],  # 20
        [x, x, x, x, o, o, o, o, o],  # 21
        [x, x, o, o, x, o, o, o, o],  # 30 sees the prompt, not its rival
        [o, o, o, o, o, x, o, o, o],  # 40 is another example
        [o, o, o, o, o, x, x, o, o],  # 50
        [o, o, o, o, o, x, o, x, o],  # 60
        [o, o, o, o, o, x, o, x, x],  # 61
    ]
    seen = pack([[SMALL, OTHER]]).attends()
    assert seen.shape == (1, 1, 16, 16)
    assert seen[0, 0, :9, :9].tolist() == expected
    # padding sees something, lest a softmax over nothing gives NaN, and nobody sees it
    assert seen[0, 0, 9:].any(1).all()
    assert not seen[0, 0, :9, 9:].any()


def test_a_window_counts_positions_not_indices() -> None:
    seen = pack([[SMALL]]).attends(window=2)[0, 0, :5, :5]
    x, o = True, False
    assert seen.tolist() == [
        [x, o, o, o, o],
        [x, x, o, o, o],
        [o, x, x, o, o],
        [o, o, x, x, o],
        [o, x, o, o, x],  # 30 stands at position 2: 11 is one away, though three indices before
    ]


def test_lanes_stand_below_each_other_with_equally_many_rows() -> None:
    long = Example(tuple(range(100, 120)), ((1,) * 6, (2,) * 6))  # 32 tokens: a row of its own
    rows = pack([[SMALL, OTHER], [long, long]])
    assert rows.ids.shape == (4, 32)  # two rows each, since the second lane needs two
    assert (rows.example[0, :9] >= 0).all()
    assert (rows.example[1] == PADDING).all()  # the first lane needs one
    assert rows.ids[2].tolist() == rows.ids[3].tolist() == [*long.prompt, *[1] * 6, *[2] * 6]
    assert rows.owners[:6].tolist() == [0, 0, 1, 2, 3, 3]
    assert rows.owners[6:].tolist() == [4] * 6 + [5] * 6 + [6] * 6 + [7] * 6
    assert rows.sequences == 8


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_packed_can_be_read_back(seed: int) -> None:
    """Every reply token is predicted once, from the token before it in its own sequence."""
    lanes = [examples(7, seed), examples(7, seed + 100)]
    rows = pack(lanes)
    flat = rows.ids.flatten()
    for number, example in enumerate([*lanes[0], *lanes[1]]):
        for reply, tokens in enumerate(example.replies):
            mine = rows.owners == 2 * number + reply
            assert rows.targets[mine].tolist() == list(tokens)
            before = [example.prompt[-1], *tokens[:-1]]
            assert flat[rows.predictors[mine]].tolist() == before
            positions = rows.positions.flatten()[rows.predictors[mine]].tolist()
            start = len(example.prompt) - 1
            assert positions == list(range(start, start + len(tokens)))
    used = sum(example.length for lane in lanes for example in lane)
    assert int((rows.example != PADDING).sum()) == used


def test_a_supervised_example_has_one_reply() -> None:
    rows = pack([[Example((10, 11), ((20, 21),))]])
    assert rows.ids[0, :4].tolist() == [10, 11, 20, 21]
    assert rows.owners.tolist() == [0, 0]
    assert rows.sequences == 1


def test_truncation_takes_the_ends_of_replies_only() -> None:
    example = Example((1, 2, 3), ((4, 5, 6), (7,)))
    assert example.length == 7
    assert example.truncated(5) == Example((1, 2, 3), ((4, 5), (7,)))  # two tokens of room
    assert example.truncated(6) == example
    with pytest.raises(ValueError, match="a prompt of 3 tokens fills all 3"):
        example.truncated(3)


def test_rows_move_to_another_device_as_a_whole() -> None:
    moved = pack([[SMALL]]).to(torch.device("meta"))
    tensors = [value for value in vars(moved).values() if isinstance(value, torch.Tensor)]
    assert len(tensors) == 7
    assert {tensor.device.type for tensor in tensors} == {"meta"}


def test_in_line_a_lane_has_one_row_in_the_order_given() -> None:
    rows = pack([[OTHER, SMALL], [SMALL], []], in_line=True)
    assert rows.ids.shape == (3, 128)
    assert rows.ids[0, :10].tolist() == [40, 50, 60, 61, 10, 11, 20, 21, 30, 0]
    assert rows.ids[1, :6].tolist() == [10, 11, 20, 21, 30, 0]
    assert (rows.example[2] == PADDING).all()  # a lane of padding
    assert rows.owners.tolist() == [0, 1, 1, 2, 2, 3, 4, 4, 5]
    assert rows.sequences == 6


def test_widths_in_line_are_few_and_an_eighth_is_padding_at_most() -> None:
    assert [line_width(n) for n in (1, 128, 129, 1025, 2048, 2049, 4097)] == [
        *(128, 128, 256, 1152, 2048, 2304, 4608)
    ]
    assert len({line_width(n) for n in range(1024, 4096)}) == 1 + 16
    assert all(n <= line_width(n) <= n * 9 / 8 + 128 for n in range(1, 5000))
