"""The mean of weights over the last steps, by hand.

.venv/bin/python -m pytest tests/test_averaging.py
"""

from __future__ import annotations

import torch
from torch import nn

from empathy.scorers.averaging import TailMean


def test_the_mean_of_the_steps_that_were_added_takes_the_parameters_place() -> None:
    parameter = nn.Parameter(torch.tensor([100.0, 0.0]))
    tail = TailMean([parameter])
    for step in ([1.0, 2.0], [3.0, 2.0], [8.0, -1.0]):  # means 4 and 1
        parameter.data = torch.tensor(step)
        tail.add()
    parameter.data = torch.tensor([50.0, 50.0])
    tail.write()
    assert parameter.tolist() == [4.0, 1.0]


def test_without_steps_nothing_changes() -> None:
    parameter = nn.Parameter(torch.tensor([1.0]))
    TailMean([parameter]).write()
    assert parameter.item() == 1.0
