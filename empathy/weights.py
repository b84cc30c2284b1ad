"""A model's name -> a folder with its weights (hub, disk, package, code) -> a frozen base model."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from empathy import hub
from empathy.cache import cache_folder, content_key, file_sha256, write_atomically
from empathy.errors import UserError
from empathy.families import Family
from empathy.packaged import Progress, converted, installed_version, on_console

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

_PACKAGE = "package:"
_HUB_ID = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")


@dataclass(frozen=True)
class Weights:
    """A checkpoint on disk, and where it came from."""

    folder: Path
    """Holds config.json, *.safetensors and the tokenizer's files."""
    name: str
    """What gives exactly these weights again: a hub id, `package:NAME`, a folder, a tiny model."""
    revision: str | None
    """The hub's commit, or the package's version."""
    source: str
    """One sentence for people: which weights, and for `auto` why these."""
    sha256: str
    """Of configuration, weights and tokenizer together."""


@dataclass(frozen=True)
class Base:
    """A frozen base model in evaluation mode, with its tokenizer."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    family: Family
    weights: Weights

    @property
    def end_id(self) -> int:
        """The token that ends a reply, in training and when generating."""
        return self.family.end_id(self.tokenizer)


def prepare(model: str, family: Family, progress: Progress | None = None) -> Weights:
    """Find, download or convert the weights called `model`; what was made once is kept.

    `model` is `auto` (the family's hub preset where it can be had, else its package), a preset, a
    hub id (`owner/name` or `owner/name@revision`), a local folder, `package:NAME`, or a model that
    the family builds in code. `progress` hears of conversions; None shows a bar on the console.
    Raises UserError where the name is unknown or the weights cannot be had.
    """
    if progress is None:
        with on_console() as bar:
            return _prepare(model, family, bar)
    return _prepare(model, family, progress)


def _prepare(model: str, family: Family, progress: Progress) -> Weights:
    if model == "auto":
        return _auto(family, progress)
    if model in family.built:
        return _built(model, family)
    if model.startswith(_PACKAGE):
        return _packaged(model.removeprefix(_PACKAGE), family, progress)
    if Path(model).expanduser().is_dir():
        return _local(Path(model).expanduser().resolve())
    named = _HUB_ID.fullmatch(family.presets.get(model, model))
    if named is None or model.startswith("."):
        raise UserError(f"unknown model {model!r}; family {family.name} knows {_known(family)}")
    return _from_hub(hub.fetch(named["id"], named["revision"]), named["id"])


def _known(family: Family) -> str:
    package = [f"{_PACKAGE}{family.package}"] if family.package else []
    names = ["auto", *family.built, *family.presets, *package]
    return f"{', '.join(names)}, a hub id (owner/name) or a local folder"


def _auto(family: Family, progress: Progress) -> Weights:
    if family.hub is None:
        return _built(next(iter(family.built)), family)
    here = hub.cached(family.hub)
    if here is not None:
        return _from_hub(here, family.hub, "auto: it is in the local hub cache")
    reason = hub.unavailable(family.hub)
    if reason is None:
        return _from_hub(hub.fetch(family.hub), family.hub, "auto: the hub gives it")
    if family.package is None:
        raise UserError(f"{family.hub} cannot be had: {reason}; give a local folder as model")
    why = f"auto: not {family.hub}, since {reason}"
    try:
        return _packaged(family.package, family, progress, why)
    except UserError as error:
        raise UserError(f"{why}; {error}") from error


def _packaged(package: str, family: Family, progress: Progress, why: str = "") -> Weights:
    install = family.package_install if package == family.package else None
    folder = converted(package, install, progress)
    version = installed_version(package)
    source = f"package {package} {version}" + (f" ({why})" if why else "")
    return Weights(folder, f"{_PACKAGE}{package}", version, source, _digest(folder))


def _from_hub(folder: Path, hub_id: str, why: str = "") -> Weights:
    source = f"{hub_id} at {folder.name}" + (f" ({why})" if why else "")
    return Weights(folder, hub_id, folder.name, source, _digest(folder))


def _local(folder: Path) -> Weights:
    missing = hub.missing_files(folder)
    if missing:
        adapter = (folder / "adapter_config.json").is_file()
        hint = "it is an adapter: give its base model" if adapter else "save the model there again"
        raise UserError(f"folder {folder} lacks {', '.join(missing)}; {hint}")
    return Weights(folder, str(folder), None, f"folder {folder}", _digest(folder))


def _built(name: str, family: Family) -> Weights:
    """Build the model anew (milliseconds) and keep it under its content's name."""
    _no_bars_in_logs()
    with TemporaryDirectory(prefix=".tmp-built-", dir=cache_folder()) as scratch:
        family.built[name](Path(scratch))
        digest = _digest(Path(scratch))
        folder = cache_folder() / "weights" / f"{name}-{digest[:16]}"
        if folder.exists() and _digest(folder) != digest:
            shutil.rmtree(folder)
        if not folder.exists():
            write_atomically(folder, lambda path: shutil.copytree(scratch, path))
    return Weights(folder, name, None, f"{name}, random, built in code", digest)


def _digest(folder: Path) -> str:
    """One hash over all files that shape what the model computes, by name and content."""
    suffixes = (".json", ".safetensors", ".model", ".jinja", ".txt")
    files = sorted(path for path in folder.iterdir() if path.suffix in suffixes)
    return content_key([[path.name, _file_digest(path)] for path in files])


def _file_digest(path: Path) -> str:
    """SHA-256 of the file; the hub's cache names large files by it, which saves reading them."""
    stored = path.resolve().name
    return stored if re.fullmatch("[0-9a-f]{64}", stored) else file_sha256(path)


def load(weights: Weights, family: Family, *, dtype: torch.dtype, device: str) -> Base:
    """The base model of the folder on `device`: frozen, in evaluation mode, without dropout.

    Raises UserError for a checkpoint of another architecture, one that lacks weights (they would
    be random), one that needs code of its own, or one without the family's chat tokens.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    _no_bars_in_logs()
    config = AutoConfig.from_pretrained(weights.folder, trust_remote_code=False)
    prefix = family.text_models.get(config.model_type)
    if prefix is not None:
        config = config.text_config
    _check_type(config, family, weights)
    config.attention_dropout = 0.0  # each attention takes its own copy when it is built
    read: Any = AutoModelForCausalLM.from_pretrained(  # a pair, which its annotations do not say
        weights.folder,
        config=config,
        dtype=dtype,
        attn_implementation="sdpa",
        use_safetensors=True,
        trust_remote_code=False,
        key_mapping=None if prefix is None else {f"^{re.escape(prefix)}": ""},
        output_loading_info=True,
    )
    model, found = read
    wrong = sorted({*found["missing_keys"], *(key for key, *_ in found["mismatched_keys"])})
    if wrong:
        raise UserError(
            f"{weights.source} lacks {len(wrong)} of the model's weights, {wrong[0]} among them, "
            "which would be random; give a checkpoint with its language-model head"
        )
    return Base(_freeze(model, device), tokenizer(weights, family), family, weights)


def tokenizer(weights: Weights, family: Family) -> PreTrainedTokenizerBase:
    """The folder's tokenizer, ready for chat, without its model. Raises UserError as `load`."""
    from transformers import AutoTokenizer

    found = AutoTokenizer.from_pretrained(weights.folder, trust_remote_code=False)
    return _chat_ready(found, family)


def _no_bars_in_logs() -> None:
    """Keep the progress bars of transformers for terminals: elsewhere they are noise."""
    if not sys.stderr.isatty():
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()


def _check_type(config: PreTrainedConfig, family: Family, weights: Weights) -> None:
    if config.model_type not in family.model_types:
        raise UserError(
            f"{weights.source} is a model of type {config.model_type}; family {family.name} takes "
            f"{', '.join((*family.model_types, *family.text_models))}: choose another family"
        )


def _freeze(model: PreTrainedModel, device: str) -> PreTrainedModel:
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    model.requires_grad_(False).eval()
    model.to(device)  # type: ignore[arg-type]  # annotated as if it took no device
    return model


def _chat_ready(tokenizer: PreTrainedTokenizerBase, family: Family) -> PreTrainedTokenizerBase:
    """The tokenizer with a chat template and a padding token, whatever its checkpoint forgot."""
    end = family.end_id(tokenizer)
    if tokenizer.chat_template is None:
        if family.chat_template is None:
            raise UserError(
                f"the tokenizer in {tokenizer.name_or_path} has no chat template and family "
                f"{family.name} brings none; add a chat_template.jinja to that folder"
            )
        tokenizer.chat_template = family.chat_template
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(end)
    return tokenizer
