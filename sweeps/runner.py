"""A sweep from start to report: prepare, search, judge the finalists, write everything down."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from empathy.errors import UserError
from sweeps import search
from sweeps.changes import changed_settings, check_facts
from sweeps.data_step import CARD, write_card
from sweeps.evaluations import Evaluations
from sweeps.finalists import again, finalists, train_again
from sweeps.guards import Guarded, of_study
from sweeps.handover import study_settings
from sweeps.ledger import SAMPLES, SUMMARY, Ledger
from sweeps.manifest import write_json
from sweeps.observers import BASELINES, Everyone, Observer, SweepInfo
from sweeps.obstacles import check_measured
from sweeps.plan import device_here, lanes_on
from sweeps.privacy import tracking_mode
from sweeps.progress import progress
from sweeps.report import write_report
from sweeps.results_folder import drop_old
from sweeps.resumption import NOTHING, Earlier, noted, unheard_ends
from sweeps.spec import SweepSpec
from sweeps.standing import standing
from sweeps.summary import summarise
from sweeps.tracking import tracker
from sweeps.winner_card import write_winner_card

FINALS = "finals.json"  # the examination, until the report is written
WINNER = "winner"
POLL = 1.0  # seconds between two looks at what the host is doing


class Host(Protocol):
    """What the runner needs of a LaneHost, wherever it stands."""

    def prepared(self, timeout: float) -> dict[str, Any] | None: ...
    def stages(self, start: int) -> list[tuple[str, int, int | None]]: ...
    def join(self, trial_id: str, settings: Mapping[str, Any], resume: bool = False) -> str: ...
    def report(self, token: str) -> dict[str, Any]: ...
    def leave(self, token: str) -> None: ...
    def occupancy(self) -> dict[str, Any]: ...
    def finals(self, trials: Sequence[str]) -> dict[str, Any]: ...
    def export(self, trial_id: str, folder: str) -> None: ...
    def close(self) -> None: ...


def run(spec: SweepSpec, out: Path, address: str, earlier: Earlier = NOTHING) -> Path:
    """Run a sweep; returns the path of its report.

    `out` is an empty folder, or that of a sweep that goes on and has done what `earlier` says.
    Raises UserError for what a user can mend.
    """
    _check_hosts(spec, address)
    started, out = time.monotonic(), out.resolve()
    if earlier.ended and not changed_settings(earlier, spec):
        return _reported(out)
    info = _info(spec, out, earlier)
    ledger, kept = Ledger(sys.argv, spec.seed), Evaluations(out)
    tracking = tracker(tracking_mode(spec), spec.tracking.project, spec.tracking.entity)
    watch = Everyone([each for each in (ledger, kept, tracking, progress()) if each is not None])
    watch.sweep_started(info)
    device, _ = device_here(spec)
    lanes = lanes_on(device, spec)
    settings = study_settings(spec, lanes).model_dump(mode="json")
    host, number = _host(spec, address, settings, out, device)
    try:
        ready = _prepare(host, watch)
        check_facts(earlier, ready["facts"])  # nothing is changed before
        ledger.note(**ready["facts"], **noted(earlier, info))
        (out / SUMMARY).unlink(missing_ok=True)  # of a sweep that had ended and gets more trials
        check_measured(spec, ready)  # before a measurement makes earlier results go
        guarded = of_study(spec.guards, ready)
        write_card(ready["card"], out / CARD)
        _baselines(ready["baselines"], watch, kept, earlier)
        drop_old(out)
        earlier = unheard_ends(earlier, [aim.name for aim in spec.metric.aims], watch)
        _search(spec, address, host, watch, lanes, out, guarded, earlier)
        ledger.note(occupancy=host.occupancy())
        chosen = finalists(spec, kept, guarded)
        repeated = again(spec, chosen, kept.parameters)
        train_again(spec, repeated, host, watch, number * lanes, earlier)
        judged = [*chosen, *(each.trial_id for each in repeated if kept.complete(each.trial_id))]
        watch.stage("final evaluation", 0, len(judged))
        finals = _finals(spec, host, judged, out)
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
            shutil.rmtree(out / WINNER, ignore_errors=True)  # an earlier end's
            host.export(summary["best"]["trial"], str(out / WINNER))
        watch.sweep_ended({**summary, "seconds": time.monotonic() - started})
    finally:
        host.close()
        watch.close()
    return _reported(out)


def _check_hosts(spec: SweepSpec, address: str) -> None:
    if address == "inprocess" and spec.resources.hosts not in ("auto", 1):
        raise UserError(
            f"resources.hosts is {spec.resources.hosts}, but --address inprocess has one host; "
            "set it to auto, or use another --address"
        )


def _reported(out: Path) -> Path:
    """The report of a sweep that has ended."""
    write_report(out)
    write_winner_card(out)
    (out / FINALS).unlink(missing_ok=True)
    return out / "report.html"


def _finals(spec: SweepSpec, host: Host, judged: Sequence[str], out: Path) -> dict[str, Any]:
    """The finalists' examination, or what was written down of the same one before a crash."""
    asked = {"judged": list(judged), "judges": spec.judges.model_dump(mode="json")}
    path = out / FINALS
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if found["asked"] == asked:
            return found
    examined = host.finals(judged)
    write_json(path, {"asked": asked, **examined})
    return examined


def _info(spec: SweepSpec, out: Path, earlier: Earlier) -> SweepInfo:
    return SweepInfo(
        name=spec.name,
        metric=spec.metric.name,
        goal=spec.metric.goal,
        settings=spec.model_dump(mode="json"),
        run_cap=spec.run_cap,
        max_steps=spec.training.max_steps,
        out=out,
        started=earlier.started,
        given=spec.model_dump(mode="json", exclude_unset=True),
        resumed=bool(earlier.manifest),
        past=earlier.past,
    )


def _host(
    spec: SweepSpec, address: str, settings: Mapping[str, Any], out: Path, device: str
) -> tuple[Any, int]:
    """A LaneHost in this process, or a pool of them on Ray; and how many they are."""
    if address == "inprocess":
        from sweeps.host import LaneHost

        return LaneHost(settings, spec.report_steps, str(out)), 1
    from sweeps import hosts, on_ray

    on_ray.connect(address)
    number = hosts.how_many(spec.resources.hosts, device, search.number_of_trials(spec))
    return hosts.Hosts(settings, spec.report_steps, str(out), device, hosts=number), number


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


def _baselines(
    found: Mapping[str, Any], watch: Observer, kept: Evaluations, earlier: Earlier
) -> None:
    """Base and SFT model as the first two trials, unless they were told earlier."""
    for name in BASELINES:
        told = earlier.trial(name)
        if told is not None and told.state != "running":
            continue
        watch.trial_started(name, {})
        if told is None or not told.rows:
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
    earlier: Earlier,
) -> None:
    if address == "inprocess":
        from sweeps.in_process import InProcess

        InProcess(spec, host, watch, guarded, earlier).run(lanes)
        return
    from sweeps import on_ray

    on_ray.run(spec, host, watch, str(out), lanes, guarded, earlier)
