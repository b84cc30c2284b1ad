"""Log-probabilities and implicit rewards of own pairs, against one reply at a time and PEFT.

python -m pytest tests/test_likelihood.py
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from plain_model import replies_logps
from torch import nn

from empathy.own_data.deciders import comparisons
from empathy.own_data.likelihood import Likelihood, encode, likelihood, logps, looked_up
from empathy.records import PreferencePair, Prompt, Turn
from empathy.weights import Base, load

SAID = [
    ("I failed again.", "What happened?", "Study more next time."),
    ("They will be angry.", "You fear their anger.", "No."),
    ("My dog died.", "I am sorry.", "Get another one."),
    ("I cannot sleep.", "That sounds hard.", "That sounds hard."),
]
PAIRS = [
    PreferencePair(Prompt(f"p{i}", f"g{i}", "own", (Turn("client", said),), ""), good, bad, "own")
    for i, (said, good, bad) in enumerate(SAID)
]
NAMES = ["log-prob, sum", "log-prob, per token"]
WITH_ADAPTER = [*NAMES, *(f"adapter: {name}" for name in NAMES), "adapter: implicit reward"]


def quiet(stage: str, share: float) -> None:
    """Progress that nobody watches."""


def adapter(base: Base, folder: Path, strength: float) -> Path:
    """An adapter that PEFT saved; its B is random, or zero as it starts. The base is changed."""
    torch.manual_seed(0)
    config = LoraConfig(r=4, task_type="CAUSAL_LM", target_modules=["q_proj", "down_proj"])
    model = get_peft_model(base.model, config)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(parameter, std=strength)
    model.save_pretrained(str(folder))
    return folder


def wins(found: Likelihood) -> dict[str, list[float | None]]:
    return {each.name: list(each.judge(comparisons(PAIRS)).wins) for each in found.judges}


def won(chosen_minus_rejected: torch.Tensor) -> list[float | None]:
    """1 for a positive lead, else 0; the last pair's replies are the same."""
    return [*(chosen_minus_rejected[:-1] > 0).float().tolist(), 0.5]


def test_sum_and_mean_are_the_plain_model_s(each_tiny_base: Base) -> None:
    base = each_tiny_base
    examples = encode(base, PAIRS).examples
    with torch.no_grad():
        expected = replies_logps(base.model, examples)
    assert torch.allclose(logps(base, examples, "", quiet), expected, atol=1e-3)
    tokens = torch.tensor([[len(reply) for reply in each.replies] for each in examples])
    found = likelihood(base, PAIRS, None, quiet)
    assert wins(found) == {
        NAMES[0]: won(expected[:, 0] - expected[:, 1]),
        NAMES[1]: won((expected / tokens)[:, 0] - (expected / tokens)[:, 1]),
    }
    assert (found.prompts_cut, found.replies_cut) == (0, 0)


def test_the_implicit_reward_is_the_adapter_s_gain(tiny_base: Base, tmp_path: Path) -> None:
    folder = adapter(tiny_base, tmp_path / "a", strength=0.3)
    examples = encode(tiny_base, PAIRS).examples
    with torch.no_grad():
        policy = replies_logps(tiny_base.model, examples)  # still has the adapter
    base = load(tiny_base.weights, tiny_base.family, dtype=torch.float32, device="cpu")
    with torch.no_grad():
        reward = policy - replies_logps(base.model, examples)
    assert (reward[:-1, 0] - reward[:-1, 1]).abs().min() > 0.01  # else rounding might decide
    found = wins(likelihood(base, PAIRS, folder, quiet))
    assert list(found) == WITH_ADAPTER
    assert found["adapter: implicit reward"] == won(reward[:, 0] - reward[:, 1])
    assert found["adapter: log-prob, sum"] == won(policy[:, 0] - policy[:, 1])


def test_an_adapter_that_does_nothing_rewards_nothing(tiny_base: Base, tmp_path: Path) -> None:
    folder = adapter(tiny_base, tmp_path / "a", strength=0.0)
    base = load(tiny_base.weights, tiny_base.family, dtype=torch.float32, device="cpu")
    found = wins(likelihood(base, PAIRS, folder, quiet))
    assert found["adapter: implicit reward"] == [0.5] * 4
    assert found[NAMES[0]] == found[f"adapter: {NAMES[0]}"]


def test_what_has_no_room_is_cut_and_counted(tiny_base: Base) -> None:
    # A byte is a token: 3,000 do not fit into 2,048, of which the prompt may have half.
    prompt = Prompt("p", "g", "own", (Turn("client", "word " * 600),), "")
    found = likelihood(tiny_base, [PreferencePair(prompt, "a" * 3000, "b", "own")], None, quiet)
    assert (found.prompts_cut, found.replies_cut) == (1, 1)
    (example,) = encode(tiny_base, [PreferencePair(prompt, "a" * 3000, "b", "own")]).examples
    assert len(example.prompt) <= 1024
    assert len(example.prompt) + len(example.replies[0]) == 2048


def test_the_bar_moves_to_its_end(tiny_base: Base) -> None:
    heard: list[float] = []
    found = logps(
        tiny_base, encode(tiny_base, PAIRS).examples, "x", lambda _, share: heard.append(share)
    )
    assert heard == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert found.shape == (4, 2)


def test_numbers_are_found_by_prompt_and_reply() -> None:
    scores = looked_up(PAIRS[:2], torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert scores([("They will be angry.", "No."), ("I failed again.", "What happened?")]) == [4, 1]
    with pytest.raises(KeyError):
        scores([("I failed again.", "No.")])
