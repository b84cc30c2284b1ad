"""The report's section "Cost": time, device-hours, and money where a price is on record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sweeps.pool import occupancy
from sweeps.record.ledger import Record
from sweeps.record.observers import BASELINES, of_search
from sweeps.record.wording import counted, duration

UNPRICED = (
    "not known: no price was given (--price-per-hour, or resources.price_per_hour in the sweep)"
)


def cost(record: Record) -> list[tuple[str, str]]:
    """What the sweep took, as name and text; what is not on record is told as such."""
    return [*_cost(record.manifest, record)]


def _cost(manifest: Mapping[str, Any], record: Record) -> Iterator[tuple[str, str]]:
    seconds = (record.summary or {}).get("seconds")
    yield "time", _time(seconds, manifest)
    devices = device_count(manifest)
    kind = {"cuda": "GPU"}.get(_device(manifest).partition(":")[0], "device")
    yield "devices", _devices(devices, manifest)
    hours = None if seconds is None or devices is None else devices * seconds / 3600
    if hours is None:
        yield f"{kind}-hours", "not on record"
    else:
        yield f"{kind}-hours", f"{hours:.2f} (every device for the whole time)"
    yield "money", _money(hours, manifest["settings"].get("resources", {}), kind)
    yield "training", _trained(record)
    if busy := occupancy.in_words(manifest.get("occupancy")):
        yield "how busy", busy


def device_count(manifest: Mapping[str, Any]) -> int | None:
    """How many devices trained; None where the folder does not say."""
    noted: int | None = manifest.get("devices")
    if noted is not None:
        return noted
    told = manifest.get("occupancy") or {}
    return 1 if "busy_share" in told or len(told) == 1 else None  # of before they were noted


def _device(manifest: Mapping[str, Any]) -> str:
    return str(manifest.get("weights", {}).get("device") or "of a kind that is not on record")


def _time(seconds: float | None, manifest: Mapping[str, Any]) -> str:
    if seconds is None:
        return "not on record: this sweep has not ended"
    since = "since it was resumed last" if manifest.get("resumed") else "from start to end"
    return f"{duration(seconds)} {since}"


def _devices(count: int | None, manifest: Mapping[str, Any]) -> str:
    number = "their number is not on record" if count is None else str(count)
    return f"{number} ({_device(manifest)}), {manifest['machine']}"


def _money(hours: float | None, resources: Mapping[str, Any], kind: str) -> str:
    price = resources.get("price_per_hour")
    if price is None:
        return UNPRICED
    if hours is None:
        return f"not known, at {price:g} for a {kind}-hour"
    return f"{price * hours:.2f}, at {price:g} for a {kind}-hour, in that price's currency"


def _trained(record: Record) -> str:
    """Trials, further trainings and their steps, as trials.csv has them."""
    searched = [trial for trial in record.trials if of_search(trial.trial_id)]
    again = [t for t in record.trials if not of_search(t.trial_id) and t.trial_id not in BASELINES]
    states = [trial.state for trial in searched]
    told = f"{counted(len(searched), 'trial')} ({states.count('completed')} trained to the end, "
    told += f"{states.count('stopped')} stopped early, {states.count('failed')} failed)"
    if again:
        told += f" and {counted(len(again), 'training')} of finalists with fresh seeds"
    steps = sum(trial.step or 0 for trial in [*searched, *again])
    return f"{told}: {steps:,} training steps in all"
