"""Checkpoints that are wrong in one way each, and the sentence that says so.

python -m pytest tests/test_checkpoint_checks.py
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from empathy.checkpoints import checks as checkpoint_checks
from empathy.checkpoints.checks import check_checkpoint
from empathy.families import FAMILIES, Family
from empathy.lanes import rows
from empathy.records import Prompt, Turn
from empathy.settings import EvaluationSettings, StudySettings, TrainingSettings
from empathy.weights import Weights

TINY = FAMILIES["tiny"]
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}"
    "{{ '<|turn|>' + m['role'] + '\n' + m['content'] + '<|end|>\n' }}{% endfor %}"
)


@pytest.fixture
def folder(tiny_weights: dict[str, Weights], tmp_path: Path) -> Path:
    copy = tmp_path / "model"
    shutil.copytree(tiny_weights["tiny-llama"].folder, copy)
    return copy


def told(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    family: Family = TINY,
    prompts: Sequence[Prompt] = (),
    **changes: Any,
) -> dict[str, tuple[str, str]]:
    """Level and sentence by what was looked at."""
    monkeypatch.setattr(checkpoint_checks, "family_named", lambda _: family)
    settings = StudySettings(family="tiny", **changes)
    found = check_checkpoint(folder, "the tiny model", settings, prompts)
    return {about: (level, sentence) for level, about, sentence in found}


def test_a_sound_checkpoint_is_sound(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(folder, monkeypatch)
    assert {level for level, _ in found.values()} == {"ok"}
    # two layers of 7 kinds; in + out of each, times rank 32: q and o 64 + 64, k and v 64 + 32,
    # gate and up 64 + 128, down 128 + 64: (256 + 192 + 384 + 192) * 2 * 32 = 65,536
    assert found["LoRA targets"][1].startswith("2 q_proj, 2 k_proj, ")
    assert found["LoRA targets"][1].endswith("are adapted, 65,536 numbers at rank 32")
    assert found["opening token"][1] == "<|begin|> stands once, at the start"
    replies = sum(len(text) + 1 for text in checkpoint_checks.REPLIES)  # bytes, and the end
    assert found["label mask"][1].endswith(f"exactly, {replies} tokens")


@pytest.mark.parametrize("name", ["tiny-gemma3", "tiny-bert"])
def test_other_architectures_are_sound_too(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = TINY if name in TINY.built else FAMILIES["biobert"]
    family.built[name](tmp_path)
    found = told(tmp_path, monkeypatch, replace(family, max_positions=None))
    assert {level for level, _ in found.values()} == {"ok"}, found


@pytest.mark.parametrize(
    ("template", "about", "sentence"),
    [
        (f"{{{{ bos_token }}}}{TEMPLATE}", "opening token", "stands 2 times in an encoded prompt"),
        (TEMPLATE.replace("{{ bos_token }}", ""), "opening token", "stands 0 times in an encoded"),
        (
            TEMPLATE.replace("messages", "messages[1:]"),
            "chat template",
            "the instruction, as a system role or in the first turn, is lost",
        ),
        (TEMPLATE.replace("messages", "messages[::-1]"), "chat template", "or moved by the templ"),
        (TEMPLATE.replace("messages", "messages[:3]"), "chat template", "a turn of the dialogue"),
        ("{{ raise_exception('no system') }}", "chat template", "fails: TemplateError: no system"),
    ],
    ids=["two openings", "no opening", "no system role", "backwards", "last turn lost", "raises"],
)
def test_a_template_that_spoils_prompts_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, template: str, about: str, sentence: str
) -> None:
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    level, said = told(folder, monkeypatch)[about]
    assert level == "error"
    assert sentence in said


def test_targets_that_the_model_does_not_have_are_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = replace(TINY, lora_targets=("q_proj", "c_attn"))
    level, said = told(folder, monkeypatch, family)["LoRA targets"]
    assert (level, said.split(",")[0]) == ("error", "no linear layer is named ['c_attn']")


def test_texts_longer_than_the_model_knows_are_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 400}))
    level, said = told(folder, monkeypatch)["context"]
    assert (level, said) == (
        "error",
        "training.max_length is 512, but the model knows 400 positions; lower it",
    )
    long: dict[str, Any] = {"training": TrainingSettings(max_length=400, max_prompt_tokens=300)}
    level, said = told(folder, monkeypatch, **long)["context"]
    assert level == "error"
    assert "are 428 together, but the model knows 400 positions" in said
    fits = {**long, "evaluation": EvaluationSettings(max_new_tokens=100)}
    assert told(folder, monkeypatch, **fits)["context"][0] == "ok"


def test_a_tokenizer_that_cannot_end_a_turn_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = replace(TINY, end_of_turn=("<|no such|>",))
    level, said = told(folder, monkeypatch, family)["checkpoint"]
    assert level == "error"
    assert "ends a turn with <|no such|>, which the tokenizer" in said


class Mute(Family):
    """Forgets to end its replies."""

    def encode_reply(self, tokenizer: Any, text: str) -> list[int]:
        return super().encode_reply(tokenizer, text)[:-1]


def test_a_reply_without_its_end_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    family = Mute(**{field: getattr(TINY, field) for field in TINY.__dataclass_fields__})
    assert told(folder, monkeypatch, family)["end of reply"][0] == "error"


def test_a_loss_that_sees_other_tokens_than_the_reply_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shifted(lanes: Any) -> Any:
        packed = rows.pack(lanes)
        return replace(packed, targets=packed.targets.roll(1))

    monkeypatch.setattr(checkpoint_checks, "pack", shifted)
    assert told(folder, monkeypatch)["label mask"][0] == "error"


def test_train_prompts_and_replies_that_are_cut_are_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prompt(words: int, reply: int) -> Prompt:
        said = Turn("client", " ".join(["word"] * words))
        return Prompt("p", "g", "train", (said,), "x" * reply)

    limits = TrainingSettings(max_prompt_tokens=300, max_length=512)
    few = [prompt(10, 20)] * 9 + [prompt(100, 20)]  # 500 bytes: one in ten is cut
    level, said = told(folder, monkeypatch, prompts=few, training=limits)["lengths"]
    assert level == "ok"
    assert said.startswith("of 10 train prompts 1 lose their oldest words")
    long = [prompt(10, 20), prompt(10, 500)]
    level, said = told(folder, monkeypatch, prompts=long, training=limits)["lengths"]
    assert level == "warning"
    assert "1 human replies their end to training.max_length, 512" in said
