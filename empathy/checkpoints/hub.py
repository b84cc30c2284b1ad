"""Checkpoints of the Hugging Face hub: what is here, what can be had, why not. No torch."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

from empathy.errors import UserError

_SECONDS = 4.0
"""How long `unavailable` waits for the hub before it calls it unreachable."""

GATED = "it is gated and this machine has no token that may read it"

_FILES = ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]

PICKLED = "pytorch_model.bin"
"""Weights of before safetensors, as BioBERT has them: torch reads such a file without running any
code in it (`weights_only`). Taken only where there is nothing else."""


def missing_files(folder: Path) -> list[str]:
    """What a checkpoint folder lacks to be loaded: configuration, weights, tokenizer."""
    missing = [name for name in ("config.json",) if not (folder / name).is_file()]
    tokenizers = ("tokenizer.json", "tokenizer.model", "vocab.txt")
    if not any((folder / name).is_file() for name in tokenizers):
        missing.append("tokenizer.json")
    index = folder / "model.safetensors.index.json"
    names = ["model.safetensors"]
    if index.is_file():
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    elif (folder / PICKLED).is_file():
        names = [PICKLED]
    return missing + [name for name in names if not (folder / name).is_file()]


def cached(hub_id: str, revision: str | None = None) -> Path | None:
    """The complete snapshot in the local hub cache, or None; asks no network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        found = snapshot_download(hub_id, revision=revision, local_files_only=True)
    except LocalEntryNotFoundError:
        return None
    return None if missing_files(Path(found)) else Path(found)


def unavailable(hub_id: str) -> str | None:
    """Why the checkpoint cannot be downloaded now, or None if it can; answers within seconds.

    HF_HUB_OFFLINE is obeyed. The question runs in a thread of its own, since no time-out of the
    request covers a name server that never answers.
    """
    answers: list[str | None] = []
    asker = threading.Thread(target=lambda: answers.append(_ask(hub_id)), daemon=True)
    asker.start()
    asker.join(_SECONDS)
    return answers[0] if answers else f"the hub did not answer within {_SECONDS:g} seconds"


def _ask(hub_id: str) -> str | None:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    try:
        url = hf_hub_url(hub_id, "config.json", endpoint=os.environ.get("HF_ENDPOINT"))
        get_hf_file_metadata(url, timeout=_SECONDS)
    except Exception as error:  # whatever stands between us and the hub: the answer is "no"
        return _reason(error)
    return None


def fetch(
    hub_id: str, revision: str | None = None, progress: Callable[[str, float], None] | None = None
) -> Path:
    """The folder of the checkpoint, downloaded where needed; its name is the commit.

    `progress` is told how far the download is; None leaves that to the hub library's own bars.

    Without network the snapshot in the local cache serves if it is complete. UserError says what
    stands in the way: no such model, a licence to accept, no network, no weights.
    """
    try:
        found = _download(hub_id, revision, progress)
    except Exception as error:
        raise UserError(f"{hub_id} cannot be had: {advice(hub_id, _reason(error))}") from error
    missing = missing_files(found)
    if missing:
        raise UserError(
            f"{hub_id} in {found} lacks {', '.join(missing)}: the hub does not have it, or it "
            "cannot be reached and the download is not complete"
        )
    return found


def _download(
    hub_id: str, revision: str | None, progress: Callable[[str, float], None] | None
) -> Path:
    """The snapshot's folder; pickled weights come only where the hub has no others."""
    from huggingface_hub import snapshot_download

    from empathy.checkpoints.download_progress import bar_for

    folder, bar = Path(), None if progress is None else bar_for(hub_id, progress)
    for patterns in (_FILES, [PICKLED]):
        found = snapshot_download(
            hub_id,
            revision=revision,
            allow_patterns=patterns,
            ignore_patterns=["original/*"],
            endpoint=os.environ.get("HF_ENDPOINT"),
            tqdm_class=bar,
        )
        folder = Path(found)
        if "model.safetensors" not in missing_files(folder):
            break
    return folder


def advice(hub_id: str, reason: str) -> str:
    """The reason that `unavailable` gave, and what can be done about it."""
    if reason == GATED:
        return (
            f"{reason}; accept the licence at https://huggingface.co/{hub_id}, then log in "
            "with `hf auth login` or set HF_TOKEN, or give a local folder or package:NAME instead"
        )
    return f"{reason}; give a local folder or package:NAME instead"


def _reason(error: Exception) -> str:
    """Half a sentence on why the hub did not give the checkpoint."""
    from huggingface_hub import errors

    if isinstance(error, errors.OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    if isinstance(error, errors.GatedRepoError):
        return GATED
    if isinstance(error, errors.RevisionNotFoundError):
        return "the hub has no such revision of it"
    if isinstance(error, errors.RepositoryNotFoundError):
        return "the hub has no such model, or hides it from this machine's token"
    if isinstance(error, errors.LocalEntryNotFoundError):
        return "the hub cannot be reached and the local hub cache does not have it"
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no further word'}"
