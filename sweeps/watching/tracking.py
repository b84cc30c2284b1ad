"""Weights & Biases: a run per trial and one of the sweep, online with a key, offline without.

What leaves the machine are numbers and settings: no texts, no paths, no code, no host name. An
unreachable server costs one warning and the results stand in `<out>/wandb`, ready for `wandb sync`.
No failure of it is in a sweep's way.

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
from sweeps.record.ledger import read_record
from sweeps.record.observers import Observer, Row, Shielded, State, SweepInfo
from sweeps.sweepfile.manifest import MANIFEST, read_manifest
from sweeps.watching import sweep_run
from sweeps.watching.tracked import Job, job_of, numbers

if TYPE_CHECKING:
    import wandb

Mode = Literal["auto", "online", "offline", "disabled"]
RunMode = Literal["online", "offline"]
DEFAULT_SERVER = "https://api.wandb.ai"
SWEEP = "sweep"
"""The sweep's own run bears this in place of a trial's name."""
LONGEST_TAG = 64

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


def described(sweep: SweepInfo) -> dict[str, Any]:
    """What the config of each of a sweep's runs says of it; by the first three families compare."""
    known = read_manifest(sweep.out) if (sweep.out / MANIFEST).is_file() else {}
    model = known.get("weights", {}).get("name") or sweep.settings.get("model")
    told = {
        "family": sweep.settings.get("family"),
        "objective": sweep.settings.get("objective"),
        "base_model": without_paths({"model": model})["model"],
    }
    found = {name: value for name, value in told.items() if value is not None}
    return {**found, "sweep": without_paths(sweep.settings)}


def tags(sweep: SweepInfo) -> tuple[str, ...]:
    """The sweep's name, family and objective; W&B refuses a run for a tag over 64 characters."""
    told = (sweep.name, sweep.settings.get("family"), sweep.settings.get("objective"))
    return tuple(tag for tag in told if tag and len(tag) <= LONGEST_TAG)


class Tracker:
    """One W&B run per trial, and at the end one of the sweep, all in the process that watches it.

    The sweep's own is made of its files, so that whoever keeps these must be told first.
    """

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
        config = {**parameters, "trial_id": trial_id}
        run = self._reached(trial_id, job_of(trial_id), config)
        self._runs[trial_id] = run
        for row in self._told(trial_id):
            run.log(numbers(row), step=row["step"], commit=True)

    def _told(self, trial_id: str) -> tuple[Row, ...]:
        """What a trial had reported before the sweep was cut off."""
        past = self._sweep.past if self._sweep else ()
        return next((each.rows for each in past if each.trial_id == trial_id), ())

    def _reached(self, name: str, job: Job, config: Mapping[str, Any]) -> wandb.Run:
        """A run on the server, or offline where it cannot be reached, from then on always."""
        if self.mode == "online":
            try:
                return self._begin(name, job, config)
            except Exception as error:  # CommError, UsageError and whatever else a server causes
                # The failed run keeps its id in W&B's service: the next needs another.
                self.mode, self._suffix = "offline", "-offline"
                log.warning("Weights & Biases cannot be reached, going offline: %s", _first(error))
        return self._begin(name, job, config)

    def trial_reported(self, row: Row) -> None:
        self._runs[row["trial_id"]].log(numbers(row), step=row["step"], commit=True)

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        run = self._runs.pop(trial_id, None)
        if run is None:  # failed before it started
            return
        # Why a trial failed stays here: an error's message may quote a path or a person's words.
        run.summary.update({"state": state, "reason": None if state == "failed" else reason})
        self._end(run, 1 if state == "failed" else 0)

    def _end(self, run: wandb.Run, code: int) -> None:
        # `finish` uploads, and without a server it retries for long: the sweep does not wait.
        ending = threading.Thread(target=_finish, args=(run, code), daemon=True)
        ending.start()
        self._ending.append(ending)

    def sweep_ended(self, summary: Mapping[str, Any]) -> None:
        self.close()
        if self._sweep is None:
            return
        try:
            self._tell_of_sweep(self._sweep, summary)
        finally:  # the trials' runs are there, whatever became of the sweep's own
            self._say_how_to_send(self._sweep)

    def _say_how_to_send(self, sweep: SweepInfo) -> None:
        if self.mode == "offline" and not holds_private(sweep.settings.get("data", {})):
            runs = sweep.out / "wandb" / "offline-run-*"
            print(f"to send the runs to a W&B server: wandb sync {runs}", file=sys.stderr)

    def _tell_of_sweep(self, sweep: SweepInfo, summary: Mapping[str, Any]) -> None:
        """The sweep's own run; one from before it went on under the same id is replaced."""
        run = self._reached(SWEEP, "sweep", {})
        try:
            sweep_run.log_to(run, read_record(sweep.out))
            run.summary.update(sweep_run.headline(summary))
        finally:
            self._end(run, 0)
            self.close()

    def close(self) -> None:
        """End what runs and wait for it: a thread that the interpreter's end cuts off complains."""
        for trial_id in list(self._runs):
            self.trial_ended(trial_id, "failed", "the sweep ended before the trial did")
        give_up = time.monotonic() + self._timeout  # for all of them: a dead server costs it once
        while self._ending:
            self._ending.pop(0).join(timeout=max(0.0, give_up - time.monotonic()))

    def _begin(self, name: str, job: Job, config: Mapping[str, Any]) -> wandb.Run:
        import wandb  # here, for it takes a second that a sweep without it need not spend

        assert self._sweep is not None, "sweep_started comes first"
        sweep = self._sweep
        run_id = f"{sweep.run_id}-{name}{self._suffix}"
        if self.mode == "offline" and (
            name == SWEEP or any(each.trial_id == name for each in sweep.past)
        ):
            for cut_off in sweep.out.glob(f"wandb/offline-run-*-{escape(run_id)}"):
                shutil.rmtree(cut_off)
        return wandb.init(
            project=self._project,
            entity=self._entity,
            dir=str(sweep.out),
            id=run_id,
            name=sweep.name if name == SWEEP else f"{sweep.name} {name}",
            group=sweep.run_id,
            job_type=job,
            tags=tags(sweep),
            config={**config, **described(sweep)},
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
