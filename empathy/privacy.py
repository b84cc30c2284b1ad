"""Whose words are private, and files that nobody but their owner can open.

Private is a corpus that says so (`ufjf`, and `own` unless `data.private` is false), one that nobody
knows, and any with `data.private: true`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from empathy.corpora import CORPORA
from empathy.errors import UserError

OWNER_ONLY = 0o700
FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def private_among(corpora: Iterable[str], *, marked: bool | None = None) -> list[str]:
    """Those corpora that are private: all where they are `marked`, fewer where that is denied."""
    return [name for name in corpora if marked or _is_private(name, denied=marked is False)]


def _is_private(name: str, *, denied: bool) -> bool:
    corpus = CORPORA.get(name)
    return corpus is None or (corpus.private and not (denied and corpus.deniable))


def holds_private(data: Mapping[str, Any]) -> bool:
    """Whether settings of data, as JSON, name or mark a private corpus."""
    return bool(private_among(data.get("corpora") or (), marked=data.get("private")))


def close(folder: Path) -> None:
    """Let nobody but the owner into a folder that is there.

    Raises `UserError` where it stays open: it is somebody else's, or its drive knows no owners.
    """
    try:
        folder.chmod(OWNER_ONLY)
        still_open = folder.stat().st_mode & FOR_OTHERS
    except OSError as error:
        raise UserError(
            f"{folder} cannot be closed to others ({error.strerror}), and private words would go "
            "there; name a folder of your own"
        ) from error
    if still_open:
        raise UserError(
            f"{folder} stays open to others, as some drives do, and private words would go there; "
            "name a folder on another drive"
        )


def keep_to_owner() -> None:
    """From here on, no file of this process or of one that it starts can be opened by others."""
    os.umask(FOR_OTHERS)


@contextmanager
def owner_only(*folders: Path) -> Iterator[None]:
    """Nobody else may enter the folders; new files meanwhile are closed, too. See `close`."""
    for folder in folders:
        close(folder)
    before = os.umask(FOR_OTHERS)
    try:
        yield
    finally:
        os.umask(before)
