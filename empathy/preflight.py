"""What can be known to be wrong before hours are spent: part of every plan and every start.

`outlook` needs no torch and no weights: can they be had, and may they be used here? `inspect` reads
a checkpoint's configuration and tokenizer, never its weights. What a plan cannot see yet, since
nothing is downloaded or converted for a plan, it lists as "at start"; there the study looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from empathy import weights
from empathy.checkpoints import hub, packaged, quantization
from empathy.errors import UserError
from empathy.families import Family, family_named
from empathy.records import Prompt
from empathy.settings import StudySettings

Level = Literal["ok", "warning", "error", "at start"]
SOME = 64  # prompts that are tokenised: thousands would make a plan slow
OF_CHECKPOINTS = (
    "architecture, chat template, opening token, label mask, end of reply, LoRA targets and "
    "context length are checked when the weights are there"
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    about: str
    """What was looked at, in a word or two."""
    told: str
    """One sentence."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


def stop_on_errors(findings: Sequence[Finding]) -> None:
    """Raises UserError with the first error, and says how many more there are."""
    errors = [finding for finding in findings if finding.level == "error"]
    if errors:
        more = f" (and {len(errors) - 1} more, see --dry-run)" if errors[1:] else ""
        raise UserError(f"{errors[0].about}: {errors[0].told}{more}")


def outlook(settings: StudySettings, device: str) -> tuple[list[Finding], Path | None]:
    """What is known without a checkpoint, and the checkpoint's folder where one is at hand.

    `device` is cpu or cuda. The hub is asked, for seconds, where weights would come from it.
    """
    family = family_named(settings.family)
    found, folder = _weights(settings.model, family)
    if settings.quantization == "4bit":
        reason = quantization.refusal(device)
        level: Level = "error" if reason else "ok"
        found.append(Finding(level, "quantization", reason or "the base is rounded to 4 bits"))
    return found, folder


def plan(settings: StudySettings, device: str, prompts: Sequence[Prompt]) -> list[Finding]:
    """All that a plan can say; nothing is downloaded, converted or loaded. See `inspect`."""
    found, folder = outlook(settings, device)
    if folder is not None:
        return found + inspect(folder, str(folder), settings, prompts)
    if any(finding.level == "error" for finding in found):
        return found
    return [*found, Finding("at start", "checkpoint", OF_CHECKPOINTS)]


def at_hand(settings: StudySettings) -> Path | None:
    """The checkpoint's folder where it is on this machine already; nobody is asked for it.

    None for models that are made in code, too.
    """
    family, model = family_named(settings.family), settings.model
    if model == "auto":
        here = hub.cached(family.hub) if family.hub else None
        return here or (_unpacked(family.package) if family.package else None)
    if model.startswith("package:"):
        return _unpacked(model.removeprefix("package:"))
    if model not in family.built and (folder := Path(model).expanduser()).is_dir():
        return None if hub.missing_files(folder) else folder
    named = weights.hub_name(model, family)
    return hub.cached(*named) if named else None


def inspect(
    folder: Path, source: str, settings: StudySettings, prompts: Sequence[Prompt]
) -> list[Finding]:
    """What a checkpoint's configuration and tokenizer say; takes a second or two.

    The first of the train `prompts` are held against the limits of length.
    """
    from empathy.checkpoints.checks import check_checkpoint  # torch

    told = check_checkpoint(folder, source, settings, prompts[:SOME])
    return [Finding(level, about, sentence) for level, about, sentence in told]


def _unpacked(package: str) -> Path | None:
    try:
        return packaged.at_hand(package)
    except UserError:  # it is not installed
        return None


def _weights(model: str, family: Family) -> tuple[list[Finding], Path | None]:
    if model in family.built or (model == "auto" and family.hub is None):
        return [Finding("ok", "weights", "they are built in code")], None
    if model == "auto":
        return _auto(family)
    if model.startswith("package:"):
        return _package(model.removeprefix("package:"))
    folder = Path(model).expanduser()
    if folder.is_dir():
        return _folder(folder)
    named = weights.hub_name(model, family)
    if named is None:
        told = f"model '{model}' is no folder, package:NAME or hub id"
        return [Finding("error", "weights", told)], None
    return _hub(*named)


def _auto(family: Family) -> tuple[list[Finding], Path | None]:
    """The hub's checkpoint; where it cannot be had, the package, with a warning that says why."""
    assert family.hub is not None
    found, folder = _hub(family.hub, None)
    if family.package is None or found[0].level != "error":
        return found, folder
    instead, folder = _package(family.package)
    told = f"{found[0].told.split(';')[0]}: auto takes package:{family.package} instead"
    return [Finding("warning", "weights", told), *instead], folder


def _package(package: str) -> tuple[list[Finding], Path | None]:
    try:
        folder = packaged.at_hand(package)
    except UserError as error:
        return [Finding("error", "weights", str(error))], None
    state = "is ready" if folder else "is installed and will be converted, once"
    return [Finding("ok", "weights", f"package {package} {state}")], folder


def _folder(folder: Path) -> tuple[list[Finding], Path | None]:
    missing = hub.missing_files(folder)
    if missing:
        return [Finding("error", "weights", f"folder {folder} lacks {', '.join(missing)}")], None
    return [Finding("ok", "weights", f"folder {folder} is complete")], folder


def _hub(hub_id: str, revision: str | None) -> tuple[list[Finding], Path | None]:
    """A checkpoint of the hub: here already, to be had, or why not; and whether it is pinned."""
    folder = hub.cached(hub_id, revision)
    if folder is None and (reason := hub.unavailable(hub_id)) is not None:
        told = f"{hub_id} cannot be had: {hub.advice(hub_id, reason)}"
        return [Finding("error", "weights", told)], None
    state = f"is in the local hub cache, at {folder.name}" if folder else "will be downloaded"
    found = [Finding("ok", "weights", f"{hub_id} {state}")]
    if revision is None:
        commit = folder.name if folder else "COMMIT"
        told = (
            f"no revision of {hub_id} is named, so that another day may give other weights; the "
            f"manifest records the commit, and model={hub_id}@{commit} asks for one"
        )
        found.append(Finding("warning", "revision", told))
    return found, folder
