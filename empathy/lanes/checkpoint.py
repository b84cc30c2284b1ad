"""A lane on disk: all it needs to go on, in one safetensors file."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file

from empathy.cache import write_atomically
from empathy.lanes.engine import LaneState
from empathy.settings import TrialSettings


def save(path: Path, state: LaneState, settings: TrialSettings) -> None:
    """Write weights, moments, step and settings under `path`, whole or not at all."""
    tensors = {"weights": state.weights, "first": state.first, "second": state.second}
    notes = {"step": str(state.step), "settings": settings.model_dump_json()}
    write_atomically(path, lambda temporary: save_file(tensors, temporary, notes))


def load(path: Path) -> tuple[LaneState, TrialSettings]:
    """What `save` wrote."""
    with safe_open(path, framework="pt") as file:
        notes = file.metadata()
        rows = (file.get_tensor(name) for name in ("weights", "first", "second"))
        state = LaneState(*rows, int(notes["step"]))
    return state, TrialSettings.model_validate(json.loads(notes["settings"]))
