"""The report's section "Run it again": the command, and what must be the same beside it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from sweeps.record.wording import setting

CHANGED = " + changes"  # see `sweeps.sweepfile.manifest.git_commit`


def command(manifest: Mapping[str, Any]) -> str:
    """What was typed to start the sweep, for a shell."""
    return shlex.join(["python", "launch.py", *manifest["command"][1:]])


def identity(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Code, data and base model, by hashes; what is not on record is told as such."""
    return [*_identity(manifest)]


def _identity(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "seed", f"{manifest['seed']} of the search; training and replies have their own"
    yield "code", _commit(manifest.get("commit"))
    yield "data", _hashed(manifest.get("data"), "corpora")
    weights = manifest.get("weights")
    yield "base model", _hashed(weights, "source")
    if weights and weights.get("dtype"):
        yield "precision", f"{str(weights['dtype']).removeprefix('torch.')} on {weights['device']}"
    yield "ran with", f"Python {manifest['python']} on {manifest['machine']}"
    yield "started", str(manifest["started"])
    for again in manifest.get("resumed", ()):
        yield "resumed", str(again)
    yield "ended", str(manifest["ended"] or "not yet")


def _commit(commit: str | None) -> str:
    if commit is None:
        return "no commit: it did not run from a git checkout"
    if commit.endswith(CHANGED):
        return (
            f"commit {commit.removesuffix(CHANGED)}, with changes that no commit holds: "
            "the same numbers need them, too"
        )
    return f"commit {commit}"


def _hashed(facts: Mapping[str, Any] | None, what: str) -> str:
    if not facts:
        return "not on record"
    told = facts.get(what)
    names = ", ".join(told) if isinstance(told, list | tuple) else setting(told or "unnamed")
    return f"{names}; SHA-256 {facts['sha256']}" if facts.get("sha256") else names
