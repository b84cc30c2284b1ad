"""What a sweep may name as its data: corpora there are, each once, and the file of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from empathy.corpora import CORPORA
from sweeps.sweepfile.reading import SettingError, nearest

if TYPE_CHECKING:
    from sweeps.sweepfile.spec import SweepSpec


def check_corpora(spec: SweepSpec) -> None:
    """Raises `SettingError` for no corpus, an unknown or repeated one, and for a file that nobody
    would read or that is missing."""
    names = spec.data.corpora
    if not names:
        raise SettingError("data.corpora", f"is empty; known: {', '.join(CORPORA)}")
    for name in names:
        if name not in CORPORA:
            own = "; for a file of your own set data.corpora=[own] and data.file to its path"
            hint = own if name.endswith((".csv", ".tsv", ".txt")) else ""
            raise SettingError("data.corpora", f"names '{name}'; {nearest(name, CORPORA)}{hint}")
        if names.count(name) > 1:
            raise SettingError("data.corpora", f"names '{name}' twice; name each corpus once")
    reads_file = any(CORPORA[name].needs_file for name in names)
    if reads_file and spec.data.file is None:
        raise SettingError(
            "data.corpora", "names 'own'; set data.file, too, to the CSV of your dialogues"
        )
    if spec.data.file is not None and not reads_file:
        raise SettingError(
            "data.file",
            f"is given, but data.corpora ({', '.join(names)}) does not name 'own', which reads it; "
            "add --set 'data.corpora=[own]'",
        )
