"""python -m pytest tests/test_losses.py"""

from __future__ import annotations

import math

import pytest
import torch

from empathy.lanes.losses import (
    LOSSES,
    Batch,
    Tuning,
    hinge,
    ipo,
    robust,
    sft,
    sigmoid,
    sigmoid_norm,
)

LOG_2 = 0.6931471805599453


def batch(policy: object, reference: object, tokens: object = 1) -> Batch:
    values = torch.tensor(policy, dtype=torch.float64)
    counts = torch.tensor(tokens) if tokens != 1 else torch.ones(values.shape, dtype=torch.long)
    return Batch(values, torch.tensor(reference, dtype=torch.float64), counts)


def tuned(beta: object, smoothing: float = 0.0) -> Tuning:
    betas = torch.tensor(beta, dtype=torch.float64)
    return Tuning(betas, torch.full_like(betas, smoothing))


def test_a_policy_that_is_its_reference_loses_log_2_whatever_beta() -> None:
    same = [[[-10.0, -20.0], [-3.0, -1.0]]] * 2
    result = sigmoid(batch(same, same), tuned([0.1, 5.0]))
    torch.testing.assert_close(result.loss.tolist(), [LOG_2, LOG_2], atol=1e-12, rtol=0)
    assert result.curves["rewards/margins"].tolist() == [0.0, 0.0]
    assert result.curves["rewards/accuracies"].tolist() == [0.0, 0.0]  # a tie is no success


def test_sigmoid_worked_by_hand() -> None:
    # Lane 0, beta 0.1. Pair 0: chosen gains 2, rejected loses 1: rewards 0.2 and -0.1, margin 0.3,
    # loss ln(1 + e^-0.3) = 0.554355. Pair 1: chosen loses 3, rejected gains 1: rewards -0.3 and
    # 0.1, margin -0.4, loss ln(1 + e^0.4) = 0.913015. Their mean is 0.733685.
    # Lane 1, beta 0.5, same numbers: margins 1.5 and -2, losses ln(1 + e^-1.5) = 0.201413 and
    # ln(1 + e^2) = 2.126928, mean 1.164171.
    policy = [[-10.0, -20.0], [-8.0, -6.0]]
    reference = [[-12.0, -19.0], [-5.0, -7.0]]
    result = sigmoid(batch([policy] * 2, [reference] * 2), tuned([0.1, 0.5]))
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


def test_sigmoid_s_gradient_is_equation_7_s() -> None:
    # d loss / d log pi(chosen) = -beta * sigmoid(-margin): with beta 0.5 and margin ln 3,
    # sigmoid(-ln 3) = 1/4, so -0.125 for the chosen and +0.125 for the rejected reply.
    policy = torch.tensor([[[2 * math.log(3), 0.0]]], dtype=torch.float64, requires_grad=True)
    zeros = torch.zeros(1, 1, 2, dtype=torch.float64)
    sigmoid(Batch(policy, zeros, zeros), tuned([0.5])).loss.sum().backward()
    assert policy.grad is not None
    expected = [[[-0.125, 0.125]]]
    torch.testing.assert_close(policy.grad.tolist(), expected, atol=1e-12, rtol=0)


def test_a_huge_margin_stays_finite() -> None:
    zeros = [[[0.0, 0.0]]]
    loss = sigmoid(batch([[[-4000.0, 4000.0]]], zeros), tuned([1.0])).loss
    assert loss.item() == pytest.approx(8000.0)  # -log sigmoid(-8000)


# For the losses below, two pairs with beta 0.5. Pair 0: chosen gains 6 over 3 tokens, rejected
# loses 2 over 4: margin 0.5 * 8 = 4, of means 0.5 * (2 + 0.5) = 1.25. Pair 1: chosen gains 1 over
# 2 tokens, rejected gains 2 over 1: margin 0.5 * -1 = -0.5, of means 0.5 * (0.5 - 2) = -0.75.
PAIRS = batch([[[6.0, -2.0], [1.0, 2.0]]], [[[0.0, 0.0]] * 2], [[[3, 4], [2, 1]]])


def test_hinge_worked_by_hand() -> None:
    # max(0, 1 - 4) = 0 and 1 + 0.5 = 1.5: mean 0.75.
    assert hinge(PAIRS, tuned([0.5])).loss.tolist() == [0.75]
    assert hinge(batch([[[0.0, 0.0]]], [[[0.0, 0.0]]]), tuned([9.0])).loss.item() == 1.0


def test_the_mean_margin_worked_by_hand() -> None:
    # ln(1 + e^-1.25) = 0.251929 and ln(1 + e^0.75) = 1.136871: mean 0.694400.
    assert sigmoid_norm(PAIRS, tuned([0.5])).loss.item() == pytest.approx(0.694400, abs=1e-6)


def test_ipo_worked_by_hand() -> None:
    # 1 / (2 * 0.5) = 1 is wanted of the means' gap: (2.5 - 1)^2 = 2.25, (-1.5 - 1)^2 = 6.25.
    assert ipo(PAIRS, tuned([0.5])).loss.item() == pytest.approx(4.25)
    start = ipo(batch([[[0.0, 0.0]]], [[[0.0, 0.0]]]), tuned([0.25])).loss
    assert start.item() == pytest.approx(4.0)  # (1 / (2 * 0.25))^2


def test_robust_worked_by_hand() -> None:
    # e = 0.2. Pair 0: -ln s(4) = 0.018150, -ln s(-4) = 4.018150; (0.8 * 0.018150 - 0.2 * 4.018150)
    # / 0.6 = -1.315183. Pair 1: 0.974077 and 0.474077: (0.779262 - 0.094815) / 0.6 = 1.140744.
    assert robust(PAIRS, tuned([0.5], 0.2)).loss.item() == pytest.approx(-0.087220, abs=1e-6)
    plain = sigmoid(PAIRS, tuned([0.5])).loss
    torch.testing.assert_close(robust(PAIRS, tuned([0.5], 0.0)).loss, plain)


def test_robust_is_right_in_the_mean_over_wrong_labels() -> None:
    # A share e of pairs stands the wrong way round: (1 - e) robust(m) + e robust(-m) = sigmoid(m).
    turned = Batch(*(part.flip(-1) for part in PAIRS))
    told = (
        0.7 * robust(PAIRS, tuned([0.5], 0.3)).loss + 0.3 * robust(turned, tuned([0.5], 0.3)).loss
    )
    torch.testing.assert_close(told, sigmoid(PAIRS, tuned([0.5])).loss)


@pytest.mark.parametrize("loss", [name for name in LOSSES if name != "sft"])
def test_every_loss_tells_the_same_rewards(loss: str) -> None:
    curves = LOSSES[loss](PAIRS, tuned([0.5], 0.1)).curves
    assert curves["rewards/chosen"].item() == 1.75  # 0.5 * (6 + 1) / 2
    assert curves["rewards/margins"].item() == 1.75
    assert curves["rewards/accuracies"].item() == 0.5


def test_sft_is_the_mean_over_tokens_not_over_replies() -> None:
    # Lane 0: 6 nats over 3 tokens and 4 nats over 5: 10 / 8 = 1.25 (the mean of means is 1.4).
    # Lane 1: 1 over 1 and 2 over 4: 3 / 5 = 0.6.
    policy = [[[-6.0], [-4.0]], [[-1.0], [-2.0]]]
    tokens = [[[3], [5]], [[1], [4]]]
    result = sft(batch(policy, [[[0.0], [0.0]]] * 2, tokens), tuned([0.1, 0.1]))
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
    result = LOSSES[loss](spoilt, tuned([0.1, 0.1], 0.2))
    assert result.loss.isfinite().tolist() == [True, False]
    (gradient,) = torch.autograd.grad(result.loss.sum(), policy)
    assert gradient[0].isfinite().all()


@pytest.mark.parametrize("loss", LOSSES)
def test_curves_carry_no_graph(loss: str) -> None:
    policy = torch.zeros(1, 2, 2, requires_grad=True)
    result = LOSSES[loss](
        Batch(policy, torch.zeros(1, 2, 2), torch.ones(1, 2, 2, dtype=torch.long)),
        tuned([1.0], 0.2),
    )
    assert result.loss.requires_grad
    assert not any(curve.requires_grad for curve in result.curves.values())
