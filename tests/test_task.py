"""python -m pytest tests/test_task.py"""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from tiny_models import examples

from empathy.lanes.rows import Example
from empathy.lanes.task import DEALT, Task


def epochs(task: Task, seed: int, count: int) -> list[list[int]]:
    """The order of the data over this many epochs."""
    n = len(task.examples)
    batches = count * n // task.batch_size
    flat = [i for number in range(batches) for i in task.batch(seed, number)]
    return [flat[start : start + n] for start in range(0, len(flat), n)]


@pytest.mark.parametrize("batch_size", [1, 3, 5, 15, 30])  # also over the edge of an epoch
def test_every_example_comes_once_per_epoch_in_an_order_of_the_seed(batch_size: int) -> None:
    task = Task(examples(15), torch.zeros(15, 2), "sigmoid", 100, batch_size)
    orders = epochs(task, seed=7, count=4)
    assert [len(order) for order in orders] == [15] * 4
    assert all(Counter(order) == Counter(range(15)) for order in orders)
    assert len({tuple(order) for order in orders}) == 4  # shuffled anew
    again = Task(examples(15), torch.zeros(15, 2), "sft", 3, batch_size)
    assert epochs(again, seed=7, count=4) == orders
    assert epochs(task, seed=8, count=4) != orders
    assert len({tuple(epochs(task, seed, 2)[0]) for seed in (-1, 0, 4096, 2**60)}) == 4


def test_the_order_does_not_depend_on_the_cut_into_batches() -> None:
    tasks = [Task(examples(15), torch.zeros(15, 2), "sigmoid", 100, size) for size in (3, 5)]
    assert epochs(tasks[0], 1, 2) == epochs(tasks[1], 1, 2)


@pytest.mark.parametrize(("n", "batch_size"), [(64, 4), (50, 3), (5, 4)])
def test_balanced_batches_hold_the_same_examples_as_the_others(n: int, batch_size: int) -> None:
    plain, balanced = (
        Task(examples(n), torch.zeros(n, 2), "sigmoid", 100, batch_size, balanced=balanced)
        for balanced in (False, True)
    )
    for seed in (1, 2):
        for hand in range(3):
            numbers = range(hand * DEALT, (hand + 1) * DEALT)
            drawn = [
                Counter(i for k in numbers for i in t.batch(seed, k)) for t in (plain, balanced)
            ]
            assert drawn[0] == drawn[1]
    assert balanced.batch(1, 0) != balanced.batch(2, 0)
    assert all(len(balanced.batch(1, k)) == batch_size for k in range(20))


def test_balanced_batches_worked_by_hand() -> None:
    # 16 examples of lengths 2 to 17, dealt to eight batches of two: shortest with longest
    data = [Example((1,) * length, ((1,),)) for length in range(1, 17)]
    task = Task(data, torch.zeros(16, 1), "sft", 10, 2, balanced=True)
    for number in range(8):
        assert sum(data[i].length for i in task.batch(0, number)) == 2 + 17
