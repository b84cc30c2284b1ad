"""python -m pytest tests/test_compilation.py"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import torch
from tiny_models import TARGETS, examples, tiny
from torch.nn.attention import flex_attention

from empathy.lanes import attention
from empathy.lanes.adapters import adapt
from empathy.lanes.compilation import CompiledLayers, few, worth_compiling
from empathy.lanes.engine import LaneEngine, StepReport, Task
from empathy.settings import TrialSettings

# torch's own, on the import of its compiler
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script_method`:DeprecationWarning")
LANES = [TrialSettings(lora_rank=3 + seed % 2, learning_rate=1e-2, seed=seed) for seed in range(5)]
# who is in use at each step: five, one leaves, another does for one that joins, all of them again
CALLS = [[0, 1, 2, 3, 4], [0, 1, 2, 3], [1, 2, 3, 4], [4, 3, 2, 1, 0]]


@pytest.fixture(autouse=True)
def afresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing compiled before, blocks on this CPU (see test_attention.py)."""
    monkeypatch.setattr(attention, "worth_blocks", lambda device, supported: True)
    monkeypatch.setattr(flex_attention, "_validate_device", lambda *_: None)
    monkeypatch.setattr(flex_attention, "_FLEX_ATTENTION_DISABLE_COMPILE_DEBUG", True)
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def test_compilation_is_for_a_gpu() -> None:
    assert worth_compiling("cuda")
    assert not worth_compiling("cpu")


def test_sizes_are_few_and_half_as_much_again_at_most() -> None:
    assert [few(n, 100) for n in range(1, 14)] == [1, 2, 3, 4, 6, 6, 8, 8, *[12] * 4, 16]
    assert [few(n, 5) for n in range(1, 6)] == [1, 2, 3, 4, 5]  # never more than there are
    assert all(n <= few(n, 1000) <= n * 3 / 2 for n in range(1, 500))


def stepped(
    family: str, calls: Sequence[Sequence[int]], compiled: bool, backend: str | Callable[..., Any]
) -> list[list[StepReport]]:
    """Reports of an engine with five lanes; all four pairs at every step, so one width."""
    model = tiny(family)
    data = examples(4)
    task = Task(data, torch.zeros(4, 2), "sigmoid", 8, 4)
    engine = LaneEngine(model, adapt(model, TARGETS, 4), task, 5)
    assert engine.compiled is None
    engine.tokens_per_pass = 1 << 20  # as on a GPU
    if compiled:
        engine.compiled = CompiledLayers(model, backend=backend, fullgraph=True)
    for settings in LANES:
        engine.join(settings)
    return [engine.step(lanes) for lanes in calls]


@pytest.mark.parametrize(
    ("family", "kinds"), [("llama", 2), pytest.param("gemma", 3, marks=pytest.mark.slow)]
)
def test_compiled_layers_equal_the_others_and_are_compiled_once_for_each_shape(
    family: str, kinds: int
) -> None:
    """No graph breaks (`fullgraph`); two shapes: of five and of four lanes.

    The first layer is a kind of its own, since its input has no gradient; so are sliding layers.
    """
    graphs: list[torch.fx.GraphModule] = []

    def counted(graph: torch.fx.GraphModule, _: object) -> Any:
        graphs.append(graph)
        return graph.forward

    found = stepped(family, CALLS, True, counted)
    assert len(graphs) == 2 * kinds
    with torch.compiler.set_stance("force_eager"):
        expected = stepped(family, CALLS, False, counted)
    for one, other in zip(found, expected, strict=True):
        for report, plain in zip(one, other, strict=True):
            assert report.step == plain.step
            numbers = [(r.loss, r.grad_norm, *r.curves.values()) for r in (report, plain)]
            torch.testing.assert_close(*numbers, atol=1e-5, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["llama", "gemma"])
def test_what_inductor_generates_trains_the_same(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its real code, C++ here, under dense masks: it has no backward of blocks for a CPU."""
    monkeypatch.setattr(attention, "worth_blocks", lambda device, supported: False)
    found = stepped(family, CALLS, True, "inductor")
    expected = stepped(family, CALLS, False, "none")
    for one, other in zip(found, expected, strict=True):
        for report, plain in zip(one, other, strict=True):
            numbers = [(r.loss, *r.curves.values()) for r in (report, plain)]
            torch.testing.assert_close(*numbers, atol=1e-5, rtol=1e-5)
            # sums in another order, squared and added up over AdamW's steps
            assert report.grad_norm == pytest.approx(plain.grad_norm, abs=1e-4)


def test_layers_are_as_they_were_outside() -> None:
    model = tiny("llama")
    compiled = CompiledLayers(model, backend="eager")
    layer = model.get_submodule("model.layers.0")
    with compiled.used():
        assert "forward" in vars(layer)
    assert "forward" not in vars(layer)
    with pytest.raises(RuntimeError, match="stop"), compiled.used():
        raise RuntimeError("stop")
    assert "forward" not in vars(layer)
