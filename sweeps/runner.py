"""A sweep from start to report: prepare, search, judge the finalists, write everything down."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from empathy.cache import write_atomically
from sweeps.data_step import CARD, write_card
from sweeps.finalists import again, finalists, train_again
from sweeps.guards import Guarded, of_study
from sweeps.handover import study_settings
from sweeps.ledger import SAMPLES, Ledger
from sweeps.manifest import write_json
from sweeps.observers import BASELINES, Everyone, Observer, Row, State, SweepInfo
from sweeps.obstacles import check_measured
from sweeps.plan import device_here, lanes_on
from sweeps.privacy import tracking_mode
from sweeps.progress import progress
from sweeps.report import write_report
from sweeps.results_folder import drop_old
from sweeps.spec import SweepSpec
from sweeps.standing import standing
from sweeps.summary import summarise
from sweeps.tracking import tracker

POLL = 1.0  # seconds between two looks at what the host is doing


class Host(Protocol):
    """What the runner needs of a LaneHost, wherever it stands."""

    def prepared(self, timeout: float) -> dict[str, Any] | None: ...
    def stages(self, start: int) -> list[tuple[str, int, int | None]]: ...
    def join(self, trial_id: str, settings: Mapping[str, Any]) -> str: ...
    def report(self, token: str) -> dict[str, Any]: ...
    def leave(self, token: str) -> None: ...
    def occupancy(self) -> dict[str, Any]: ...
    def finals(self, trials: Sequence[str]) -> dict[str, Any]: ...
    def export(self, trial_id: str, folder: str) -> None: ...
    def close(self) -> None: ...


class Evaluations:
    """Keeps every trial's last evaluation, per prompt and without text, beside its checkpoint."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self.last: dict[str, dict[str, Any]] = {}
        self.curves: dict[str, dict[str, float]] = {}
        self.states: dict[str, State] = {}
        self.parameters: dict[str, dict[str, Any]] = {}

    def sweep_started(self, sweep: SweepInfo) -> None:
        """Nothing to do."""

    def stage(self, name: str, done: int, total: int | None) -> None:
        """Nothing to do."""

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        """Remember what it tries."""
        self.parameters[trial_id] = dict(parameters)

    def trial_reported(self, row: Row) -> None:
        """Remember and write down the evaluation."""
        if "evaluation" in row:
            self.last[row["trial_id"]] = row["evaluation"]
            self.curves[row["trial_id"]] = row["curves"]
            self._write(row["trial_id"], "validation", row["evaluation"])

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        """Remember how it ended."""
        self.states[trial_id] = state

    def sweep_ended(self, summary: Mapping[str, Any]) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def complete(self, trial_id: str) -> bool:
        """Whether it was trained to the end."""
        return self.states[trial_id] == "completed"

    def write_test(self, found: Mapping[str, Mapping[str, Any]]) -> None:
        """Write down test evaluations by trial."""
        for trial_id, evaluation in found.items():
            self._write(trial_id, "test", evaluation)

    def _write(self, trial_id: str, split: str, evaluation: Mapping[str, Any]) -> None:
        text = json.dumps(evaluation)
        path = self._out / "trials" / trial_id / f"{split}.json"
        write_atomically(path, lambda temporary: temporary.write_text(text))


def run(spec: SweepSpec, out: Path, address: str) -> Path:
    """Run a sweep; returns the path of its report. `out` is an empty folder.

    Raises UserError for what a user can mend.
    """
    started, out = time.monotonic(), out.resolve()
    ledger = Ledger(sys.argv, spec.seed)
    kept = Evaluations(out)
    tracking = tracker(tracking_mode(spec), spec.tracking.project, spec.tracking.entity)
    watch = Everyone([each for each in (ledger, kept, tracking, progress()) if each is not None])
    watch.sweep_started(_info(spec, out))
    device, _ = device_here(spec)
    lanes = lanes_on(device, spec)
    settings = study_settings(spec, lanes).model_dump(mode="json")
    host = _host(address, settings, spec.report_steps, out, device)
    try:
        ready = _prepare(host, watch)
        ledger.note(**ready["facts"])
        check_measured(spec, ready)  # before a measurement makes earlier results go
        guarded = of_study(spec.guards, ready)
        write_card(ready["card"], out / CARD)
        _baselines(ready["baselines"], watch, kept)
        drop_old(out)
        _search(spec, address, host, watch, lanes, out, guarded)
        ledger.note(occupancy=host.occupancy())
        chosen = finalists(spec, kept, guarded)
        repeated = again(spec, chosen, kept.parameters)
        train_again(spec, repeated, host, watch, lanes)
        judged = [*chosen, *(each.trial_id for each in repeated if kept.complete(each.trial_id))]
        watch.stage("final evaluation", 0, len(judged))
        finals = host.finals(judged)
        kept.write_test(finals["evaluations"])
        write_json(out / SAMPLES, finals["samples"])
        summary = summarise(
            spec,
            kept,
            ready["baselines"],
            finals["evaluations"],
            again=repeated,
            safety=finals["safety"],
        )
        summary |= standing(spec, kept, finals["evaluations"], guarded, summary)
        summary["judges"] = finals["verdicts"]
        if summary["best"] is not None:
            watch.stage("exporting the winner", 0, None)
            host.export(summary["best"]["trial"], str(out / "winner"))
        watch.sweep_ended({**summary, "seconds": time.monotonic() - started})
    finally:
        host.close()
        watch.close()
    write_report(out)
    return out / "report.html"


def _info(spec: SweepSpec, out: Path) -> SweepInfo:
    return SweepInfo(
        name=spec.name,
        metric=spec.metric.name,
        goal=spec.metric.goal,
        settings=spec.model_dump(mode="json"),
        run_cap=spec.run_cap,
        max_steps=spec.training.max_steps,
        out=out,
    )


def _host(
    address: str, settings: Mapping[str, Any], steps: Sequence[int], out: Path, device: str
) -> Any:
    """A LaneHost in this process, or in one of Ray's."""
    if address == "inprocess":
        from sweeps.host import LaneHost

        return LaneHost(settings, steps, str(out))
    from sweeps import on_ray

    on_ray.connect(address)
    return on_ray.RemoteHost(settings, steps, str(out), device)


def _prepare(host: Host, watch: Observer) -> dict[str, Any]:
    """Wait until the study is ready, telling the observers what the host is doing."""
    told = 0
    while True:
        ready = host.prepared(POLL)
        for stage in host.stages(told):
            watch.stage(*stage)
            told += 1
        if ready is not None:
            return ready


def _baselines(found: Mapping[str, Any], watch: Observer, kept: Evaluations) -> None:
    """Base and SFT model as the first two trials."""
    for name in BASELINES:
        watch.trial_started(name, {})
        evaluation = found[name]["validation"]
        watch.trial_reported(
            {
                "trial_id": name,
                "step": 0,
                "seconds": None,
                "metrics": evaluation["metrics"],
                "curves": {},
                "evaluation": evaluation,
            }
        )
        watch.trial_ended(name, "completed", None)
    kept.write_test({name: found[name]["test"] for name in BASELINES})


def _search(
    spec: SweepSpec,
    address: str,
    host: Any,
    watch: Observer,
    lanes: int,
    out: Path,
    guarded: Guarded,
) -> None:
    if address == "inprocess":
        from sweeps.in_process import InProcess

        InProcess(spec, host, watch, guarded).run(lanes)
        return
    from sweeps import on_ray

    on_ray.run(spec, host, watch, str(out), lanes, guarded)
