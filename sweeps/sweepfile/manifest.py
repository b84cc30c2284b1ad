"""manifest.json: everything that is needed to run a sweep again and get the same numbers."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from empathy.cache import write_atomically
from empathy.errors import UserError

MANIFEST = "manifest.json"
Form = TypeVar("Form")
# Those whose version can move a number or break a file.
PACKAGES = (
    "empathy-sweeps", "torch", "transformers", "trl", "peft", "ray", "optuna", "numpy",
    "safetensors", "tokenizers", "gguf", "datasets", "deepspeed", "wandb", "plotly",
    "bitsandbytes",
)  # fmt: skip


def begin(out: Path, told: Mapping[str, Any], command: Sequence[str], seed: int) -> None:
    """Write the manifest of a sweep that starts: what is told of it, and what it runs on.

    `ended` stays null until it has ended.
    """
    manifest = {
        **told,
        "seed": seed,
        "command": list(command),
        "ended": None,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "packages": package_versions(),
        "commit": git_commit(Path(__file__).parent),
    }
    write_json(out / MANIFEST, manifest)


def note(out: Path, facts: Mapping[str, Any], *, ended: bool = False) -> None:
    """Add facts to the manifest under `out`, and the time of the end when it has come."""
    manifest = read_manifest(out) | dict(facts)
    if ended:
        manifest["ended"] = datetime.now(UTC).isoformat(timespec="seconds")
    write_json(out / MANIFEST, manifest)


def read_manifest(out: Path) -> dict[str, Any]:
    """The manifest under `out`; raises UserError when there is none, or a damaged one."""
    path = out / MANIFEST
    if not path.exists():
        raise UserError(f"{path} does not exist: give the folder of a sweep, such as results/demo")
    content: dict[str, Any] = read_json(path, dict)
    return content


def read_json(path: Path, kind: type) -> Any:
    """What a file of JSON holds; raises UserError, which names it, unless that is of this kind."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError, IsADirectoryError) as error:  # no JSON, or not UTF-8
        raise DamagedError(path, type(error).__name__) from error
    if not isinstance(content, kind):
        raise DamagedError(path, f"it holds no {kind.__name__}")
    return content


@dataclass
class Driving:
    """What a manifest says of the metric that drives the search."""

    name: str
    goal: Literal["maximize", "minimize"]


@dataclass
class Chosen:
    """What a summary says at least of a trial that came far."""

    trial: str


def formed(form: type[Form], content: object, path: Path) -> Form:
    """What of `content` this dataclass tells of; raises UserError, which names the file."""
    try:
        return TypeAdapter(form).validate_python(content)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise DamagedError(path, f"{place} is missing or no such thing") from error


class DamagedError(UserError):
    """A file that cannot be what a sweep wrote."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} is damaged ({why}); put a copy of it back, or start again in another --out"
        )
        self.why = why


def write_json(path: Path, content: object) -> None:
    """Write `content` as indented JSON, at once."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n"
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def package_versions() -> dict[str, str | None]:
    """Installed version by package; None where a package is not installed."""
    return {package: _version(package) for package in PACKAGES}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def git_commit(folder: Path) -> str | None:
    """The commit `folder` stands on, marked "+ changes" when files differ; None outside git."""
    found = _git(folder, "rev-parse", "HEAD")
    if found is None:
        return None
    return f"{found} + changes" if _git(folder, "status", "--porcelain", "-uno") else found


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
