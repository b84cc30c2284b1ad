"""The report's section "Model and training": what all trials share, from the manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sweeps.record.wording import named, setting

OBJECTIVES = {
    "dpo": "direct preference optimization on pairs of replies (DPO)",
    "sft": "supervised fine-tuning on human replies (SFT)",
}


def facts(manifest: Mapping[str, Any], searched: Sequence[str]) -> list[tuple[str, str]]:
    """The model and how it was trained and heard, as name and text; without what was searched."""
    settings = manifest["settings"]
    fixed = {name: value for name, value in settings.get("training", {}).items()
             if name not in searched}  # fmt: skip
    engine = manifest.get("engine") or {}
    chosen = {
        "family": settings.get("family"),
        "model": (manifest.get("weights") or {}).get("source") or settings.get("model"),
        "objective": OBJECTIVES.get(settings.get("objective", "dpo")),
        "warm start (SFT)": settings.get("warm_start"),
        "training": fixed or None,
        "pairs and prompts": settings.get("data"),
        "replies and tests": settings.get("evaluation"),
        "search": _search(settings),
        "engine": f"{engine['name']}: {engine['reason']}" if engine else None,
    }
    return [(name, flat(value)) for name, value in chosen.items() if value is not None]


def _search(settings: Mapping[str, Any]) -> str | None:
    """How settings were chosen, and what each could be."""
    ranges = settings.get("parameters")
    if not ranges:
        return None
    told = "; ".join(f"{named(name)} {_range(each)}" for name, each in ranges.items())
    method = settings.get("method")
    return f"{method}: {told}" if method else told


def _range(ranges: Mapping[str, Any]) -> str:
    if ranges.get("min") is not None and ranges.get("max") is not None:
        ends = " to ".join(setting(float(ranges[end])) for end in ("min", "max"))
        log = str(ranges.get("distribution") or "").startswith("log")
        return f"{ends}{' (by logarithm)' if log else ''}"
    values = ranges.get("values") or [ranges.get("value")]
    return ", ".join(map(setting, values))


def flat(value: object) -> str:
    """Nested facts as "corpora sample; relevance 4"; what is not set is left out."""
    if isinstance(value, Mapping):
        return "; ".join(f"{named(str(key))} {flat(part)}" for key, part in value.items()
                         if part is not None)  # fmt: skip
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(flat(part) for part in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else setting(value)
