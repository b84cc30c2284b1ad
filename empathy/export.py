"""A trial's adapter as PEFT files that load on the original base model.

DPO trains on top of weights into which the warm start was merged, so its adapter alone would be
wrong on the base that people download. Both are low-rank and additive:

    W x + s1 (x A1) B1 + s2 (x A2) B2  =  W x + (x [A1 A2]) [s1 B1; s2 B2]

Concatenating their ranks gives one adapter, exactly, at scale 1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save_file

from empathy.cache import write_atomically
from empathy.lanes.adapters import LoraPair


class Part(NamedTuple):
    """An adapter by layer, and the factor alpha / rank of its product."""

    lora: Mapping[str, LoraPair]
    scale: float


def compose(parts: Sequence[Part]) -> dict[str, LoraPair]:
    """One adapter of scale 1 that does what all of them do together."""
    return {
        name: LoraPair(
            torch.cat([part.lora[name].down for part in parts], dim=1),
            torch.cat([part.scale * part.lora[name].up for part in parts], dim=0),
        )
        for name in parts[0].lora
    }


def write_adapter(
    folder: Path,
    parts: Sequence[Part],
    notes: Mapping[str, str],
    also: Callable[[Path], object] | None = None,
) -> None:
    """Write `adapter_config.json` and `adapter_model.safetensors` into a new folder, atomically.

    `notes` go into the file's metadata; `notes["base"]` names the base that PEFT will look for.
    `also` may put more files into the folder before it appears.
    """
    adapter = compose(parts)
    rank = next(iter(adapter.values())).down.shape[1]
    tensors = {}
    for name, pair in adapter.items():
        key = f"base_model.model.{name}"
        tensors[f"{key}.lora_A.weight"] = pair.down.T.contiguous().cpu()
        tensors[f"{key}.lora_B.weight"] = pair.up.T.contiguous().cpu()
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": notes["base"],
        "r": rank,
        "lora_alpha": rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "target_modules": sorted({name.rpartition(".")[2] for name in adapter}),
    }

    def write(temporary: Path) -> None:
        temporary.mkdir()
        save_file(tensors, temporary / "adapter_model.safetensors", {"format": "pt", **notes})
        (temporary / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")
        if also is not None:
            also(temporary)

    write_atomically(folder, write)


def card(base: str, source: str) -> str:
    """A short text that goes with an adapter: what it needs, how it loads, what it is not for."""
    return f"""# A LoRA adapter for more empathic replies

Base model: `{base}` ({source}), unchanged: the warm start and the trial's own training are both in
this one adapter. With `base` a folder or hub id of those weights:

```python
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("winner")
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), "winner")
```

A package's weights are a folder after their first use:
`empathy.weights.prepare("{base}", family).folder`.

For research. Its replies are not clinical advice, and a higher score by an automatic scorer is not
proof of better care. The licence of the base model applies, and that of the training data.
"""
