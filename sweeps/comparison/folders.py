"""Results folders of finished sweeps, read with their scores per test prompt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from empathy.errors import UserError
from empathy.evaluate import Evaluation
from sweeps.comparison import intact
from sweeps.record.ledger import Record, read_record
from sweeps.record.observers import BASELINES
from sweeps.watching.tracking import without_paths


@dataclass(frozen=True)
class Sweep:
    """A finished sweep as its folder tells it."""

    folder: Path
    record: Record
    base: Evaluation
    sft: Evaluation
    best: Evaluation | None
    """The winner on test prompts; None where no trial won: none was trained to the end, enforced
    guards barred all, or all finalists were unsafe."""

    @property
    def manifest(self) -> dict[str, Any]:
        """What manifest.json holds."""
        return self.record.manifest

    @property
    def summary(self) -> dict[str, Any]:
        """What summary.json holds."""
        assert self.record.summary is not None, "`read` lets no other sweep through"
        return self.record.summary

    @property
    def name(self) -> str:
        """The sweep's name, which tells nothing of where it lies."""
        return str(self.manifest["sweep"])

    @property
    def family(self) -> str:
        """The model family."""
        return str(self.setting("family"))

    @property
    def objective(self) -> str:
        """dpo or sft."""
        return str(self.setting("objective") or "dpo")

    @property
    def weights(self) -> str:
        """The base model's name; of local weights the start of their hash, since paths may tell."""
        name = self.weights_as_found
        return name if without_paths(name) == name else f"local weights {self.start[1][:8]}"

    @property
    def weights_as_found(self) -> str:
        """The same with a path, which no report shows."""
        return str(self.manifest.get("weights", {}).get("name") or self.setting("model"))

    @property
    def best_trial(self) -> str | None:
        """The trial that won; None where none did."""
        return (self.summary.get("best") or {}).get("trial")

    @property
    def start(self) -> tuple[str, str, str]:
        """What tells base models apart: family, weights, number format of the base."""
        known = self.manifest.get("weights", {})
        quantization = known.get("quantization") or self.setting("quantization") or "none"
        return self.family, str(known.get("sha256") or self.weights_as_found), str(quantization)

    def setting(self, path: str) -> Any:
        """A setting by its dotted name; None where it is not on record."""
        found: Any = self.manifest["settings"]
        for key in path.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        return found


def read_all(folders: Sequence[Path]) -> list[Sweep]:
    """The sweeps in their order; raises UserError for a folder given twice, or copied."""
    seen: dict[Path, Path] = {}
    for folder in folders:
        if folder.resolve() in seen:
            raise UserError(f"--compare names {folder} twice: name each results folder once")
        seen[folder.resolve()] = folder
    sweeps = [read(folder) for folder in folders]
    runs: dict[str, Sweep] = {}
    for sweep in sweeps:
        twin = runs.setdefault(str(sweep.manifest["run_id"]), sweep)
        if twin is not sweep:
            raise UserError(
                f"{twin.folder} and {sweep.folder} hold the same run, {sweep.manifest['run_id']}: "
                "leave one of them out"
            )
    return sweeps


def read(folder: Path) -> Sweep:
    """The finished sweep in a results folder; raises UserError where there is none."""
    if not folder.is_dir():
        raise UserError(
            f"--compare {folder} is no folder: give results folders of finished sweeps, "
            "such as results/dpo_gemma"
        )
    intact.check(folder)
    record = read_record(folder)
    if record.summary is None or not record.manifest.get("ended"):
        raise UserError(
            f"{folder} holds sweep '{record.manifest.get('sweep')}', which did not end: let it "
            "finish, or run it again, before it is compared"
        )
    best = (record.summary.get("best") or {}).get("trial")
    base, sft = (_test(folder, name) for name in BASELINES)
    return Sweep(folder, record, base, sft, _test(folder, best) if best else None)


def _test(folder: Path, trial: str) -> Evaluation:
    """A trial's scores per test prompt."""
    path = folder / "trials" / trial / "test.json"
    try:
        found = Evaluation.from_dict(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise UserError(
            f"{path} does not exist, so {trial} cannot be compared prompt by prompt: "
            "copy the whole results folder"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise intact.damaged(path, error) from error
    if any(len(each) != len(found.prompt_ids) for each in (found.groups, *found.scores.values())):
        raise intact.damaged(path, "not as many scores as prompts")
    return found
