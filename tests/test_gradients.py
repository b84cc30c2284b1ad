"""The engine's gradients against autograd through PEFT, one whole sequence at a time, in fp64.

python -m pytest tests/test_gradients.py
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from plain_model import lora_layers, replies_logps, with_peft
from tiny_models import TARGETS_OF, WINDOW, examples, tiny, trained_row
from torch import Tensor
from torch.nn.functional import logsigmoid
from transformers.models.gemma3.modeling_gemma3 import Gemma3RMSNorm
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from empathy.lanes.adapters import LoraPair, adapt
from empathy.lanes.engine import LaneEngine, LaneState, Task
from empathy.settings import TrialSettings

BATCH = 4
PAIRS = examples(BATCH)
NO_CLIPPING = 1e12
SETTINGS = [  # alpha / rank and beta are powers of two, since lanes keep their settings in float32
    TrialSettings(beta=0.5, lora_rank=8, lora_alpha=16, max_grad_norm=NO_CLIPPING, seed=1),
    TrialSettings(beta=0.25, lora_rank=4, lora_alpha=16, max_grad_norm=NO_CLIPPING, seed=2),
]


def _llama_norm(self: LlamaRMSNorm, x: Tensor) -> Tensor:
    scale = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)
    return self.weight * x * scale


def _gemma_norm(self: Gemma3RMSNorm, x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * (1 + self.weight)


@pytest.fixture(autouse=True)
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything in fp64, also the norms, which transformers computes in float32 whatever comes."""
    monkeypatch.setattr(LlamaRMSNorm, "forward", _llama_norm)
    monkeypatch.setattr(Gemma3RMSNorm, "forward", _gemma_norm)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def engine_gradients(
    family: str, loss: str, reference: Tensor
) -> list[tuple[float, dict[str, LoraPair], dict[str, LoraPair]]]:
    """Each lane's loss, weights and gradient, by way of an optimizer step.

    Adam's first moment after the first step is (1 - 0.9) times the gradient.
    """
    model = tiny(family, torch.float64)
    layout = adapt(model, TARGETS_OF[family], rank=8)
    engine = LaneEngine(model, layout, Task(PAIRS, reference, loss, 1, BATCH), len(SETTINGS))
    starts = [trained_row(layout, s.lora_rank, s.seed) for s in SETTINGS]
    lanes = [
        engine.join(settings, LaneState(row, torch.zeros_like(row), torch.zeros_like(row), 0))
        for settings, row in zip(SETTINGS, starts, strict=True)
    ]
    reports = engine.step(lanes)
    found = []
    for lane, settings, row, report in zip(lanes, SETTINGS, starts, reports, strict=True):
        gradient = engine.state(lane).first / (1 - 0.9)
        assert gradient.dtype == torch.float64
        assert (gradient[~layout.used(settings.lora_rank)] == 0).all()
        rank = settings.lora_rank
        found.append((report.loss, layout.lora(row, rank), layout.lora(gradient, rank)))
    return found


def plain_loss(loss: str, policy: Tensor, reference: Tensor, beta: float) -> Tensor:
    """Written once more, from the formulas."""
    lengths = torch.tensor([[len(reply) for reply in pair.replies] for pair in PAIRS])
    if loss == "sft":
        return -policy[:, 0].sum() / lengths[:, 0].sum()
    gains = policy - reference
    chosen, rejected = (gains / lengths if loss == "ipo" else gains).unbind(1)
    if loss == "ipo":
        return ((chosen - rejected - 0.5 / beta) ** 2).mean()
    return -logsigmoid(beta * (chosen - rejected)).mean()


@pytest.mark.parametrize("loss", ["sigmoid", "ipo", "sft"])
@pytest.mark.parametrize("family", ["llama", "gemma", "bert"])
def test_gradients_equal_an_unfused_computation(family: str, loss: str) -> None:
    assert max(len(pair.prompt) for pair in PAIRS) > 2 * WINDOW
    random = torch.Generator().manual_seed(5)
    reference = -50 + torch.randn(BATCH, 2, generator=random)
    for (ours, weights, gradient), settings in zip(
        engine_gradients(family, loss, reference), SETTINGS, strict=True
    ):
        plain = with_peft(tiny(family, torch.float64), weights, settings.lora_rank, alpha=16)
        value = plain_loss(loss, replies_logps(plain, PAIRS), reference, settings.beta)
        value.backward()
        assert ours == pytest.approx(value.item(), abs=1e-10)
        layers = lora_layers(plain)
        assert layers.keys() == gradient.keys()
        for name, pair in gradient.items():
            down, up = (
                getattr(layers[name], matrix)["default"].weight.grad.T
                for matrix in ("lora_A", "lora_B")
            )
            assert min(down.abs().max(), up.abs().max()) > 1e-6  # there is something to compare
            torch.testing.assert_close(pair.down, down, atol=1e-10, rtol=0)
            torch.testing.assert_close(pair.up, up, atol=1e-10, rtol=0)
