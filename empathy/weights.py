"""A model's name -> a folder with its weights (hub, disk, package, code) -> a frozen base model."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from empathy.cache import cache_folder, content_key, file_sha256, write_atomically
from empathy.checkpoints import fitness, hub
from empathy.checkpoints.chat_tokenizer import chat_ready
from empathy.checkpoints.packaged import (
    Progress,
    checkpoint,
    converted,
    installed_version,
    on_console,
)
from empathy.checkpoints.unreadable import refused_if_unreadable
from empathy.errors import UserError
from empathy.families import Family

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

_PACKAGE = "package:"
_HUB_ID = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")

_DROPOUTS = ("attention_dropout", "hidden_dropout_prob", "attention_probs_dropout_prob")


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
    new_head: str | None = None
    """How a head was made for a checkpoint without one, in half a sentence."""
    text_prefix: str = ""
    """Where a multimodal original keeps this text model, as in `language_model.`; else nothing."""

    @property
    def identity(self) -> str:
        """Says which model this is, in keys of what was computed with it."""
        return self.weights.sha256 + (self.new_head or "")

    @property
    def end_id(self) -> int:
        """The token that ends a reply, in training and when generating."""
        return self.family.end_id(self.tokenizer)


def prepare(model: str, family: Family, progress: Progress | None = None) -> Weights:
    """Find, download or convert the weights called `model`; what was made once is kept.

    `model` is `auto` (the family's hub preset where it can be had, else its package), a preset, a
    hub id (`owner/name` or `owner/name@revision`), a local folder, `package:NAME`, or a model that
    the family builds in code. `progress` hears of downloads and conversions; None shows a bar on
    the console.
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
    named = hub_name(model, family)
    if named is None:
        raise UserError(f"unknown model {model!r}; family {family.name} knows {_known(family)}")
    return _from_hub(hub.fetch(*named, progress), named[0])


def hub_name(model: str, family: Family) -> tuple[str, str | None] | None:
    """The hub id and revision that a preset or `owner/name@revision` means; None for neither."""
    named = _HUB_ID.fullmatch(family.presets.get(model, model))
    if named is None or model.startswith("."):
        return None
    return named["id"], named["revision"]


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
        found = hub.fetch(family.hub, None, progress)
        return _from_hub(found, family.hub, "auto: the hub gives it")
    if family.package is None:
        raise UserError(f"{family.hub} cannot be had: {reason}; give a local folder as model")
    why = f"auto: not {family.hub}, since {reason}"
    try:
        return _packaged(family.package, family, progress, why)
    except UserError as error:
        raise UserError(f"{why}; {error}") from error


def _packaged(package: str, family: Family, progress: Progress, why: str = "") -> Weights:
    install = family.package_install if package == family.package else None
    folder = checkpoint(package, install) or converted(package, install, progress)
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
    suffixes = (".json", ".safetensors", ".bin", ".model", ".jinja", ".txt")
    files = sorted(path for path in folder.iterdir() if path.suffix in suffixes)
    return content_key([[path.name, _file_digest(path)] for path in files])


def _file_digest(path: Path) -> str:
    """SHA-256 of the file; the hub's cache names large files by it, which saves reading them."""
    stored = path.resolve().name
    return stored if re.fullmatch("[0-9a-f]{64}", stored) else file_sha256(path)


def load(
    weights: Weights,
    family: Family,
    *,
    dtype: torch.dtype,
    device: str,
    new_head: str | None = None,
) -> Base:
    """The base model of the folder on `device`: frozen, in evaluation mode, without dropout.

    `new_head`, one of the family's, makes a head where the checkpoint has none. Raises UserError
    for a checkpoint of another architecture, one that lacks weights (they would be random) or whose
    file cannot be read, one that needs code of its own, one without the family's chat tokens, or a
    model that is not causal.
    """
    from transformers import AutoModelForCausalLM

    from empathy.checkpoints import causality

    _no_bars_in_logs()
    config, prefix = configuration(weights.folder, family, weights.source)
    with _no_report(), refused_if_unreadable(weights.source):
        read: Any = AutoModelForCausalLM.from_pretrained(  # gives a pair
            weights.folder,
            config=config,
            dtype=dtype,
            attn_implementation="sdpa",
            trust_remote_code=False,
            key_mapping=None if not prefix else {f"^{re.escape(prefix)}": ""},
            output_loading_info=True,
        )
    model, found = read
    wrong = sorted({*found["missing_keys"], *(key for key, *_ in found["mismatched_keys"])})
    head = fitness.new_head(model, wrong, family, weights.source, new_head)
    base = Base(_freeze(model, device), tokenizer(weights, family), family, weights, head, prefix)
    causality.check(base.model, weights.source)
    return base


def tokenizer(weights: Weights, family: Family) -> PreTrainedTokenizerBase:
    """The folder's tokenizer, ready for chat, without its model. Raises UserError as `load`."""
    from transformers import AutoTokenizer

    found = AutoTokenizer.from_pretrained(weights.folder, trust_remote_code=False)
    return chat_ready(found, family)


def configuration(folder: Path, family: Family, source: str) -> tuple[PreTrainedConfig, str]:
    """The configuration under which a checkpoint is loaded: of its text model, without dropout.

    Also where a multimodal checkpoint keeps that text model, as in `language_model.`, else "".
    Raises UserError for another architecture.
    """
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    prefix = family.text_models.get(config.model_type, "")
    if prefix:
        config = config.text_config
    fitness.check_config(config, family, source)
    dropouts = {name: 0.0 for name in _DROPOUTS if hasattr(config, name)}
    for name, value in {**dropouts, **family.config_changes}.items():
        setattr(config, name, value)  # each layer takes its own copy when it is built
    return config, prefix


@contextmanager
def _no_report() -> Iterator[None]:
    """Without transformers' table of weights that it found and did not find: we judge them."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)


def _no_bars_in_logs() -> None:
    """Keep the progress bars of transformers for terminals: elsewhere they are noise."""
    if not sys.stderr.isatty():
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()


def _freeze(model: PreTrainedModel, device: str) -> PreTrainedModel:
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    model.requires_grad_(False).eval()
    model.to(device)  # type: ignore[arg-type]  # annotated as if it took no device
    return model
