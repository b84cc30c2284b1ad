"""Weights & Biases: one run per trial, online with a key, offline without, never in the way.

What leaves the machine are numbers and settings: no texts, no paths, no code, no host name. An
unreachable server costs one warning and the results stand in `<out>/wandb`, ready for `wandb sync`.

A trial that goes on in a resumed sweep goes on under the same id. What it had reported is logged
again: a server leaves out the steps that it knows, and an offline run, to which W&B cannot append,
is replaced by one that holds the whole trial.
"""

from __future__ import annotations

import logging
import netrc
import os
import shutil
import sys
import threading
import time
from collections.abc import Mapping
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlparse

from empathy.privacy import holds_private
from sweeps.record.ledger import figures
from sweeps.record.observers import BASELINES, Observer, Row, Shielded, State, SweepInfo, of_search

if TYPE_CHECKING:
    import wandb

Mode = Literal["auto", "online", "offline", "disabled"]
RunMode = Literal["online", "offline"]
DEFAULT_SERVER = "https://api.wandb.ai"

log = logging.getLogger(__name__)


def tracker(
    mode: Mode, project: str, entity: str | None, *, init_timeout_seconds: float = 10.0
) -> Observer | None:
    """The observer that writes to Weights & Biases, or None where tracking is disabled.

    "auto" is online when WANDB_API_KEY or a netrc entry for the server is there, else offline. No
    failure of it stops a sweep.
    """
    if mode == "disabled":
        return None
    report_no_errors()
    found: RunMode = ("online" if has_login() else "offline") if mode == "auto" else mode
    return Shielded(Tracker(found, project, entity, init_timeout_seconds), "Weights & Biases")


def report_no_errors() -> None:
    """Keep W&B's client from telling its makers of its own errors, which may quote a path.

    It does so by itself, offline too, unless this variable is set before its process starts.
    """
    os.environ["WANDB_ERROR_REPORTING"] = "false"


def has_login() -> bool:
    """Whether a key for the server at WANDB_BASE_URL is set or stored, and WANDB_MODE allows it."""
    if os.environ.get("WANDB_MODE", "online") != "online":
        return False
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlparse(os.environ.get("WANDB_BASE_URL", DEFAULT_SERVER)).hostname or ""
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def without_paths(settings: Any) -> Any:
    """The settings as JSON, each value that names a place replaced by "(path)".

    A user's home folder, a hospital's share or a server within it may stand there: none is sent.
    """
    if isinstance(settings, Mapping):
        return {
            str(key): "(path)" if _is_place(str(key), value) else without_paths(value)
            for key, value in settings.items()
        }
    if isinstance(settings, list | tuple):
        return [without_paths(value) for value in settings]
    if isinstance(settings, Path) or (isinstance(settings, str) and _is_path(settings)):
        return "(path)"
    return settings


def _is_place(key: str, value: Any) -> bool:
    """A setting that holds a folder, file or server, even where its name alone would not tell."""
    return bool(value) and (
        key in ("folder", "file", "url")
        or (key == "model" and Path(str(value)).expanduser().is_dir())
    )


def _is_path(text: str) -> bool:
    """Absolute, home and relative paths and URLs of files; a hub id such as "org/model" is none."""
    starts = ("/", "~", "./", "../", "\\", "file:", "s3:")
    looks = text.startswith(starts) or text[1:3] in (":\\", ":/")
    return looks or ("/" in text and Path(text).exists())


def numbers(row: Row) -> dict[str, float]:
    """What is logged of a report: curves under TRL's names, metrics as empathy/<name>."""
    logged = {name: float(value) for name, value in row.get("curves", {}).items()
              if value is not None}  # fmt: skip
    for name, figure in figures(row.get("metrics", {})).items():
        logged[f"empathy/{name}"] = figure.value
        if figure.low is not None and figure.high is not None:
            logged |= {f"empathy/{name}_low": figure.low, f"empathy/{name}_high": figure.high}
    return logged


class Tracker:
    """One W&B run per trial, all in the process that watches the sweep."""

    def __init__(
        self, mode: RunMode, project: str, entity: str | None, init_timeout_seconds: float
    ) -> None:
        self.mode = mode
        self._project, self._entity = project, entity
        self._timeout = init_timeout_seconds
        self._suffix = ""  # of run ids
        self._sweep: SweepInfo | None = None
        self._runs: dict[str, wandb.Run] = {}
        self._ending: list[threading.Thread] = []

    def sweep_started(self, sweep: SweepInfo) -> None:
        self._sweep = sweep

    def stage(self, name: str, done: int, total: int | None) -> None:
        """Stages are for the terminal."""

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        run = self._reached(trial_id, parameters)
        self._runs[trial_id] = run
        for row in self._told(trial_id):
            run.log(numbers(row), step=row["step"], commit=True)

    def _told(self, trial_id: str) -> tuple[Row, ...]:
        """What a trial had reported before the sweep was cut off."""
        past = self._sweep.past if self._sweep else ()
        return next((each.rows for each in past if each.trial_id == trial_id), ())

    def _reached(self, trial_id: str, parameters: Mapping[str, Any]) -> wandb.Run:
        """A run on the server, or offline where it cannot be reached, from then on always."""
        if self.mode == "online":
            try:
                return self._begin(trial_id, parameters)
            except Exception as error:  # CommError, UsageError and whatever else a server causes
                # The failed run keeps its id in W&B's service: the next needs another.
                self.mode, self._suffix = "offline", "-offline"
                log.warning("Weights & Biases cannot be reached, going offline: %s", _first(error))
        return self._begin(trial_id, parameters)

    def trial_reported(self, row: Row) -> None:
        self._runs[row["trial_id"]].log(numbers(row), step=row["step"], commit=True)

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        run = self._runs.pop(trial_id, None)
        if run is None:  # failed before it started
            return
        # Why a trial failed stays here: an error's message may quote a path or a person's words.
        run.summary.update({"state": state, "reason": None if state == "failed" else reason})
        # `finish` uploads, and without a server it retries for long: the sweep does not wait.
        code = 1 if state == "failed" else 0
        ending = threading.Thread(target=_finish, args=(run, code), daemon=True)
        ending.start()
        self._ending.append(ending)

    def sweep_ended(self, summary: Mapping[str, Any]) -> None:
        self.close()
        if self._sweep is None or self.mode != "offline":
            return
        if not holds_private(self._sweep.settings.get("data", {})):
            runs = self._sweep.out / "wandb" / "offline-run-*"
            print(f"to send the runs to a W&B server: wandb sync {runs}", file=sys.stderr)

    def close(self) -> None:
        """End what runs and wait for it: a thread that the interpreter's end cuts off complains."""
        for trial_id in list(self._runs):
            self.trial_ended(trial_id, "failed", "the sweep ended before the trial did")
        give_up = time.monotonic() + self._timeout  # for all of them: a dead server costs it once
        while self._ending:
            self._ending.pop(0).join(timeout=max(0.0, give_up - time.monotonic()))

    def _begin(self, trial_id: str, parameters: Mapping[str, Any]) -> wandb.Run:
        import wandb  # here, for it takes a second that a sweep without it need not spend

        assert self._sweep is not None, "sweep_started comes first"
        sweep = self._sweep
        run_id = f"{sweep.run_id}-{trial_id}{self._suffix}"
        if self.mode == "offline" and any(each.trial_id == trial_id for each in sweep.past):
            for cut_off in sweep.out.glob(f"wandb/offline-run-*-{escape(run_id)}"):
                shutil.rmtree(cut_off)
        return wandb.init(
            project=self._project,
            entity=self._entity,
            dir=str(sweep.out),
            id=run_id,
            name=f"{sweep.name} {trial_id}",
            group=sweep.run_id,
            job_type=_job(trial_id),
            config={**parameters, "trial_id": trial_id, "sweep": without_paths(sweep.settings)},
            mode=self.mode,
            resume="allow",
            reinit="create_new",
            settings=_settings(self._timeout),
        )


def _finish(run: wandb.Run, code: int) -> None:
    """End a run. Where the server has gone its rows stay in `wandb/`, ready for `wandb sync`."""
    try:
        run.finish(exit_code=code)
    except Exception as error:
        log.warning("Weights & Biases could not end a run: %s", _first(error))


def _job(trial_id: str) -> str:
    if trial_id in BASELINES:
        return "baseline"
    return "trial" if of_search(trial_id) else "finalist"


def _settings(timeout_seconds: float) -> wandb.Settings:
    """Quiet, quick to give up, and sending nothing about the machine or the code."""
    import wandb

    return wandb.Settings(
        init_timeout=timeout_seconds,
        console="off",
        silent=True,
        disable_git=True,
        disable_code=True,
        host="withheld",
        x_disable_meta=True,
        x_disable_stats=True,  # of this one process, the same for every trial: says nothing
        x_disable_machine_info=True,
        x_save_requirements=False,
    )


def _first(error: BaseException) -> str:
    """The first line of an error's message."""
    return (str(error) or type(error).__name__).splitlines()[0]
