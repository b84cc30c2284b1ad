"""A winner on disk -> what it needs, and its base model loaded. Imports no torch before it must."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from empathy import weights
from empathy.checkpoints.packaged import Progress
from empathy.errors import UserError
from empathy.families import Family, family_named

if TYPE_CHECKING:
    import torch

    from empathy.weights import Base, Weights

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"  # as PEFT calls them
NAME, OWN_BASE, MANIFEST, SUMMARY = "winner", "base", "manifest.json", "summary.json"


@dataclass(frozen=True)
class Winner:
    """The folder of an adapter that a sweep has written, and what its files say."""

    folder: Path
    notes: Mapping[str, str]
    """The metadata of its weights, see `empathy.export.write_winner`."""
    manifest: Mapping[str, Any]
    """The sweep's manifest, from the results folder around it or from its own copy; else empty."""
    summary: Mapping[str, Any]
    """The sweep's summary, where the results folder is around it; else empty."""

    @property
    def own_base(self) -> bool:
        """The base goes with the adapter, in a folder of its own."""
        return "made_of" in self.notes

    @property
    def base_name(self) -> str:
        """What gives the original base, for `empathy.weights.prepare` and for people."""
        return self.notes["made_of" if self.own_base else "base"]

    @property
    def warm_start_rank(self) -> int | None:
        """The adapter's first ranks that are its warm start; None where that is not on record.

        The settings say it of adapters from before it was noted.
        """
        started = self.settings.get("warm_start", {})
        known = started.get("lora_rank") if started.get("steps") else started.get("steps")
        found = self.notes.get("warm_start_rank", None if self.own_base else known)
        return None if found is None else int(found)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The sweep's settings; empty where no manifest is known."""
        found: Mapping[str, Any] = self.manifest.get("settings", {})
        return found


def find(given: Path) -> Winner:
    """The winner in a results folder, or the folder itself. UserError where there is none."""
    results = given if (given / NAME / CONFIG).is_file() else None
    folder = given / NAME if results else given
    if results is None and (given.parent / SUMMARY).is_file() and given.name == NAME:
        results = given.parent
    if not (folder / CONFIG).is_file() or not (folder / WEIGHTS).is_file():
        raise UserError(_missing(given))
    notes = _notes(folder)
    if not {"base_sha256", "made_of_sha256"} & notes.keys():
        raise UserError(
            f"{folder} is an adapter that no sweep wrote, so that its base is not known; give the "
            "results folder of a sweep, or the winner/ in it"
        )
    manifest = _json(results / MANIFEST) if results else _json(folder / MANIFEST)
    return Winner(folder, notes, manifest, _json(results / SUMMARY) if results else {})


def family_of_winner(winner: Winner, progress: Progress) -> Family:
    """Its family: as it is noted, else as the sweep's manifest or the base's name says."""
    named = winner.notes.get("family") or winner.settings.get("family")
    if named:
        return family_named(named)
    from empathy.own_data.base_model import family_of  # brings torch, which refusals can spare

    return family_of(winner.base_name, progress)


def base_weights(winner: Winner, family: Family, progress: Progress) -> Weights:
    """The weights that the adapter was made for, on disk.

    Raises UserError where they cannot be had, or are no longer the same.
    """
    if winner.own_base:
        return weights.prepare(str(winner.folder / OWN_BASE), family, progress)
    return original_weights(winner, family, progress)


def original_weights(winner: Winner, family: Family, progress: Progress) -> Weights:
    """The weights that the sweep began with. Raises UserError as `base_weights`."""
    name, revision = winner.base_name, winner.notes.get("revision")
    hub = not name.startswith("package:") and not Path(name).expanduser().is_dir()
    if revision and hub and weights.hub_name(name, family):
        name = f"{name}@{revision}"
    found = weights.prepare(name, family, progress)
    wanted = winner.notes.get("made_of_sha256" if winner.own_base else "base_sha256")
    if found.sha256 != wanted:
        raise UserError(
            f"{winner.folder} was made for other files of {winner.base_name} than the ones here; "
            "get the version that its README.md and manifest name"
        )
    return found


def load_base(winner: Winner, dtype: torch.dtype, device: str, progress: Progress) -> Base:
    """The base model that the adapter goes into."""
    family = family_of_winner(winner, progress)
    found = base_weights(winner, family, progress)
    return weights.load(found, family, dtype=dtype, device=device)


def _missing(given: Path) -> str:
    if not given.exists():
        return f"{given} does not exist; give the results folder of a sweep, or the winner/ in it"
    if (given / MANIFEST).is_file() and not (given / CONFIG).is_file():
        ended = bool(_json(given / SUMMARY))
        why = "no trial of it won, as its report says" if ended else "it has not ended"
        return f"the sweep in {given} has no winner: {why}"
    return (
        f"{given} is no winner: it lacks {CONFIG} or {WEIGHTS}; give the results folder of a "
        "sweep, or the winner/ in it"
    )


def _notes(folder: Path) -> dict[str, str]:
    try:
        with safe_open(folder / WEIGHTS, framework="np") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise UserError(f"{folder / WEIGHTS} cannot be read: {error}; export it again") from error


def _json(path: Path) -> dict[str, Any]:
    """What a file of a sweep says; empty where there is none. UserError where it is damaged."""
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is damaged: {error}; copy it again") from error
    if not isinstance(found, dict):
        raise UserError(f"{path} is damaged: it holds no mapping; copy it again")
    return found
