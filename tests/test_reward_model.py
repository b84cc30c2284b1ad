"""Tiny random classifiers, made in code and saved as any reward model is.

python -m pytest tests/test_reward_model.py
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from tiny_reward import saved
from transformers import LlamaForSequenceClassification, PreTrainedTokenizerBase

from empathy.errors import UserError
from empathy.verdicts import reward_model
from empathy.verdicts.reward_model import RewardModel
from empathy.verdicts.verdict import Comparison
from empathy.weights import Base

SAID = [("I failed.", "Oh no."), ("Why me?", "That sounds hard, tell me more."), ("Hm.", "Hm?")]


@pytest.fixture
def tokenizer(tiny_base: Base) -> PreTrainedTokenizerBase:
    return tiny_base.tokenizer


def by_hand(folder: Path, tokenizer: PreTrainedTokenizerBase, text: str) -> torch.Tensor:
    """Logits of one text alone, without padding."""
    model = LlamaForSequenceClassification.from_pretrained(folder).eval()
    ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]])
    with torch.inference_mode():
        logits: torch.Tensor = model(ids).logits[0]
    return logits


def chat(prompt: str, reply: str) -> str:
    return f"<|begin|><|turn|>user\n{prompt}<|end|>\n<|turn|>assistant\n{reply}<|end|>\n"


def test_a_reward_is_the_logit_of_the_chat_whatever_its_batch(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    folder = saved(tmp_path / "reward", tokenizer)
    model = RewardModel.load(str(folder), device="cpu")
    expected = [by_hand(folder, tokenizer, chat(*said)).item() for said in SAID]
    assert model.rewards(SAID) == pytest.approx(expected, abs=1e-5)
    assert len({round(each, 4) for each in expected}) == 3
    assert model.truncated == 0


def test_without_a_chat_template_prompt_and_reply_are_two_lines(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    tokenizer.chat_template = None
    folder = saved(tmp_path / "reward", tokenizer)
    expected = [by_hand(folder, tokenizer, f"{prompt}\n{reply}").item() for prompt, reply in SAID]
    found = RewardModel.load(str(folder), device="cpu").rewards(SAID)
    assert found == pytest.approx(expected, abs=1e-5)


def test_without_a_padding_token_the_last_token_is_still_the_last(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    with_padding = RewardModel.load(str(saved(tmp_path / "a", tokenizer)), device="cpu")
    tokenizer.pad_token = None
    without = RewardModel.load(str(saved(tmp_path / "b", tokenizer)), device="cpu")
    assert without.rewards(SAID) == pytest.approx(with_padding.rewards(SAID), abs=1e-5)


def test_an_encoder_can_be_a_reward_model_too(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    tokenizer.chat_template = None
    folder = saved(tmp_path / "bert", tokenizer, bert=True)
    model = RewardModel.load(str(folder), device="cpu")
    together = model.rewards(SAID)
    alone = [model.rewards([said])[0] for said in SAID]
    assert together == pytest.approx(alone, abs=1e-5)


def test_two_labels_give_the_log_odds_of_the_last_and_a_name_gives_another(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    folder = saved(tmp_path / "reward", tokenizer, labels=2)
    logits = by_hand(folder, tokenizer, chat(*SAID[0]))
    last = RewardModel.load(str(folder), device="cpu").rewards(SAID[:1])
    first = RewardModel.load(str(folder), "LABEL_0", device="cpu").rewards(SAID[:1])
    assert last == pytest.approx([(logits[1] - logits[0]).item()], abs=1e-5)
    assert first == pytest.approx([(logits[0] - logits[1]).item()], abs=1e-5)


def test_three_labels_leave_open_which_is_meant(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    folder = saved(tmp_path / "reward", tokenizer, labels=3)
    with pytest.raises(UserError, match=r"has 3 labels; say by label which .*: LABEL_0, LABEL_1"):
        RewardModel.load(str(folder), device="cpu")
    with pytest.raises(UserError, match="has no label 'good'; known: LABEL_0, LABEL_1, LABEL_2"):
        RewardModel.load(str(folder), "good", device="cpu")
    assert RewardModel.load(str(folder), "LABEL_1", device="cpu").rewards(SAID[:1])


def test_too_long_a_text_loses_its_oldest_words_and_is_counted(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    folder = saved(tmp_path / "reward", tokenizer)
    model = RewardModel.load(str(folder), device="cpu")
    long = ("x" * 500, "Tell me more.")
    # A token a byte (a special one counts 1): the first token stays, then the last 199 bytes.
    ids = tokenizer(chat(*long), add_special_tokens=False)["input_ids"]
    cut = torch.tensor([ids[:1] + ids[-199:]])
    with torch.inference_mode():
        expected = LlamaForSequenceClassification.from_pretrained(folder).eval()(cut).logits.item()
    found = model.judge([Comparison(long[0], long[1], "Hm.", "sample")])
    assert model.rewards([long]) == pytest.approx([expected], abs=1e-5)
    assert found.counts == {"truncated texts": 2}
    assert model.truncated == 3


def test_judging_prefers_the_higher_reward_and_ties_equal_words(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    folder = saved(tmp_path / "reward", tokenizer)
    model = RewardModel.load(str(folder), device="cpu")
    a, b = model.rewards([("p", "Oh no."), ("p", "Why?")])
    assert a is not None
    assert b is not None
    asked = [("Oh no.", "Why?"), ("Why?", "Oh no."), ("Why?", "Why?"), ("", "Why?")]
    found = model.judge([Comparison("p", x, y, "sample") for x, y in asked])
    assert found.wins == (float(a > b), float(b > a), 0.5, None)
    assert found.judge == f"reward_model:{folder}"
    assert found.counts == {"identical": 1, "blank": 1}


def test_batches_are_by_length_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reward_model, "BATCH_TOKENS", 10)
    # Sorted 2 3 4 12: 2 * 3 fits 10, 3 * 4 does not, 12 is alone however long.
    assert reward_model._batches([12, 3, 2, 4]) == [[2, 1], [3], [0]]


def test_a_checkpoint_without_its_head_is_refused(tmp_path: Path, tiny_base: Base) -> None:
    with pytest.raises(UserError, match=r"lacks 1 of the classifier's weights, score\.weight"):
        RewardModel.load(str(copied(tiny_base, tmp_path / "causal")), device="cpu")


def copied(base: Base, folder: Path) -> Path:
    shutil.copytree(base.weights.folder, folder)
    return folder


def test_code_of_a_checkpoint_is_never_run(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    folder = saved(tmp_path / "reward", tokenizer)
    (folder / "config.json").write_text(
        '{"model_type": "own", "auto_map": {"AutoConfig": "own.Own"}}'
    )
    (folder / "own.py").write_text("raise SystemExit('ran')")
    with pytest.raises(UserError, match="without code of its own"):
        RewardModel.load(str(folder), device="cpu")


def test_weights_in_pickle_are_not_loaded(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    folder = saved(tmp_path / "reward", tokenizer)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match="as a sequence classifier in safetensors"):
        RewardModel.load(str(folder), device="cpu")


@pytest.mark.parametrize("name", ["nowhere", "./nowhere/at-all", "a/b/c"])
def test_a_name_that_is_neither_folder_nor_hub_id(name: str) -> None:
    with pytest.raises(UserError, match="give one, or a hub id"):
        RewardModel.load(name, device="cpu")
