"""python -m pytest tests/test_losses.py"""

from __future__ import annotations

import math

import pytest
import torch

from empathy.lanes.losses import LOSSES, Batch, dpo, sft

LOG_2 = 0.6931471805599453


def batch(policy: object, reference: object, tokens: object = 1) -> Batch:
    values = torch.tensor(policy, dtype=torch.float64)
    counts = torch.tensor(tokens) if tokens != 1 else torch.ones(values.shape, dtype=torch.long)
    return Batch(values, torch.tensor(reference, dtype=torch.float64), counts)


def test_a_policy_that_is_its_reference_loses_log_2_whatever_beta() -> None:
    same = [[[-10.0, -20.0], [-3.0, -1.0]]] * 2
    result = dpo(batch(same, same), torch.tensor([0.1, 5.0]))
    torch.testing.assert_close(result.loss.tolist(), [LOG_2, LOG_2], atol=1e-12, rtol=0)
    assert result.curves["rewards/margins"].tolist() == [0.0, 0.0]
    assert result.curves["rewards/accuracies"].tolist() == [0.0, 0.0]  # a tie is no success


def test_dpo_worked_by_hand() -> None:
    # Lane 0, beta 0.1. Pair 0: chosen gains 2, rejected loses 1: rewards 0.2 and -0.1, margin 0.3,
    # loss ln(1 + e^-0.3) = 0.554355. Pair 1: chosen loses 3, rejected gains 1: rewards -0.3 and
    # 0.1, margin -0.4, loss ln(1 + e^0.4) = 0.913015. Their mean is 0.733685.
    # Lane 1, beta 0.5, same numbers: margins 1.5 and -2, losses ln(1 + e^-1.5) = 0.201413 and
    # ln(1 + e^2) = 2.126928, mean 1.164171.
    policy = [[-10.0, -20.0], [-8.0, -6.0]]
    reference = [[-12.0, -19.0], [-5.0, -7.0]]
    beta = torch.tensor([0.1, 0.5], dtype=torch.float64)
    result = dpo(batch([policy] * 2, [reference] * 2), beta)
    expected = {
        "rewards/chosen": [-0.05, -0.25],
        "rewards/rejected": [0.0, 0.0],
        "rewards/margins": [-0.05, -0.25],
        "rewards/accuracies": [0.5, 0.5],
        "logps/chosen": [-9.0, -9.0],
        "logps/rejected": [-13.0, -13.0],
    }
    torch.testing.assert_close(result.loss.tolist(), [0.733685, 1.164171], atol=1e-6, rtol=0)
    found = {name: curve.tolist() for name, curve in result.curves.items()}
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)


def test_dpo_s_gradient_is_equation_7_s() -> None:
    # d loss / d log pi(chosen) = -beta * sigmoid(-margin): with beta 0.5 and margin ln 3,
    # sigmoid(-ln 3) = 1/4, so -0.125 for the chosen and +0.125 for the rejected reply.
    policy = torch.tensor([[[2 * math.log(3), 0.0]]], dtype=torch.float64, requires_grad=True)
    zeros = torch.zeros(1, 1, 2, dtype=torch.float64)
    dpo(Batch(policy, zeros, zeros), torch.tensor([0.5])).loss.sum().backward()
    assert policy.grad is not None
    expected = [[[-0.125, 0.125]]]
    torch.testing.assert_close(policy.grad.tolist(), expected, atol=1e-12, rtol=0)


def test_a_huge_margin_stays_finite() -> None:
    zeros = [[[0.0, 0.0]]]
    loss = dpo(batch([[[-4000.0, 4000.0]]], zeros), torch.tensor([1.0])).loss
    assert loss.item() == pytest.approx(8000.0)  # -log sigmoid(-8000)


def test_sft_is_the_mean_over_tokens_not_over_replies() -> None:
    # Lane 0: 6 nats over 3 tokens and 4 nats over 5: 10 / 8 = 1.25 (the mean of means is 1.4).
    # Lane 1: 1 over 1 and 2 over 4: 3 / 5 = 0.6.
    policy = [[[-6.0], [-4.0]], [[-1.0], [-2.0]]]
    tokens = [[[3], [5]], [[1], [4]]]
    result = sft(batch(policy, [[[0.0], [0.0]]] * 2, tokens), torch.tensor([0.1, 0.1]))
    torch.testing.assert_close(result.loss.tolist(), [1.25, 0.6], atol=1e-12, rtol=0)
    assert result.curves["logps/chosen"].tolist() == [-5.0, -1.5]


@pytest.mark.parametrize("loss", LOSSES)
def test_a_lane_that_is_not_finite_keeps_it_to_itself(loss: str) -> None:
    policy = torch.full((2, 1, 2), -3.0, requires_grad=True)
    spoilt = Batch(
        policy * torch.tensor([1.0, math.nan])[:, None, None],
        torch.zeros(2, 1, 2),
        torch.ones(2, 1, 2, dtype=torch.long),
    )
    result = LOSSES[loss](spoilt, torch.tensor([0.1, 0.1]))
    assert result.loss.isfinite().tolist() == [True, False]
    (gradient,) = torch.autograd.grad(result.loss.sum(), policy)
    assert gradient[0].isfinite().all()


@pytest.mark.parametrize("loss", LOSSES)
def test_curves_carry_no_graph(loss: str) -> None:
    policy = torch.zeros(1, 2, 2, requires_grad=True)
    result = LOSSES[loss](
        Batch(policy, torch.zeros(1, 2, 2), torch.ones(1, 2, 2, dtype=torch.long)),
        torch.tensor([1.0]),
    )
    assert result.loss.requires_grad
    assert not any(curve.requires_grad for curve in result.curves.values())
