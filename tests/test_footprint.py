"""What one lane is estimated to take, worked by hand from a checkpoint's shapes.

python -m pytest tests/test_footprint.py
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from empathy.lanes.footprint import GIB, Shape, fits, footprint, shape
from empathy.settings import TrainingSettings

CONFIG = {"num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 128, "vocab_size": 260}
TENSORS = {
    "model.embed_tokens.weight": (260, 64),
    "model.layers.0.self_attn.q_proj.weight": (64, 64),
    "model.layers.0.mlp.down_proj.weight": (64, 128),
    "model.norm.weight": (64,),
}
TINY = Shape(
    # 260 x 64 + 64 x 64 + 64 x 128 + 64
    parameters=16640 + 4096 + 8192 + 64,
    layers=2,
    hidden=64,
    intermediate=128,
    vocabulary=260,
    adapted=(64 + 64) + (64 + 128),
)


def checkpoint(folder: Path, config: object = CONFIG) -> Path:
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    names = list(TENSORS)
    home: dict[str, str] = {}
    for number, part in enumerate((names[:2], names[2:])):  # in two files, as large ones are
        file = f"model-{number}.safetensors"
        save_file({name: np.zeros(TENSORS[name], np.float16) for name in part}, folder / file)
        home |= dict.fromkeys(part, file)
    index = json.dumps({"weight_map": home})
    (folder / "model.safetensors.index.json").write_text(index, encoding="utf-8")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    return folder


def test_a_shape_is_read_from_headers(tmp_path: Path) -> None:
    assert shape(checkpoint(tmp_path), ("q_proj", "down_proj")) == TINY


def test_a_multimodal_model_is_its_text_model(tmp_path: Path) -> None:
    nested = {"hidden_size": 1, "text_config": CONFIG}
    assert shape(checkpoint(tmp_path, nested), ("q_proj", "down_proj")) == TINY


def test_what_is_not_there_has_no_shape(tmp_path: Path) -> None:
    assert shape(tmp_path, ("q_proj",)) is None
    (tmp_path / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    assert shape(tmp_path, ("q_proj",)) is None  # no weights
    assert shape(checkpoint(tmp_path, {"hidden_size": 64}), ("q_proj",)) is None


def test_a_lane_by_hand() -> None:
    training = TrainingSettings(batch_size=4, max_prompt_tokens=100, max_length=150)
    found = footprint(TINY, training, rank=8)
    assert found.base == 28992 * 2
    assert found.adapter == 320 * 8 * 16
    # 4 pairs of 100 + 2 x 50 tokens; 12 x 64 + 5 x 128 numbers a layer; logits of 2,048 positions
    assert found.activations == 2 * (800 * 2 * 1408 + 2048 * 260)
    assert found.total == 57984 + 40960 + 5570560


@pytest.mark.parametrize(("needed", "fit"), [(72, True), (73, False)])
def test_a_tenth_stays_free(needed: int, fit: bool) -> None:
    assert fits(needed * GIB, 80 * GIB) is fit
