"""Which files the public data sets consist of, where their authors keep them, and what is right.

The table is `downloads.json`: per data set a repository on GitHub, the commit that is fetched (a
branch would change under us), and per file its path in that repository (`source`), its path under
the data set's folder (`target`), bytes and SHA-256. Licences stand in `empathy.corpora`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from empathy.cache import cache_folder, file_sha256
from empathy.errors import UserError

HOST = "https://raw.githubusercontent.com"


class RemoteFile(NamedTuple):
    """A file: its path in the repository, under our folder, its bytes and SHA-256 in hex."""

    source: str
    target: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Origin:
    """A data set's repository (`owner/name`) at a commit, and the files wanted of it."""

    repository: str
    commit: str
    files: tuple[RemoteFile, ...]

    def address(self, file: RemoteFile, mirror: str) -> str:
        """Where the file stands on the mirror, which keeps GitHub's paths."""
        return f"{mirror}/{self.repository}/{self.commit}/{quote(file.source)}"


@cache
def origins() -> dict[str, Origin]:
    """Every data set that can be fetched, by its name among the corpora."""
    text = Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
    return {
        name: Origin(
            repository=entry["repository"],
            commit=entry["commit"],
            files=tuple(RemoteFile(**file) for file in entry["files"]),
        )
        for name, entry in json.loads(text).items()
    }


def altered(name: str, folder: Path) -> int:
    """How many of a data set's files under `folder` are there but are not as published.

    One cut at the end of a row reads like a whole one, so only its size or SHA-256 tells.
    """
    places = ((folder / name / file.target, file) for file in origins()[name].files)
    return sum(
        path.stat().st_size != file.size or file_sha256(path) != file.sha256
        for path, file in places
        if path.is_file()
    )


def data_folder() -> Path:
    """Where the public data sets stand: EMPATHY_DATA, else `data` in the cache folder."""
    named = os.environ.get("EMPATHY_DATA")
    return Path(named).expanduser() if named else cache_folder() / "data"


def mirror() -> str:
    """EMPATHY_MIRROR, else GitHub; the sums are the same. UserError when it is no web address."""
    given = os.environ.get("EMPATHY_MIRROR") or HOST
    if not given.startswith(("http://", "https://")):
        raise UserError(
            f"EMPATHY_MIRROR is '{given}'; it must start with http:// or https:// and keep"
            f" GitHub's paths, or be left out for {HOST}"
        )
    return given.rstrip("/")
