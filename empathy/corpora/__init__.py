"""The data sets by name. Adding one is a file with a `load` and a line in `CORPORA`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from empathy.corpora import annomi, epitome, mi, own, rephrasings, sample, ufjf
from empathy.errors import UserError
from empathy.fetch.downloads import altered, data_folder, origins
from empathy.records import Contrast, Dialogue


@dataclass(frozen=True, slots=True)
class Corpus:
    """How a data set is read, and what one must know before using it.

    `load` takes the folder with the public data sets, or `data.file` where it `needs_file` (None
    for a corpus that ships with us), and raises `UserError` for a file it cannot use.
    `contrasts` does the same for a corpus that also has sentences said in two ways. `counts` tells
    what reading merged and dropped, by name, where anything can be. A `private` corpus never leaves
    the machine; one that is `deniable` may, where its owner sets `data.private` to false.
    """

    load: Callable[[Path | None], list[Dialogue]]
    licence: str
    needs_folder: bool
    private: bool
    contrasts: Callable[[Path | None], list[Contrast]] | None = None
    counts: Callable[[Path | None], Mapping[str, int]] | None = None
    needs_file: bool = False
    deniable: bool = False


def _mi_counts(folder: Path | None) -> Mapping[str, int]:
    lines = rephrasings.read(folder).counts
    return {
        **mi.counts(mi.load(folder)),
        **{f"rephrasings: {name}": count for name, count in lines.items()},
    }


ALTERED = "files that are not the authors'"
"""Among the counts of a corpus: cut or changed files, which read as whole ones do."""

CORPORA: dict[str, Corpus] = {
    "annomi": Corpus(
        load=annomi.load,
        licence="no licence file; released by its authors for research: cite Wu et al., 2022",
        needs_folder=True,
        private=False,
        counts=lambda folder: annomi.counts(annomi.load(folder)),
    ),
    "mi": Corpus(
        load=mi.load,
        licence="CC BY-NC-SA 3.0: no commercial use, what is derived keeps the licence; cite "
        "Welivita and Pu, 2022 and 2023",
        needs_folder=True,
        private=False,
        contrasts=rephrasings.contrasts,
        counts=_mi_counts,
    ),
    "ufjf": Corpus(
        load=ufjf.load,
        licence="private: only with the university's own permission; never uploaded, never shared",
        needs_folder=True,
        private=True,
        counts=lambda folder: ufjf.counts(ufjf.load(folder)),
    ),
    "epitome": Corpus(
        load=epitome.dialogues,
        licence="academic and non-commercial, attribution required; cite Sharma et al., 2020",
        needs_folder=True,
        private=False,
        counts=lambda folder: epitome.load(folder).counts,
    ),
    "sample": Corpus(
        load=sample.load,
        licence="Apache-2.0, as this software; every dialogue is invented",
        needs_folder=False,
        private=False,
    ),
    "own": Corpus(
        load=own.load,
        licence="yours: whether these words may be used and shared is for you to know",
        needs_folder=False,
        private=True,
        needs_file=True,
        deniable=True,
        counts=lambda file: own.read(file).counts,
    ),
}


def load_corpora(
    names: Sequence[str], folder: Path | None, file: Path | None = None
) -> list[Dialogue]:
    """All dialogues of the named corpora, in the order of the names.

    `folder` holds a sub-folder per public data set; None means `downloads.data_folder()`. `file` is
    that of the corpus `own`. Raises `UserError` for an unknown, repeated or missing name, and for a
    corpus without its folder or file.
    """
    found = _named(names)
    return [d for name, corpus in found.items() for d in corpus.load(_home(name, folder, file))]


def load_contrasts(names: Sequence[str], folder: Path | None) -> list[Contrast]:
    """All contrasts of those named corpora that have some. Arguments as for `load_corpora`."""
    reading = {name: corpus.contrasts for name, corpus in _named(names).items()}
    return [c for name, read in reading.items() if read for c in read(_home(name, folder))]


def count_corpora(
    names: Sequence[str], folder: Path | None, file: Path | None = None
) -> dict[str, Mapping[str, int]]:
    """What reading merged and dropped, by corpus and name. Arguments as for `load_corpora`.

    `ALTERED` is among the counts where files are not as their authors published them.
    """
    reading = {name: corpus.counts for name, corpus in _named(names).items()}
    homes = {name: _home(name, folder, file) for name, read in reading.items() if read}
    return {
        name: {**read(homes[name]), **_altered(name, homes[name])}
        for name, read in reading.items()
        if read
    }


def _altered(name: str, home: Path | None) -> dict[str, int]:
    count = altered(name, home) if home is not None and name in origins() else 0
    return {ALTERED: count} if count else {}


def _named(names: Sequence[str]) -> dict[str, Corpus]:
    if not names:
        raise UserError(f"data.corpora is empty; name at least one of: {', '.join(CORPORA)}")
    for name in names:
        if name not in CORPORA:
            raise UserError(f"unknown corpus '{name}'; known: {', '.join(CORPORA)}")
    if len(set(names)) < len(names):
        raise UserError(f"data.corpora names a corpus twice: {', '.join(names)}; name each once")
    return {name: CORPORA[name] for name in names}


def _home(name: str, folder: Path | None, file: Path | None = None) -> Path | None:
    """The folder or file to read a corpus from; None for one that ships with us."""
    if CORPORA[name].needs_file:
        return file
    if not CORPORA[name].needs_folder:
        return None
    if folder is None:
        folder = data_folder()
        if not os.environ.get("EMPATHY_DATA") and not any(folder.glob(f"{name}/*")):
            fetched = f"run `python -m empathy fetch {name}`, " if name in origins() else ""
            raise UserError(
                f"corpus '{name}' is not shipped with this software; {fetched}set EMPATHY_DATA or "
                f"data.folder to a folder that holds its files in '{name}/', or choose "
                "data.corpora=[sample]"
            )
    return folder.expanduser()
