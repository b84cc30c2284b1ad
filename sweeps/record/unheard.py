"""Judges that could not be asked at the end of a sweep: `--resume` asks them again.

A server that was down or a reward model that could not be loaded costs its win rates, which are
missing then and never 0. The built-in scorers would say the same again, so they are not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweeps.record.ledger import SUMMARY
from sweeps.sweepfile.manifest import read_json

ASKED_AGAIN = ("reward_model", "llm")


def unheard(verdicts: Mapping[str, Any] | None) -> list[str]:
    """The names of these judges; `verdicts` are those of `empathy.verdicts.panel`."""
    judges = (verdicts or {}).get("judges", {})
    return [name for name in ASKED_AGAIN if judges.get(name, {}).get("missing") is not None]


def unheard_in(out: Path) -> list[str]:
    """The same of a sweep that has ended."""
    path = out / SUMMARY
    return unheard(read_json(path, dict).get("judges")) if path.exists() else []
