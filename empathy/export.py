"""A trial's adapter as PEFT files that load on the original base model.

DPO trains on top of weights into which the warm start was merged, so its adapter alone would be
wrong on the base that people download. Both are low-rank and additive:

    W x + s1 (x A1) B1 + s2 (x A2) B2  =  W x + (x [A1 A2]) [s1 B1; s2 B2]

Concatenating their ranks gives one adapter, exactly, at scale 1. A warm start of all weights is no
adapter: there the changed base goes with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save_file

from empathy.cache import write_atomically
from empathy.lanes.adapters import LoraPair, plain_parameters
from empathy.weights import Base
from empathy.winner.loading import Loading, how_to_load


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
    targets: Sequence[str] | str,
    notes: Mapping[str, str],
    also: Callable[[Path], object] | None = None,
) -> None:
    """Write `adapter_config.json` and `adapter_model.safetensors` into a new folder, atomically.

    `targets` are the names by which PEFT finds the layers of the parts, or one regular expression
    that their whole names match. `notes` go into the file's
    metadata; `notes["base"]` names the base that PEFT will look for.
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
        "target_modules": targets if isinstance(targets, str) else sorted(targets),
    }

    def write(temporary: Path) -> None:
        temporary.mkdir()
        save_file(tensors, temporary / "adapter_model.safetensors", {"format": "pt", **notes})
        (temporary / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")
        if also is not None:
            also(temporary)

    write_atomically(folder, write)


def write_winner(
    folder: Path, parts: Sequence[Part], base: Base, *, whole: bool, private: bool = False
) -> None:
    """Write the adapter with the tokenizer and a card; `whole`: with its base, too.

    `private`: it was trained on private words, which the card says.
    The last of the parts is the trial's own, those before it are its warm start: the adapter's
    first ranks, whose number stands in the metadata so that the SFT model can be had again.
    A base goes along where it is no longer what people download, since training changed all of it
    or gave it a head.
    """
    origin = base.weights
    notes = {"base": origin.name, "base_sha256": origin.sha256}
    if whole:  # its path as seen from where the card says `winner`
        notes = {"base": f"{folder.name}/base", "made_of": origin.name}
        notes["made_of_sha256"] = origin.sha256
    notes |= {"family": base.family.name, "source": origin.source}
    if origin.revision is not None:
        notes["revision"] = origin.revision
    if base.text_prefix and not whole:
        notes["text_prefix"] = base.text_prefix
    ranks = [next(iter(part.lora.values())).down.shape[1] for part in parts]
    notes["warm_start_rank"] = str(sum(ranks[:-1]))

    def also(target: Path) -> None:
        base.tokenizer.save_pretrained(target)
        if whole:
            write_base(base, target / "base")
        (target / "README.md").write_text(
            card(base, whole=whole, private=private), encoding="utf-8"
        )

    targets: Sequence[str] | str = base.family.lora_targets
    if base.text_prefix and not whole:
        parts, targets = inside(parts, targets, base.text_prefix)
    write_adapter(folder, parts, targets, notes, also)


def inside(parts: Sequence[Part], targets: Sequence[str], prefix: str) -> tuple[list[Part], str]:
    """Parts and targets for a multimodal model that keeps the text model under `model.<prefix>`.

    Names alone would not do as targets: the other towers have layers of the same names.
    """
    home = f"model.{prefix}"
    renamed = [
        Part({home + name.removeprefix("model."): pair for name, pair in lora.items()}, scale)
        for lora, scale in parts
    ]
    return renamed, rf"{re.escape(home)}.*\.({'|'.join(map(re.escape, targets))})"


def write_base(base: Base, folder: Path) -> None:
    """Write the model without its adapters as a checkpoint that plain transformers loads.

    Its own configuration goes with it: a model that was made a decoder loads as one, and it knows
    the token that ends a reply.
    """
    with torch.device("meta"):
        fresh = type(base.model)(base.model.config)
    weights = plain_parameters(base.model)
    fresh.load_state_dict(weights, assign=True, strict=False)  # tied ones are there once
    fresh.tie_weights()
    if fresh.generation_config is not None:
        fresh.generation_config.eos_token_id = base.end_id
        fresh.generation_config.bos_token_id = base.family.begin_id(base.tokenizer)
    fresh.save_pretrained(folder)
    base.tokenizer.save_pretrained(folder)


def card(base: Base, *, whole: bool, private: bool = False) -> str:
    """A short text that goes with an adapter until a sweep's own card replaces it."""
    found = base.weights
    how = how_to_load(
        Loading(
            found.name,
            found.source,
            own_base=whole,
            multimodal=bool(base.text_prefix),
            changes=base.family.config_changes,
        )
    )
    return _CARD.format(how=how, private=_PRIVATE if private else "")


_PRIVATE = """
**Private.** These weights were trained on patients' words, and a model may say again what it was
trained on: they are as sensitive as the words. Keep this folder, and the checkpoints under
`trials`, where the transcripts may be kept; share it with nobody who may not read them.
"""

_CARD = """\
# A LoRA adapter for more empathic replies

{how}{private}
For research. Its replies are not clinical advice, and a higher score by an automatic scorer is not
proof of better care. The licence of the base model applies, and that of the training data.
"""
