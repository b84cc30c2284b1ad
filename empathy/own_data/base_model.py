"""The language model that a user names, of which family it is, and an adapter put into it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from empathy import device as devices
from empathy import weights
from empathy.checkpoints.packaged import Progress
from empathy.errors import UserError
from empathy.families import FAMILIES, Family, family_named
from empathy.weights import Base
from empathy.winner.folder import CONFIG, WEIGHTS

if TYPE_CHECKING:
    from peft import PeftModel


def load_base(model: str, family: str | None, progress: Progress) -> Base:
    """The model (any name that `empathy.weights.prepare` knows) on the GPU, where there is one.

    Raises UserError for one that cannot be had, or whose family is neither named nor recognised.
    """
    own = family_named(family) if family else family_of(model, progress)
    place = devices.choose("auto")
    found = weights.prepare(model, own, progress)
    return weights.load(found, own, dtype=place.dtype, device=str(place.device))


def family_of(model: str, progress: Progress) -> Family:
    """The family that has this name among its own, else the one that knows the architecture."""
    for family in FAMILIES.values():
        if model in _names(family):
            return family
    known = ", ".join(name for family in FAMILIES.values() for name in _names(family))
    anywhere = FAMILIES["llama"]  # whoever asks for them: these names mean the same to every family
    is_folder = Path(model).expanduser().is_dir()
    if not (is_folder or model.startswith("package:") or weights.hub_name(model, anywhere)):
        raise UserError(
            f"unknown model '{model}'; give {known}, a local folder, package:NAME or a hub id "
            "(owner/name); auto needs --family"
        )
    folder = weights.prepare(model, anywhere, progress).folder
    kind = json.loads((folder / "config.json").read_text("utf-8")).get("model_type")
    for family in FAMILIES.values():
        if kind in (*family.model_types, *family.text_models):
            return family
    raise UserError(
        f"{model} is of the architecture '{kind}', which no family knows; the families are "
        f"{', '.join(FAMILIES)}"
    )


def attach(base: Base, folder: Path) -> PeftModel:
    """Put a PEFT adapter into the layers of the base, where `disable_adapter` switches it off.

    Raises UserError for a folder that holds none in safetensors, for an adapter of another model,
    and for one that works elsewhere than in the layers under the vocabulary matrix, since what it
    changes there would not be measured.
    """
    from peft import PeftConfig, PeftModel

    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise UserError(f"{folder} has no {name}; --adapter is the folder of a PEFT adapter")
    try:
        config = PeftConfig.from_pretrained(str(folder))
        if config.is_prompt_learning or config.is_adaption_prompt:
            raise UserError(f"{folder} learns a prompt; only adapters of layers, as LoRA, are read")
        renamed = _for_text_model_alone(config, base.text_prefix)
        model = PeftModel(base.model, config)
        found: Any = model.load_adapter(str(folder), "default", key_mapping=renamed)
    except (ValueError, RuntimeError, TypeError, KeyError, OSError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{folder} does not fit {base.weights.name}: {reason}") from error
    if strangers := [*found.missing_keys, *found.unexpected_keys]:
        raise UserError(
            f"{folder} does not fit {base.weights.name}: {len(strangers)} of its weights have no "
            f"place there or are missing, {strangers[0]} among them"
        )
    if _in_vocabulary(base):
        raise UserError(
            f"{folder} changes the vocabulary matrix, which is read as the base has it; give an "
            "adapter of the other layers"
        )
    model.eval()
    return model


def made_for(folder: Path, base: Base) -> str | None:
    """A sentence, where the adapter says that it was made for other weights than these."""
    with safe_open(folder / WEIGHTS, framework="np") as file:
        notes: Mapping[str, str] = file.metadata() or {}
    if notes.get("base_sha256", base.weights.sha256) == base.weights.sha256:
        return None
    name = base.weights.name
    return f"the adapter was made for {notes.get('base')}, whose files differ from those of {name}"


def _names(family: Family) -> list[str]:
    package = [f"package:{family.package}"] if family.package else []
    hub = [family.hub] if family.hub else []
    return [*family.built, *family.presets, *package, *hub]


def _for_text_model_alone(config: Any, prefix: str) -> dict[str, str] | None:
    """How weights are renamed where the adapter was made for a multimodal model, of which `base`
    is the text model; see `empathy.export.inside`."""
    if not prefix:
        return None
    whole = re.escape(f"model.{prefix}")
    if isinstance(config.target_modules, str):
        config.target_modules = config.target_modules.replace(whole, re.escape("model."))
    return {f"^{whole}": "model."}


def _in_vocabulary(base: Base) -> bool:
    from torch import nn

    return type(base.model.get_output_embeddings()) is not nn.Linear
