"""python -m pytest tests/test_logprobs.py"""

from __future__ import annotations

import pytest
import torch
from plain_model import replies_logps
from tiny_models import VOCABULARY, WINDOW, examples, tiny

from empathy.lanes import engine, logprobs
from empathy.lanes.engine import measure
from empathy.lanes.logprobs import sequence_logps, token_logps
from empathy.lanes.rows import Example, pack

PAIRS = examples(6)
FAMILIES = ["llama", "gemma", "bert"]


def alone(family: str, *pairs: Example) -> torch.Tensor:
    """Log-probabilities of pairs that share their rows, in fp64: `(n, 2)`."""
    return sequence_logps(tiny(family, torch.float64), pack([pairs])).logps.view(len(pairs), 2)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-10)], ids=["fp32", "fp64"]
)
@pytest.mark.parametrize("family", FAMILIES)
def test_shared_prompts_and_packed_rows_equal_one_sequence_at_a_time(
    family: str, dtype: torch.dtype, tolerance: float
) -> None:
    assert max(len(pair.prompt) for pair in PAIRS) > WINDOW  # Gemma's window is at work
    rows = pack([PAIRS])
    assert len(rows.ids) < len(PAIRS)  # rows do hold several pairs
    model = tiny(family, dtype)
    found = sequence_logps(model, rows)
    tokens = torch.tensor([len(reply) for pair in PAIRS for reply in pair.replies])
    assert found.tokens.tolist() == tokens.tolist()
    plain = replies_logps(model, PAIRS).flatten()
    # the tolerance is that of a token's log-probability, in nats
    torch.testing.assert_close(found.logps / tokens, plain / tokens, atol=tolerance, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_reply_sees_its_rival_or_another_pair(family: str) -> None:
    one, other = PAIRS[:2]
    changed = one._replace(replies=((7,) * len(one.replies[0]), one.replies[1]))
    swapped = one._replace(replies=one.replies[::-1])
    stranger = Example((9,) * len(other.prompt), ((8,) * len(other.replies[0]), other.replies[1]))
    base = alone(family, one, other)
    with_changed = alone(family, changed, other)
    assert (with_changed[0, 0] - base[0, 0]).abs() > 1e-3
    assert with_changed[0, 1] == base[0, 1]  # the very same number: nothing leaks
    assert torch.equal(with_changed[1], base[1])
    assert torch.equal(alone(family, one, stranger)[0], base[0])
    torch.testing.assert_close(
        alone(family, swapped, other)[0], base[0].flip(0), atol=1e-10, rtol=0
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_later_tokens_change_nothing_before_them(family: str) -> None:
    """A reply is worth the sum of its beginning and of the rest."""
    prompt, (reply, rival) = PAIRS[0]
    cut = len(reply) - 2
    whole, start, rest = (
        alone(family, Example(p, (r, rival)))[0, 0]
        for p, r in [(prompt, reply), (prompt, reply[:cut]), (prompt + reply[:cut], reply[cut:])]
    )
    torch.testing.assert_close(start + rest, whole, atol=1e-10, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_reply_s_end_beyond_the_window_still_counts(family: str) -> None:
    """Positions, not indices: the rejected reply stands far behind its prompt in the row."""
    prompt = tuple(range(10, 15))
    chosen = tuple(range(20, 20 + 2 * WINDOW))  # longer than the window
    pair = Example(prompt, (chosen, (30, 31, 32)))
    plain = replies_logps(tiny(family, torch.float64), [pair])
    torch.testing.assert_close(alone(family, pair), plain, atol=1e-10, rtol=0)


def test_token_logps_worked_by_hand() -> None:
    # One dimension: logits are h * (0, ln 3), so at h = 1 the probabilities are 1/4 and 3/4,
    # and at h = 2 they are 1/10 and 9/10.
    weight = torch.tensor([[0.0], [1.0986122886681098]], dtype=torch.float64)
    hidden = torch.tensor([[1.0], [1.0], [2.0]], dtype=torch.float64, requires_grad=True)
    logps = token_logps(hidden, weight, torch.tensor([0, 1, 1]))
    # ln(1/4), ln(3/4), ln(9/10)
    expected = [-1.3862943611198906, -0.2876820724517809, -0.1053605156578263]
    torch.testing.assert_close(logps.tolist(), expected, atol=1e-12, rtol=0)
    logps.sum().backward()
    # d/dh = W[target] - p W = ln 3 * ([target is 1] - p(1))
    slopes = [-0.8239592165010823, 0.2746530721670274, 0.10986122886681098]
    assert hidden.grad is not None
    torch.testing.assert_close(hidden.grad[:, 0].tolist(), slopes, atol=1e-12, rtol=0)


def test_token_logps_do_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    random = torch.Generator().manual_seed(0)
    hidden = torch.randn(10, 8, dtype=torch.float64, generator=random)
    weight = torch.randn(VOCABULARY, 8, dtype=torch.float64, generator=random)
    targets = torch.randint(VOCABULARY, (10,), generator=random)
    upstream = torch.randn(10, dtype=torch.float64, generator=random)
    plain = hidden.clone().requires_grad_()
    expected = (plain @ weight.T).log_softmax(-1)[torch.arange(10), targets]
    (slope,) = torch.autograd.grad(expected, plain, upstream)
    for chunk in (3, 512):
        monkeypatch.setattr(logprobs, "CHUNK", chunk)
        ours = hidden.clone().requires_grad_()
        found = token_logps(ours, weight, targets)
        (gradient,) = torch.autograd.grad(found, ours, upstream)
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)
        torch.testing.assert_close(gradient, slope, atol=1e-12, rtol=0)


def test_a_bias_counts_and_moves_no_hidden_state_by_itself() -> None:
    # logits are h * (0, ln 3) + (ln 3, 0): at h = 1 both are ln 3, so each has probability 1/2
    third = 1.0986122886681098
    weight = torch.tensor([[0.0], [third]], dtype=torch.float64)
    bias = torch.tensor([third, 0.0], dtype=torch.float64)
    hidden = torch.ones(2, 1, dtype=torch.float64, requires_grad=True)
    logps = token_logps(hidden, weight, torch.tensor([0, 1]), bias)
    torch.testing.assert_close(logps.tolist(), [-0.6931471805599453] * 2, atol=1e-12, rtol=0)
    logps.sum().backward()
    # d/dh = ln 3 * ([target is 1] - 1/2)
    assert hidden.grad is not None
    torch.testing.assert_close(
        hidden.grad[:, 0].tolist(), [-third / 2, third / 2], atol=1e-12, rtol=0
    )


def test_a_trained_vocabulary_gets_the_gradient_of_the_full_logits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = torch.Generator().manual_seed(0)
    shapes = ((10, 8), (VOCABULARY, 8), (VOCABULARY,))
    parts = [torch.randn(s, dtype=torch.float64, generator=random) for s in shapes]
    hidden, weight, bias = (part.requires_grad_() for part in parts)
    targets = torch.randint(VOCABULARY, (10,), generator=random)
    upstream = torch.randn(10, dtype=torch.float64, generator=random)
    expected = (hidden @ weight.T + bias).log_softmax(-1)[torch.arange(10), targets]
    slopes = torch.autograd.grad(expected, (hidden, weight, bias), upstream)
    monkeypatch.setattr(logprobs, "CHUNK", 3)
    found = token_logps(hidden, weight, targets, bias)
    ours = torch.autograd.grad(found, (hidden, weight, bias), upstream)
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)
    for mine, theirs in zip(ours, slopes, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-12, rtol=0)


def test_bfloat16_models_have_float32_log_probabilities() -> None:
    hidden = torch.ones(2, 4, dtype=torch.bfloat16)
    logps = token_logps(hidden, torch.zeros(3, 4, dtype=torch.bfloat16), torch.tensor([0, 2]))
    assert logps.dtype == torch.float32
    torch.testing.assert_close(logps.tolist(), [-1.0986123] * 2, atol=1e-6, rtol=0)  # ln(1/3)


def test_measuring_in_small_chunks_keeps_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny("llama")
    plain = replies_logps(model, PAIRS)
    monkeypatch.setattr(engine, "TOKENS_PER_PASS", 100)  # one or two pairs at a time
    found = measure(model, [PAIRS])
    assert found.shape == (1, len(PAIRS), 2)
    torch.testing.assert_close(found[0], plain, atol=1e-4, rtol=0)
