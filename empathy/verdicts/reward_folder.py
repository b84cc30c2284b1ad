"""Where a reward model's files are: a folder, or the hub. No torch."""

from __future__ import annotations

from pathlib import Path

from empathy.checkpoints import hub
from empathy.errors import UserError


def local(checkpoint: str) -> Path | None:
    """The folder that is meant, None for a hub id; nothing is asked of the hub.

    Raises UserError for a folder that lacks files, and for what is neither.
    """
    folder = Path(checkpoint).expanduser()
    if folder.is_dir():
        missing = hub.missing_files(folder)
        if missing:
            raise UserError(
                f"folder {folder} lacks {', '.join(missing)}; save the model there again"
            )
        return folder
    name = checkpoint.partition("@")[0]
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise UserError(
            f"there is no folder {checkpoint}; give one, or a hub id (owner/name) of a reward model"
        )
    return None


def fetched(checkpoint: str) -> Path:
    """The folder, downloaded where it is a hub id. Raises UserError where it cannot be had."""
    folder = local(checkpoint)
    if folder is not None:
        return folder
    name, _, revision = checkpoint.partition("@")
    return hub.fetch(name, revision or None)
