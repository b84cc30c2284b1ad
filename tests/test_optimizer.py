"""python -m pytest tests/test_optimizer.py"""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from transformers import get_scheduler

from empathy.lanes.optimizer import Moments, adamw, clip, schedule
from empathy.settings import TrialSettings

RATES, DECAYS = [1e-1, 3e-3, 1e-2], [0.0, 0.1, 0.5]
SIZE, STEPS = 7, 12


def draws(*shape: int, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=random)


def torch_adamw(start: Tensor, gradients: Tensor, rate: float, decay: float) -> Tensor:
    """Torch's own optimizer over gradients `(steps, size)`."""
    weights = nn.Parameter(start.clone())
    optimizer = torch.optim.AdamW([weights], lr=rate, weight_decay=decay)
    for gradient in gradients:
        weights.grad = gradient.clone()
        optimizer.step()
    return weights.detach()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_every_lane_follows_torch_s_adamw(dtype: torch.dtype, tolerance: float) -> None:
    start, gradients = draws(3, SIZE).to(dtype), draws(STEPS, 3, SIZE, seed=1).to(dtype)
    weights, moments = start.clone(), Moments(torch.zeros_like(start), torch.zeros_like(start))
    # float64, lest 0.1 in float32 is what is measured; the engine itself keeps them in float32
    rate, decay = (torch.tensor(values, dtype=torch.float64) for values in (RATES, DECAYS))
    for step in range(STEPS):
        count = torch.full((3,), step + 1.0)
        adamw(weights, gradients[step].clone(), moments, count, rate, decay)
    for lane in range(3):
        theirs = torch_adamw(start[lane], gradients[:, lane], RATES[lane], DECAYS[lane])
        torch.testing.assert_close(weights[lane], theirs, atol=tolerance, rtol=tolerance)


def test_lanes_of_different_age_step_together() -> None:
    """A lane that joins at another's fifth step begins its own bias correction."""
    start, gradients = draws(2, SIZE), draws(8, 2, SIZE, seed=1)
    gradients[:4, 1] = 0  # not yet there
    weights, moments = start.clone(), Moments(torch.zeros_like(start), torch.zeros_like(start))
    rate, decay = torch.full((2,), 0.1, dtype=torch.float64), torch.zeros(2)
    for step in range(8):
        age = torch.tensor([step + 1.0, max(1.0, step - 3.0)])
        adamw(weights, gradients[step].clone(), moments, age, rate, decay)
    for lane, first in ((0, 0), (1, 4)):
        theirs = torch_adamw(start[lane], gradients[first:, lane], 0.1, 0.0)
        torch.testing.assert_close(weights[lane], theirs, atol=1e-12, rtol=0)


def test_the_first_step_worked_by_hand() -> None:
    # m / (1 - 0.9) = g and sqrt(v / (1 - 0.999)) = |g|: the step is rate * sign(g), after the
    # decay 1 - 0.1 * 0.5 of the weights.
    weights = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    moments = Moments(torch.zeros_like(weights), torch.zeros_like(weights))
    gradient = torch.tensor([[0.5, -4.0]], dtype=torch.float64)
    rate, decay = (torch.tensor([value], dtype=torch.float64) for value in (0.1, 0.5))
    adamw(weights, gradient, moments, torch.tensor([1.0]), rate, decay)
    torch.testing.assert_close(weights.tolist(), [[0.85, 2.0]], atol=1e-7, rtol=0)
    torch.testing.assert_close(moments.first.tolist(), [[0.05, -0.4]], atol=1e-12, rtol=0)
    torch.testing.assert_close(moments.second.tolist(), [[0.00025, 0.016]], atol=1e-12, rtol=0)


def test_zeros_stay_zero() -> None:
    """The padding of a lane gets no gradient, and nothing else may move it."""
    weights = torch.zeros(1, 3)
    moments = Moments(torch.zeros(1, 3), torch.zeros(1, 3))
    ones = torch.ones(1)
    adamw(weights, torch.zeros(1, 3), moments, ones, ones, ones)
    assert weights.tolist() == [[0.0, 0.0, 0.0]]


@pytest.mark.parametrize("warmup", [0, 3])
@pytest.mark.parametrize(
    ("name", "theirs"),
    [("constant", "constant_with_warmup"), ("linear", "linear"), ("cosine", "cosine")],
)
def test_schedules_are_transformers_own(name: str, theirs: str, warmup: int) -> None:
    settings = TrialSettings.model_validate(
        {"learning_rate": 2e-3, "schedule": name, "warmup_steps": warmup}
    )
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=2e-3)
    scheduler = get_scheduler(theirs, optimizer, num_warmup_steps=warmup, num_training_steps=10)
    expected, found = [], []
    for step in range(10):
        expected.append(optimizer.param_groups[0]["lr"])
        found.append(schedule(settings, step, 10))
        optimizer.step()
        scheduler.step()
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)


def test_schedules_worked_by_hand() -> None:
    shape = {"learning_rate": 1.0, "warmup_steps": 2}
    linear = TrialSettings.model_validate({**shape, "schedule": "linear"})
    cosine = TrialSettings.model_validate({**shape, "schedule": "cosine"})
    # two steps up, then four down: at step 4, halfway; at 6 and later, nothing is left
    assert [schedule(linear, step, 6) for step in range(8)] == [0, 0.5, 1, 0.75, 0.5, 0.25, 0, 0]
    expected = [0.0, 0.5, 1.0, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2, 0.0]
    found = [schedule(cosine, step, 6) for step in range(7)]
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)


def test_clipping_worked_by_hand() -> None:
    gradient = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]], dtype=torch.float64)
    norms = clip(gradient, torch.tensor([1.0, 1.0, 1.0]))
    torch.testing.assert_close(norms.tolist(), [5.0, 0.5, 0.0], atol=1e-12, rtol=0)
    # 1 / (5 + 1e-6) = 0.19999996; the second lane is short enough and the third has no length
    expected = [[0.59999988, 0.79999984], [0.3, 0.4], [0.0, 0.0]]
    torch.testing.assert_close(gradient.tolist(), expected, atol=1e-10, rtol=0)


def test_clipping_is_torch_s_and_each_lane_has_its_own_limit() -> None:
    gradient = draws(2, SIZE)
    limits = torch.tensor([0.5, 2.0], dtype=torch.float64)
    expected = []
    for lane in range(2):
        weights = nn.Parameter(torch.zeros(SIZE, dtype=torch.float64))
        weights.grad = gradient[lane].clone()
        nn.utils.clip_grad_norm_([weights], float(limits[lane]))
        expected.append(weights.grad)
    clip(gradient, limits)
    torch.testing.assert_close(gradient, torch.stack(expected), atol=1e-12, rtol=0)


def test_a_lane_with_no_finite_gradient_leaves_the_others_alone() -> None:
    healthy = draws(2, SIZE)
    spoilt = torch.cat([healthy, torch.full((1, SIZE), math.nan).double()])
    limits = torch.tensor([0.5, 2.0, 1.0])
    norms = clip(spoilt, limits)
    clip(healthy, limits[:2])
    assert torch.equal(spoilt[:2], healthy)
    assert norms.isfinite().tolist() == [True, True, False]


def test_a_lane_that_is_not_alive_keeps_its_very_numbers() -> None:
    start, gradient = draws(3, SIZE), draws(3, SIZE, seed=1)
    gradient[1] = math.nan
    moments = Moments(draws(3, SIZE, seed=2), draws(3, SIZE, seed=3).square())
    expected, kept = start.clone(), Moments(*(moment.clone() for moment in moments))
    others = [0, 2]
    rest = Moments(kept.first[others], kept.second[others])
    ones = torch.ones(3, dtype=torch.float64)
    healthy = expected[others]
    adamw(healthy, gradient[others], rest, ones[others], ones[others], ones[others] / 2)
    adamw(start, gradient, moments, ones, ones, ones / 2, torch.tensor([True, False, True]))
    for found, before, after in zip(
        (start, *moments), (expected, *kept), (healthy, *rest), strict=True
    ):
        assert torch.equal(found[1], before[1])
        assert torch.equal(found[others], after)
