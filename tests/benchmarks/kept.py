"""`results/bench/<device>.json`: what was measured last, by part of the benchmark and model."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from empathy.cache import write_atomically

FOLDER = Path("results/bench")
PACKAGES = ("torch", "transformers", "trl", "peft", "ray")


def device_name() -> str:
    """As in the file's name: `cpu`, or the GPU's own."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def path_of(device: str) -> Path:
    """The device's file."""
    return FOLDER / f"{re.sub('[^a-z0-9]+', '-', device.lower()).strip('-')}.json"


def circumstances(device: str) -> dict[str, Any]:
    """When, on what and with what: in every record."""
    return {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": device,
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "packages": {name: version(name) for name in PACKAGES},
    }


def keep(path: Path, part: str, name: str, record: dict[str, Any]) -> None:
    """Write a record under its part and model, beside what the file has of others."""
    known: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    known[part] = {**known.get(part, {}), name: record}
    text = json.dumps(known, indent=2) + "\n"
    write_atomically(path, lambda temporary: temporary.write_text(text, "utf-8"))
