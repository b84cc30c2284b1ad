"""Whether the files of a results folder are whole: they may have been cut short, or edited.

Only what a comparison reads is looked at, so that folders of other versions are not refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from empathy.errors import UserError
from sweeps.record.ledger import SAMPLES, SUMMARY, TRIALS, read_trials
from sweeps.record.observers import BASELINES
from sweeps.sweepfile.limits import Guards
from sweeps.sweepfile.manifest import MANIFEST, Chosen, DamagedError, Driving


@dataclass
class _Manifest:
    sweep: str
    run_id: str
    metric: Driving
    settings: dict[str, Any]
    weights: dict[str, Any] = field(default_factory=dict)
    scorers: dict[str, Any] | None = None
    human: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class _Summary:
    trials: int
    best: Chosen | None
    finalists: tuple[Chosen, ...] = ()
    differences: dict[str, dict[str, Any]] = field(default_factory=dict)
    seeds: dict[str, Any] | None = None
    safety: dict[str, Any] | None = None


@dataclass
class _Sample:
    prompt: str
    replies: dict[str, str]


FORMS: Mapping[str, TypeAdapter[Any]] = {
    MANIFEST: TypeAdapter(_Manifest),
    SUMMARY: TypeAdapter(_Summary),
    SAMPLES: TypeAdapter(list[_Sample]),
}
"""What each file of JSON must hold at least."""


def check(folder: Path) -> None:
    """Raises UserError for a file that is damaged; one that is missing is not looked at."""
    found = {name: _json(path, form) for name, form in FORMS.items()
             if (path := folder / name).exists()}  # fmt: skip
    if MANIFEST in found:
        _check_guards(folder / MANIFEST, found[MANIFEST])
    if SUMMARY in found and (folder / TRIALS).exists():
        _check_trials(folder / TRIALS, found[SUMMARY])


def damaged(path: Path, why: object) -> UserError:
    """The error for a file that cannot be what a sweep wrote."""
    return UserError(f"{path} is damaged ({why}): copy the results folder again")


def _json(path: Path, form: TypeAdapter[Any]) -> Any:
    try:
        return form.validate_python(json.loads(path.read_text("utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        told = first["msg"].partition(" or an instance")[0]  # of a class that no reader knows
        raise damaged(path, ": ".join([*map(str, first["loc"]), told])) from error
    except (ValueError, RecursionError, IsADirectoryError) as error:  # no JSON, or no UTF-8
        raise damaged(path, error) from error


def _check_guards(path: Path, manifest: _Manifest) -> None:
    """The report reads the guards again, as settings."""
    try:
        Guards.model_validate(manifest.settings.get("guards", {}))
    except ValidationError as error:
        place = ".".join(map(str, ("settings", "guards", *error.errors()[0]["loc"])))
        raise damaged(path, f"{place} is no guard") from error


def _check_trials(path: Path, summary: _Summary) -> None:
    """A sweep that ended wrote a whole line for each baseline and finalist, at the least."""
    try:
        states = {trial.trial_id for trial in read_trials(path)}
    except DamagedError as error:
        raise damaged(path, error.why) from error
    best = [summary.best] if summary.best else []
    wanted = [*BASELINES, *(each.trial for each in (*summary.finalists, *best))]
    if missing := [trial for trial in wanted if trial not in states]:
        raise damaged(path, f"it has no line for {missing[0]}")
    if not path.read_bytes().endswith(b"\n"):
        raise damaged(path, "its last line is cut short")
