"""python -m pytest tests/test_export.py"""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors import safe_open
from tiny_models import TARGETS_OF, multimodal, tiny, trained_row
from torch import Tensor
from transformers import AutoModelForCausalLM, Gemma3ForConditionalGeneration

from empathy.export import Part, compose, write_adapter, write_winner
from empathy.families import FAMILIES
from empathy.lanes.adapters import LoraPair, adapt
from empathy.weights import Base, Weights, load, prepare

NOTES = {"base": "somewhere/a-base", "base_sha256": "abc"}
IDS = torch.randint(5, 400, (2, 40), generator=torch.Generator().manual_seed(0))


def engine_logits(
    family: str, folder: Path, targets: tuple[str, ...], dtype: torch.dtype
) -> Tensor:
    """Logits of a DPO lane on a base with a merged warm start; their adapter is written."""
    model = tiny(family, dtype)
    first, second = adapt(model, targets, rank=3), adapt(model, targets, rank=8)
    sft, dpo = (trained_row(first, 3, 1).to(dtype), trained_row(second, 5, 2).to(dtype))
    parts = [Part(first.lora(sft, 3), 2.0), Part(second.lora(dpo, 5), 0.8)]
    write_adapter(folder, parts, targets, NOTES)
    first.merge(sft, 3, 2.0)
    with torch.no_grad(), second.using(dpo[None], torch.tensor([0.8], dtype=dtype)):
        logits: Tensor = model(input_ids=IDS).logits
    return logits


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-10)], ids=["fp32", "fp64"]
)
@pytest.mark.parametrize(
    ("family", "targets"),
    [
        *TARGETS_OF.items(),
        ("llama", ("q_proj", "v_proj")),
        ("gemma", ("q_proj", "v_proj")),
        ("bert", ("query", "attention.output.dense")),
    ],
)
def test_peft_on_the_original_base_gives_the_engine_s_logits(
    family: str, dtype: torch.dtype, tolerance: float, targets: tuple[str, ...], tmp_path: Path
) -> None:
    ours = engine_logits(family, tmp_path / "winner", targets, dtype)
    base = tiny(family, dtype)
    with torch.no_grad():
        bare = base(input_ids=IDS).logits
        theirs = PeftModel.from_pretrained(base, str(tmp_path / "winner")).eval()(input_ids=IDS)
    assert (ours - bare).abs().max() > 0.01
    torch.testing.assert_close(theirs.logits, ours, atol=tolerance, rtol=0)


def test_composing_worked_by_hand() -> None:
    # (x A1) B1 at scale 2 and (x A2) B2 at scale 3, one input and one output each:
    # x = 10 gives 2 * 10 * 1 * 4 + 3 * 10 * 2 * 5 = 380
    one = LoraPair(torch.tensor([[1.0]]), torch.tensor([[4.0]]))
    two = LoraPair(torch.tensor([[2.0]]), torch.tensor([[5.0]]))
    found = compose([Part({"layer": one}, 2.0), Part({"layer": two}, 3.0)])["layer"]
    assert found.down.tolist() == [[1.0, 2.0]]
    assert found.up.tolist() == [[8.0], [15.0]]
    assert (torch.tensor([[10.0]]) @ found.down @ found.up).item() == 380.0


def test_what_stands_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "winner"
    pair = LoraPair(torch.ones(4, 2), torch.ones(2, 6))
    part = Part({"model.layers.0.q_proj": pair}, 2.0)
    write_adapter(
        folder, [part], ["q_proj"], NOTES, lambda path: (path / "more.txt").write_text("more")
    )
    names = {path.name for path in folder.iterdir()}
    assert names == {"adapter_config.json", "adapter_model.safetensors", "more.txt"}
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "somewhere/a-base"
    assert (config["r"], config["lora_alpha"], config["target_modules"]) == (2, 2, ["q_proj"])
    with safe_open(folder / "adapter_model.safetensors", framework="pt") as file:
        assert file.metadata() == {"format": "pt", **NOTES}
        key = "base_model.model.model.layers.0.q_proj"
        assert set(file.keys()) == {f"{key}.lora_A.weight", f"{key}.lora_B.weight"}
        assert file.get_tensor(f"{key}.lora_A.weight").shape == (2, 4)  # PEFT keeps A as (r, in)
        assert file.get_tensor(f"{key}.lora_B.weight").tolist() == [[2.0] * 2] * 6
    assert [path.name for path in tmp_path.iterdir()] == ["winner"]  # nothing temporary is left


def test_an_adapter_of_a_multimodal_model_s_text_loads_on_the_original(
    tiny_weights: dict[str, Weights], tmp_path: Path
) -> None:
    folder = tmp_path / "multimodal"
    multimodal(folder, tiny_weights["tiny-gemma3"])
    family = replace(FAMILIES["tiny"], text_models={"gemma3": "language_model."})
    found = prepare(str(folder), family, lambda stage, share: None)
    base = load(found, family, dtype=torch.float32, device="cpu")
    assert base.text_prefix == "language_model."
    layout = adapt(base.model, family.lora_targets, rank=4)
    row = trained_row(layout, 4, 1)
    ids = torch.arange(4, 20)[None]
    with torch.no_grad(), layout.using(row[None], torch.tensor([2.0])):
        ours = base.model(input_ids=ids).logits
    write_winner(tmp_path / "winner", [Part(layout.lora(row, 4), 2.0)], base, whole=False)

    original: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert isinstance(original, Gemma3ForConditionalGeneration)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*adapter keys")  # weights that find no place
        model = PeftModel.from_pretrained(original, str(tmp_path / "winner")).eval()
    with torch.no_grad():
        theirs = model(input_ids=ids, token_type_ids=torch.zeros_like(ids)).logits
        with model.disable_adapter():
            bare = model(input_ids=ids, token_type_ids=torch.zeros_like(ids)).logits
    torch.testing.assert_close(theirs, ours, atol=1e-5, rtol=0)
    assert (ours - bare).abs().max() > 0.01
    adapted = [name for name, module in model.named_modules() if hasattr(module, "lora_A")]
    assert len(adapted) == 2 * 7
    assert not any("vision" in name for name in adapted)
    card = (tmp_path / "winner" / "README.md").read_text("utf-8")
    assert "The base also sees" in card


def loaded(model: str, name: str, new_head: str | None = None) -> Base:
    family = FAMILIES[name]
    found = prepare(model, family, lambda stage, share: None)
    return load(found, family, dtype=torch.float32, device="cpu", new_head=new_head)


def with_lane(base: Base) -> tuple[Part, Tensor]:
    """An adapter on the base as it stands, and the logits of the two together."""
    layout = adapt(base.model, base.family.lora_targets, rank=4)
    row = trained_row(layout, 4, 3, 0.3)
    with torch.no_grad(), layout.using(row[None], torch.tensor([2.0])):
        return Part(layout.lora(row, 4), 2.0), base.model(input_ids=LOW).logits


LOW = torch.arange(5, 45).view(2, 20)


def test_a_base_that_changed_as_a_whole_goes_with_its_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = loaded("tiny-bert", "biobert")
    with torch.no_grad():
        for parameter in base.model.parameters():  # a training of all weights
            parameter.add_(0.05 * torch.randn(parameter.shape))
    part, ours = with_lane(base)
    write_winner(tmp_path / "winner", [part], base, whole=True)
    monkeypatch.chdir(tmp_path)
    config = json.loads(Path("winner/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "winner/base"
    assert json.loads(Path("winner/base/config.json").read_text())["is_decoder"] is True
    card = Path("winner/README.md").read_text()
    assert "the folder `base` beside this file. It was made of `tiny-bert`" in card
    scope: dict[str, Any] = {"base": "winner/base"}
    exec(card.split("```")[1].removeprefix("python"), scope)  # as the card says
    with torch.no_grad():
        theirs = scope["model"].eval()(input_ids=LOW).logits
    torch.testing.assert_close(theirs, ours, atol=1e-5, rtol=0)
    assert scope["tokenizer"]("Hi")["input_ids"] == base.tokenizer("Hi")["input_ids"]
    assert scope["model"].generation_config.eos_token_id == base.end_id
    from_one_name: Any = AutoModelForCausalLM.from_pretrained("winner")  # its config names the base
    with torch.no_grad():
        torch.testing.assert_close(
            from_one_name.eval()(input_ids=LOW).logits, ours, atol=1e-5, rtol=0
        )


@pytest.mark.parametrize(("model", "name"), [("tiny-bert", "biobert"), ("tiny-llama", "tiny")])
def test_the_card_s_code_loads_an_adapter_on_the_original_base(
    model: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = loaded(model, name)
    part, ours = with_lane(base)
    write_winner(tmp_path / "winner", [part], base, whole=False)
    assert not (tmp_path / "winner" / "base").exists()
    monkeypatch.chdir(tmp_path)
    card = Path("winner/README.md").read_text()
    assert f"`{model}` ({base.weights.source}), unchanged" in card
    scope: dict[str, Any] = {"base": str(base.weights.folder)}
    exec(card.split("```")[1].removeprefix("python"), scope)
    with torch.no_grad():
        theirs = scope["model"].eval()(input_ids=LOW).logits
    torch.testing.assert_close(theirs, ours, atol=1e-5, rtol=0)
