"""A lane on disk: all it needs to go on, in one safetensors file, without padding."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from empathy.cache import CHECKSUM, checked_tensors, checksum, write_atomically
from empathy.errors import UserError
from empathy.lanes.adapters import ORDER, Layout
from empathy.lanes.engine import LaneState
from empathy.settings import TrialSettings

ROWS = ("weights", "first", "second")


def save(
    path: Path,
    layout: Layout,
    state: LaneState,
    settings: TrialSettings,
    told: Mapping[str, Any] | None = None,
) -> None:
    """Write weights, moments, step and settings under `path`, whole or not at all.

    `told` is plain JSON that the caller finds again by `told`: what weights cannot tell.
    """
    used = layout.used(settings.lora_rank)
    tensors = {name: row[used] for name, row in zip(ROWS, state[:3], strict=True)}
    notes = {"step": str(state.step), "settings": settings.model_dump_json(), "order": ORDER}
    notes |= {"told": json.dumps(told or {}), CHECKSUM: checksum(tensors)}
    write_atomically(path, lambda temporary: save_file(tensors, temporary, notes))


def load(path: Path, layout: Layout) -> tuple[LaneState, TrialSettings]:
    """What `save` wrote, padded for this layout, whose rank may differ from the writer's.

    Raises UserError for a damaged file, and for one of an earlier version, whose numbers stand in
    another order.
    """
    with _whole(path):
        tensors, notes = checked_tensors(path)
        step, settings = int(notes["step"]), TrialSettings.model_validate_json(notes["settings"])
        compact = [tensors[name] for name in ROWS]
    if notes.get("order") != ORDER:
        raise UserError(
            f"the checkpoint {path} orders its numbers by {notes.get('order', 'layers')}, this "
            f"version by {ORDER}; start the trial afresh"
        )
    used = layout.used(settings.lora_rank)

    def padded(numbers: Tensor) -> Tensor:
        row = torch.zeros(layout.size)
        row[used] = numbers
        return row

    first, second, third = map(padded, compact)
    return LaneState(first, second, third, step), settings


def told(path: Path) -> dict[str, Any]:
    """What `save` was given to keep beside the lane's state. Raises UserError as `load` does."""
    with _whole(path), safe_open(path, framework="pt") as file:
        found: dict[str, Any] = json.loads((file.metadata() or {}).get("told", "{}"))
    return found


def step(path: Path) -> int:
    """The steps that a saved lane had finished."""
    with safe_open(path, framework="pt") as file:
        return int(file.metadata()["step"])


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Raises UserError, which names the file, where it cannot be what `save` wrote."""
    try:
        yield
    except (SafetensorError, ValueError, KeyError) as error:  # pydantic's errors are ValueErrors
        raise UserError(
            f"the checkpoint {path} is damaged ({type(error).__name__}), so that its trial cannot "
            "go on; put a copy of it back, or start the sweep again with --overwrite"
        ) from error
