"""The data sets by name. Adding one is a file with a `load` and a line in `CORPORA`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from empathy.corpora import annomi, sample
from empathy.errors import UserError
from empathy.records import Contrast, Dialogue


@dataclass(frozen=True, slots=True)
class Corpus:
    """How a data set is read, and what one must know before using it.

    `load` takes the folder with the public data sets (None for a corpus that ships with us) and
    raises `UserError` for a file it cannot use. `contrasts` does the same for a corpus that also
    has sentences said in two ways. A `private` corpus never leaves the machine.
    """

    load: Callable[[Path | None], list[Dialogue]]
    licence: str
    needs_folder: bool
    private: bool
    contrasts: Callable[[Path | None], list[Contrast]] | None = None


CORPORA: dict[str, Corpus] = {
    "annomi": Corpus(
        load=annomi.load,
        licence="no licence file; released by its authors for research: cite Wu et al., 2022",
        needs_folder=True,
        private=False,
    ),
    "sample": Corpus(
        load=sample.load,
        licence="Apache-2.0, as this software; every dialogue is invented",
        needs_folder=False,
        private=False,
    ),
}


def load_corpora(names: Sequence[str], folder: Path | None) -> list[Dialogue]:
    """All dialogues of the named corpora, in the order of the names.

    `folder` holds a sub-folder per public data set; None means the variable EMPATHY_DATA. Raises
    `UserError` for an unknown, repeated or missing name, and for a corpus without its folder.
    """
    if not names:
        raise UserError(f"data.corpora is empty; name at least one of: {', '.join(CORPORA)}")
    for name in names:
        if name not in CORPORA:
            raise UserError(f"unknown corpus '{name}'; known: {', '.join(CORPORA)}")
    if len(set(names)) < len(names):
        raise UserError(f"data.corpora names a corpus twice: {', '.join(names)}; name each once")
    return [dialogue for name in names for dialogue in _load(name, folder)]


def load_contrasts(names: Sequence[str], folder: Path | None) -> list[Contrast]:
    """All rephrasings of those of the named corpora that have some; folder as `load_corpora`."""
    found: list[Contrast] = []
    for name in names:
        read = CORPORA[name].contrasts
        if read is not None:
            found += read(_folder(name, folder))
    return found


def _load(name: str, folder: Path | None) -> list[Dialogue]:
    return CORPORA[name].load(_folder(name, folder))


def _folder(name: str, folder: Path | None) -> Path | None:
    """Where the files of a corpus are, None for one that ships with us."""
    if not CORPORA[name].needs_folder:
        return None
    if folder is None and os.environ.get("EMPATHY_DATA"):
        folder = Path(os.environ["EMPATHY_DATA"])
    if folder is None:
        raise UserError(
            f"corpus '{name}' is not shipped with this software; set EMPATHY_DATA or data.folder "
            f"to a folder that holds its files in '{name}/', or choose data.corpora=[sample]"
        )
    return folder.expanduser()
