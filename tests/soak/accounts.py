"""What a soak is judged by: the same trials, no process left, flat memory."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from sweeps.record.ledger import Trial, read_trials

TOLERANCE = 1e-5
GROWTH = 1.15  # of what all processes hold, from the second quarter to the last
EVERY = 5.0  # seconds between two looks
MIB = 2**20


def same_trials(undisturbed: Path, soaked: Path) -> tuple[list[str], dict[str, Any]]:
    """What differs between the trials of two folders, and the figures that say how they compare."""
    expected, found = (_searched(folder) for folder in (undisturbed, soaked))
    wrong = [f"{len(each)} trials with {_key(each[0])}" for each in found.values() if len(each) > 1]
    wrong += [f"{len(each)} undisturbed {key}" for key, each in expected.items() if len(each) > 1]
    if expected.keys() != found.keys():
        wrong.append(f"other settings: {sorted(expected.keys() ^ found.keys())}")
    furthest, compared = 0.0, 0
    for key in expected.keys() & found.keys():
        ours, theirs = found[key][0], expected[key][0]
        if (ours.state, ours.step) != (theirs.state, theirs.step):
            wrong.append(f"{key}: {ours.state} at {ours.step}, not {theirs.state} at {theirs.step}")
        if ours.metrics.keys() != theirs.metrics.keys():
            wrong.append(
                f"{key}: other metrics {sorted(ours.metrics.keys() ^ theirs.metrics.keys())}"
            )
        for name in ours.metrics.keys() & theirs.metrics.keys():
            apart = abs(ours.metrics[name].value - theirs.metrics[name].value)
            furthest, compared = max(furthest, apart), compared + 1
            if apart > TOLERANCE:
                wrong.append(f"{key}: {name} differs by {apart:.2g}")
    if not compared:
        wrong.append("nothing was compared")
    return wrong, {"trials": len(found), "numbers": compared, "furthest_apart": furthest}


def _searched(folder: Path) -> dict[str, list[Trial]]:
    """The search's trials by their settings."""
    found: dict[str, list[Trial]] = {}
    for trial in read_trials(folder / "trials.csv"):
        if trial.parameters and "-s" not in trial.trial_id:
            found.setdefault(_key(trial), []).append(trial)
    return found


def _key(trial: Trial) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(trial.parameters.items()))


def marked(mark: str) -> list[str]:
    """Other living processes that carry the mark in their environment."""
    found, here = [], os.getpid()
    for process in psutil.process_iter():
        try:
            own = process.environ().get("EMPATHY_SOAK") == mark
            if own and process.pid != here and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid} {' '.join(process.cmdline())[:80]}")
        except psutil.Error:  # gone meanwhile, or not ours to ask
            continue
    return found


class Memory:
    """Looks every few seconds at what all processes of the soak hold together."""

    def __init__(self, mark: str) -> None:
        self._mark, self._held = mark, list[int]()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            self._held.append(_held(self._mark))

    def _quarters(self) -> tuple[float, float]:
        quarter = len(self._held) // 4
        return median(self._held[quarter : 2 * quarter]), median(self._held[-quarter:])

    def told(self) -> dict[str, float | int]:
        """Medians of the second and the last quarter, and the peak, in MiB."""
        if len(self._held) < 8:
            return {"looks": len(self._held)}
        early, late = self._quarters()
        return {
            "looks": len(self._held), "second_quarter_mib": round(early / MIB),
            "last_quarter_mib": round(late / MIB), "peak_mib": round(max(self._held) / MIB),
        }  # fmt: skip

    def wrong(self) -> list[str]:
        """Says so where it grew, or where there was nothing to see."""
        if len(self._held) < 8:
            return [f"memory was looked at {len(self._held)} times"]
        early, late = self._quarters()
        return [f"memory grew: {self.told()}"] if late > GROWTH * early else []


def _held(mark: str) -> int:
    total = 0
    for process in psutil.process_iter():
        try:
            if process.environ().get("EMPATHY_SOAK") == mark:
                total += process.memory_full_info().uss
        except psutil.Error:
            continue
    return total
