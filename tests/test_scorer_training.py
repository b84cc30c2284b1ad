"""The pieces of one training run: LoRA, batches, the file that comes out.

.venv/bin/python -m pytest tests/test_scorer_training.py
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from empathy import minilm
from empathy.corpora.epitome import Example
from empathy.errors import UserError
from empathy.metrics.epitome import EmpathyScorer, tokenise
from empathy.scorers.lora import LoraLinear, Trainable, trainable, trainable_state
from empathy.scorers.recipe import Recipe
from empathy.scorers.splices import UNKNOWN
from empathy.scorers.training import (
    attention_loss,
    batches,
    evidence_mask,
    fastest_dtype,
    restore_shares,
    shares,
    train,
)


def fresh() -> Trainable:
    return trainable("minilm", rank=8, dropout=0.1, dtype=torch.float32)


def test_lora_adds_scale_times_b_a_x() -> None:
    base = nn.Linear(2, 1)
    nn.init.constant_(base.weight, 1.0)
    nn.init.constant_(base.bias, 0.5)
    layer = LoraLinear(base, rank=1)
    x = torch.tensor([[1.0, 2.0]])
    assert layer(x).item() == pytest.approx(3.5)  # B starts at 0: nothing is added
    layer.a.data = torch.tensor([[3.0, 1.0]])
    layer.b.data = torch.tensor([[0.25]])
    assert layer(x).item() == pytest.approx(3.5 + 2.0 * 0.25 * (3 * 1 + 1 * 2))


def test_the_shipped_file_merged_equals_the_trained_network(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network, tokenizer = fresh()[:2]
    for module in network.modules():
        if isinstance(module, LoraLinear):
            nn.init.normal_(module.b, std=0.02)
    assert sum(isinstance(module, LoraLinear) for module in network.modules()) == 6 * 6
    with torch.no_grad():  # the file is fp16: round first, so that only the merging differs
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.copy_(parameter.half())
    posts, replies = ["I failed again.", "Nobody calls."], ["I am sorry.", "What happened then?"]
    save_file(trainable_state(network), tmp_path / "scorer.safetensors")
    with torch.inference_mode():
        expected = network.eval()(tokenise(tokenizer, posts, replies)).logits.softmax(-1)
    scorer = EmpathyScorer.from_file(tmp_path / "scorer.safetensors")
    assert torch.allclose(scorer.probabilities(posts, replies), expected, atol=1e-5)
    assert (tmp_path / "scorer.safetensors").stat().st_size <= 2_000_000


def test_only_lora_pooling_and_heads_are_trained() -> None:
    network = fresh().network
    names = {name for name, p in network.named_parameters() if p.requires_grad}
    assert {name.split(".")[0] for name in names} == {"encoder", "queries", "heads"}
    inside = {name.rsplit(".", 1)[1] for name in names if name.startswith("encoder.")}
    assert inside == {"a", "b"}


def test_every_example_comes_once_an_epoch_among_its_likes() -> None:
    lengths = [(7 * n) % 100 for n in range(64)]
    made = batches(lengths, 8, seed=1)
    assert sorted(index for chunk in made for index in chunk) == list(range(64))
    assert all(len(chunk) == 8 for chunk in made)
    spread = [max(lengths[i] for i in chunk) - min(lengths[i] for i in chunk) for chunk in made]
    assert max(spread) < 30  # of 100: sorted within 8 batches
    assert made == batches(lengths, 8, seed=1)
    assert made != batches(lengths, 8, seed=2)


def test_training_learns_and_keeps_the_best_epoch() -> None:
    kind = [Example(f"p{n}", f"r{n}", "A bad day.", "I am so sorry.", (2, 0, 0)) for n in range(8)]
    flat = [Example(f"q{n}", f"s{n}", "A bad day.", "Buy bread.", (0, 0, 0)) for n in range(8)]
    steps: list[tuple[int, int]] = []
    state, history, metadata = train(
        kind + flat,
        kind[:2] + flat[:2],
        Recipe(epochs=4, batch_size=4),
        seed=0,
        report=lambda done, total: steps.append((done, total)),
    )
    assert steps == [(n, 16) for n in range(1, 17)]
    assert history[-1]["loss"] < history[0]["loss"] / 2
    # Emotional reactions right on all: accuracy 1, macro-F1 2/3 (level 1 never occurs); the other
    # two mechanisms: accuracy 1, macro-F1 1/3. (5/6 + 2/3 + 2/3) / 3.
    assert max(row["validation"] for row in history) == pytest.approx(13 / 18)
    assert all(tensor.dtype == torch.float16 for tensor in state.values())
    assert metadata["encoder"] == "sentence-transformers/all-MiniLM-L6-v2"
    with pytest.raises(UserError, match="0 training and 2 validation pairs"):
        train([], kind[:2], Recipe(epochs=1), 0, lambda done, total: None)


def test_the_dtype_is_one_of_two() -> None:
    assert fastest_dtype() in (torch.bfloat16, torch.float32)


def test_evidence_marks_the_reply_s_tokens_inside_the_span_and_none_of_the_post_s() -> None:
    tokenizer = minilm.load("eager")[1]
    posts, replies = ["Why me?", "Nobody calls."], ["So sad. Why?", "Go on."]
    batch = tokenise(tokenizer, posts, replies)
    examples = [
        Example("p", "r", posts[0], replies[0], (0, 0, 1), ((), (), ((8, 12),))),
        Example("p", "r", posts[1], replies[1], (0, 0, 0)),
    ]
    mask = evidence_mask(batch, examples)
    tokens = tokenizer.convert_ids_to_tokens(batch["input_ids"][0].tolist())
    assert [t for t, m in zip(tokens, mask[0, 2].tolist(), strict=True) if m] == ["why", "?"]
    assert mask.sum() == 2


def test_the_attention_loss_is_the_log_of_the_share_on_evidence() -> None:
    attention = torch.tensor([[[0.25, 0.25, 0.5]], [[0.2, 0.3, 0.5]]])
    mask = torch.tensor([[[1.0, 1.0, 0.0]], [[0.0, 0.0, 0.0]]])
    # the first pair's evidence has half of the attention, the second pair has none: log 2 over two
    assert attention_loss(attention, mask).item() == pytest.approx(math.log(2) / 2, abs=1e-5)


def test_levels_that_splices_made_frequent_become_as_rare_as_they_are() -> None:
    network = fresh().network
    finals = [cast(nn.Linear, cast(nn.Sequential, head)[-1]) for head in network.heads]
    before = [final.bias.clone() for final in finals]
    taught = torch.tensor([[0.5, 0.25, 0.25]] * 3)
    natural = torch.tensor([[0.5, 0.375, 0.125]] * 3)
    restore_shares(network, taught, natural)
    for final, bias in zip(finals, before, strict=True):
        moved = (final.bias - bias).tolist()
        assert moved == pytest.approx([0.0, math.log(1.5), -math.log(2)], abs=1e-6)


def test_shares_count_known_levels_and_none_is_nothing() -> None:
    rows = [(0, 1, UNKNOWN), (0, 1, 2), (1, 1, 2)]
    found = shares([Example("p", "r", "post", "reply", levels) for levels in rows])
    assert found[0].tolist() == pytest.approx([2.5 / 4.5, 1.5 / 4.5, 0.5 / 4.5])
    assert found[2].tolist() == pytest.approx([0.5 / 3.5, 0.5 / 3.5, 2.5 / 3.5])
