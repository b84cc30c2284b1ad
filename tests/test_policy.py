"""python -m pytest tests/test_policy.py"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from plain_model import reply_logp
from tiny_models import TARGETS, trained_row

from empathy import policy
from empathy.lanes.adapters import adapt
from empathy.policy import Speaker
from empathy.records import PreferencePair, Prompt, Turn
from empathy.settings import EvaluationSettings, TrainingSettings
from empathy.weights import Base

RULES = EvaluationSettings(temperature=1.0, max_new_tokens=8, seed=3)
ROOMY = TrainingSettings(max_prompt_tokens=256, max_length=512)


def prompt(number: int, *words: str) -> Prompt:
    texts = words or (f"I feel tired of case {number}.",)
    turns = tuple(Turn("client", text) for text in texts)
    return Prompt(f"p{number}", f"g{number}", "invented", turns, "That sounds hard.")


PROMPTS = [prompt(number) for number in range(3)]


def speaker(base: Base, training: TrainingSettings = ROOMY) -> Speaker:
    return Speaker(base, training, RULES)


def text_of(base: Base, tokens: Sequence[int]) -> str:
    return str(base.tokenizer.decode(list(tokens)))


def test_examples_are_the_family_s_tokens(tiny_base: Base) -> None:
    encoded = speaker(tiny_base).encode(PROMPTS, [("Yes.", "No, never.")] * 3)
    assert (encoded.prompts_cut, encoded.replies_cut) == (0, 0)
    for one, example in zip(PROMPTS, encoded.examples, strict=True):
        text = text_of(tiny_base, example.prompt)
        assert one.client_text in text
        assert text.endswith("<|turn|>assistant\n")  # where the reply begins
        replies = [text_of(tiny_base, reply) for reply in example.replies]
        assert replies == ["Yes.<|end|>", "No, never.<|end|>"]


def test_pairs_put_the_chosen_reply_first(tiny_base: Base) -> None:
    pair = PreferencePair(PROMPTS[0], "Good.", "Bad.", "ranked")
    (example,) = speaker(tiny_base).pairs([pair]).examples
    decoded = [text_of(tiny_base, reply) for reply in example.replies]
    assert decoded == ["Good.<|end|>", "Bad.<|end|>"]


def test_what_is_cut_is_counted(tiny_base: Base) -> None:
    """A text costs one token per byte, and its end token one more."""
    whole = speaker(tiny_base)
    length = len(whole.prompt(PROMPTS[0])[0])
    long = prompt(9, "An old story. " * 20, PROMPTS[0].client_text)
    tight = TrainingSettings(max_prompt_tokens=length, max_length=length + 6)
    encoded = speaker(tiny_base, tight).encode(
        [PROMPTS[0], long], [("Yes.", "No, never."), ("12345", "123456")]
    )
    assert encoded.prompts_cut == 1  # the long one
    assert all(len(example.prompt) <= length for example in encoded.examples)
    assert [len(reply) for reply in encoded.examples[0].replies] == [5, 6]  # not 11
    assert encoded.replies_cut == 2  # "No, never." and the end token of "123456"


def test_replies_come_as_text_and_as_tokens(each_tiny_base: Base) -> None:
    (spoken,) = speaker(each_tiny_base).reply(PROMPTS)
    for one, reply, generated in zip(PROMPTS, spoken.replies, spoken.generated, strict=True):
        assert reply.prompt_id == one.prompt_id
        assert reply.tokens == len(generated.tokens) <= 8
        assert reply.finished == (generated.tokens[-1] == each_tiny_base.end_id)
        kept = [token for token in generated.tokens if token > 3]  # 0 to 3 are special
        assert reply.text == text_of(each_tiny_base, kept).strip()


def test_draws_depend_on_seed_prompt_and_number_only(tiny_base: Base) -> None:
    spoken = {
        (seed, sample): [
            each.tokens
            for each in Speaker(tiny_base, ROOMY, RULES.model_copy(update={"seed": seed}))
            .reply(PROMPTS, sample=sample)[0]
            .generated
        ]
        for seed in (3, 4)
        for sample in (0, 1)
    }
    assert len({tuple(replies) for replies in spoken.values()}) == 4
    (alone,) = speaker(tiny_base).reply(PROMPTS[1:2])
    assert alone.generated[0].tokens == spoken[3, 0][1]


def test_samples_are_the_numbered_draws_and_are_kept(
    tiny_base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path))
    talker = speaker(tiny_base)
    found = talker.sample(PROMPTS, 2, "this model")
    draws = [talker.reply(PROMPTS, sample=number)[0].replies for number in range(2)]
    assert found == [[draw[i].text for draw in draws] for i in range(3)]

    calls: list[object] = []

    def none(*given: object) -> object:
        calls.append(given)
        raise AssertionError("this was drawn before")

    monkeypatch.setattr(policy, "generate", none)
    assert talker.sample(PROMPTS, 2, "this model") == found
    for key, count, asked in (("other", 2, PROMPTS), ("this model", 3, PROMPTS)):
        with pytest.raises(AssertionError, match="drawn before"):
            talker.sample(asked, count, key)
    cooler = Speaker(tiny_base, ROOMY, RULES.model_copy(update={"temperature": 0.5}))
    with pytest.raises(AssertionError, match="drawn before"):
        cooler.sample(PROMPTS, 2, "this model")
    assert len(calls) == 3


def test_the_reference_s_own_replies_have_log_ratio_zero(each_tiny_base: Base) -> None:
    talker = speaker(each_tiny_base)
    spoken = talker.reply(PROMPTS)
    (ratios,) = talker.log_ratios(PROMPTS, spoken)
    torch.testing.assert_close(ratios, [0.0] * 3, atol=1e-4, rtol=0)


def test_log_ratios_are_policy_minus_reference_lane_by_lane(tiny_base: Base) -> None:
    talker, model = speaker(tiny_base), tiny_base.model
    layout = adapt(model, TARGETS, rank=4)
    rows = torch.stack([trained_row(layout, 4, seed, 0.2) for seed in range(2)])
    scales = torch.tensor([2.0, 2.0])
    with layout.using(rows, scales):
        spoken = talker.reply(PROMPTS, lanes=2)
    found = talker.log_ratios(PROMPTS, spoken)
    said = [
        [(talker.prompt(p)[0], g.tokens) for p, g in zip(PROMPTS, lane.generated, strict=True)]
        for lane in spoken
    ]
    for lane in range(2):
        reference = [reply_logp(model, *each).item() for each in said[lane]]
        with layout.using(rows[lane : lane + 1], scales[lane : lane + 1]):
            own = [reply_logp(model, *each).item() for each in said[lane]]
        expected = [p - r for p, r in zip(own, reference, strict=True)]
        torch.testing.assert_close(found[lane], expected, atol=1e-4, rtol=0)
        assert max(map(abs, expected)) > 0.1
