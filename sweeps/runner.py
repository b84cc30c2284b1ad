"""A sweep from start to report: prepare, search, judge the finalists, write everything down."""

from __future__ import annotations

import logging
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from empathy.errors import UserError
from sweeps.planning import engines, speeds
from sweeps.planning.data_step import CARD, write_card
from sweeps.planning.engines import Engine
from sweeps.planning.handover import study_settings
from sweeps.planning.obstacles import check_measured
from sweeps.planning.plan import Device, device_here, lanes_on, repeated
from sweeps.record.changes import changed_settings, check_facts
from sweeps.record.evaluations import Evaluations
from sweeps.record.ledger import SAMPLES, SUMMARY, Ledger
from sweeps.record.observers import BASELINES, Everyone, Observer, Shielded, SweepInfo
from sweeps.record.results_folder import drop_old
from sweeps.record.resumption import NOTHING, Earlier, noted, unheard_ends
from sweeps.record.unheard import unheard, unheard_in
from sweeps.report.report import write_report
from sweeps.report.winner_card import write_winner_card
from sweeps.search import search
from sweeps.storage.bucket import in_bucket
from sweeps.sweepfile.manifest import read_json, write_json
from sweeps.sweepfile.privacy import tracking_mode
from sweeps.sweepfile.spec import SweepSpec
from sweeps.verdict.finalists import Again, again, finalists, train_again
from sweeps.verdict.guards import Guarded, of_study
from sweeps.verdict.standing import standing
from sweeps.verdict.summary import summarise
from sweeps.watching.account import Account, Heartbeat
from sweeps.watching.hearing import Hearing
from sweeps.watching.progress import progress
from sweeps.watching.stopping import attended
from sweeps.watching.tracking import tracker

FINALS = "finals.json"  # the examination, until the report is written
WINNER = "winner"

log = logging.getLogger(__name__)


class Host(Protocol):
    """What the runner needs of a LaneHost, wherever it stands."""

    def prepared(self, timeout: float) -> dict[str, Any] | None: ...
    def stages(self, start: int) -> list[tuple[str, int, int | None]]: ...
    def join(self, trial_id: str, settings: Mapping[str, Any], resume: bool = False) -> str: ...
    def report(self, token: str) -> dict[str, Any]: ...
    def leave(self, token: str) -> None: ...
    def drain(self) -> None: ...
    def occupancy(self) -> dict[str, Any]: ...
    def finals(self, trials: Sequence[str]) -> dict[str, Any]: ...
    def export(self, trial_id: str, folder: str) -> None: ...
    def close(self) -> None: ...


def run(
    spec: SweepSpec,
    out: Path,
    address: str,
    earlier: Earlier = NOTHING,
    shared: str | None = None,
) -> Path:
    """Run a sweep; returns the path of its report.

    `out` is an empty folder, or that of a sweep that goes on and has done what `earlier` says. At
    `shared`, a bucket's URL if any, lane hosts keep checkpoints for one another.
    Raises UserError for what a user can mend.
    """
    _check_hosts(spec, address)
    device, _ = device_here(spec)
    engine = _engine(spec, device, address)
    started, out = time.monotonic(), out.resolve()
    if earlier.ended and not changed_settings(earlier, spec) and not unheard_in(out):
        return _reported(out)
    info = _info(spec, out, earlier)
    ledger, kept, account = Ledger(sys.argv, spec.seed), Evaluations(out), Account()
    heartbeat = Heartbeat(account)
    tracking = tracker(tracking_mode(spec), spec.tracking.project, spec.tracking.entity)
    shown = (account, Shielded(heartbeat, "The sign of life"), progress(account))
    watch = Everyone([each for each in (ledger, kept, tracking, *shown) if each is not None])
    watch.sweep_started(info)
    lanes = 1 if engine.zero else lanes_on(device, spec)
    settings = study_settings(spec, lanes).model_dump(mode="json")
    try:
        host, number = _host(spec, address, settings, shared or str(out), device, engine)
    except BaseException:  # such as more GPUs than there are
        watch.close()
        raise
    account.expect(**_ahead(spec, address, earlier), lanes=number * lanes, hosts=number)
    heartbeat.listen(lambda: host.occupancy())
    running = _Running(spec, out, address, host, number, lanes, watch, ledger, kept, account)
    with attended(host, watch, out, address):
        hearing = Hearing(host, watch)
        ready = hearing.prepared()
        news = {"engine": engine._asdict(), **noted(earlier, info)}
        guarded, earlier = _begin(running, ready, news, earlier)
        _search(running, guarded, earlier)
        ledger.note(occupancy=host.occupancy(), devices=_devices(spec, engine, number))
        summary = _judge(running, ready, guarded, earlier, hearing)
        if summary["best"] is not None:
            watch.stage("exporting the winner", 0, None)
            shutil.rmtree(out / WINNER, ignore_errors=True)  # an earlier end's
            host.export(summary["best"]["trial"], str(out / WINNER))
        watch.sweep_ended({**summary, "seconds": time.monotonic() - started})
        if address != "auto":  # there the devices are other machines'
            speeds.keep(spec, device, lanes, account.snapshot())
    return _reported(out)


@dataclass(frozen=True)
class _Running:
    """A sweep on its way: what each of its phases needs."""

    spec: SweepSpec
    out: Path
    address: str
    host: Any
    number: int
    """Of hosts."""
    lanes: int
    """Of each host."""
    watch: Observer
    ledger: Ledger
    kept: Evaluations
    account: Account


def _begin(
    running: _Running, ready: Mapping[str, Any], news: Mapping[str, Any], earlier: Earlier
) -> tuple[Guarded, Earlier]:
    """Hold what was prepared against what was asked for, and tell of the baselines."""
    spec, out = running.spec, running.out
    check_facts(earlier, ready["facts"])  # nothing is changed before
    running.ledger.note(**ready["facts"], **news)
    (out / SUMMARY).unlink(missing_ok=True)  # of a sweep that had ended and gets more trials
    check_measured(spec, ready)  # before a measurement makes earlier results go
    guarded = of_study(spec.guards, ready)
    write_card(ready["card"], out / CARD)
    _baselines(ready["baselines"], running.watch, running.kept, earlier)
    drop_old(out)
    return guarded, unheard_ends(earlier, [aim.name for aim in spec.metric.aims], running.watch)


def _judge(
    running: _Running,
    ready: Mapping[str, Any],
    guarded: Guarded,
    earlier: Earlier,
    hearing: Hearing,
) -> dict[str, Any]:
    """Train the finalists again, examine them on test prompts; the content of summary.json."""
    spec, kept, watch, host = running.spec, running.kept, running.watch, running.host
    chosen = finalists(spec, kept, guarded)
    more = again(spec, chosen, kept.parameters)
    running.account.expect(repeats=len(more))
    train_again(spec, more, host, watch, running.number * running.lanes, earlier)
    judged = [*chosen, *(each.trial_id for each in more if kept.complete(each.trial_id))]
    watch.stage("final evaluation", 0, len(judged))
    finals = hearing.during(lambda: _finals(spec, host, judged, running.out))
    kept.write_test(finals["evaluations"])
    write_json(running.out / SAMPLES, finals["samples"])
    return _summary(spec, kept, ready["baselines"], finals, more, guarded)


def _engine(spec: SweepSpec, device: str, address: str) -> Engine:
    """The engine that trains the trials; raises UserError where it cannot here."""
    engine = engines.engine_of(spec, device, address)
    for sentence in engines.missing(spec, engine):
        raise UserError(sentence)
    return engine


def _devices(spec: SweepSpec, engine: Engine, at_once: int) -> int:
    """How many devices that takes, for what it costs: a trial of engine zero has several."""
    return at_once * spec.zero.workers if engine.zero else at_once


def _ahead(spec: SweepSpec, address: str, earlier: Earlier) -> dict[str, Any]:
    """What is known of a sweep beforehand, for its account."""
    trials = max(search.number_of_trials(spec), len(earlier.searched))
    return {"address": address, "trials": trials, "repeats": repeated(spec, trials)}


def _check_hosts(spec: SweepSpec, address: str) -> None:
    if address == "inprocess" and spec.resources.hosts not in ("auto", 1):
        raise UserError(
            f"resources.hosts is {spec.resources.hosts}, but --address inprocess has one host; "
            "set it to auto, or use another --address"
        )
    if address == "inprocess" and spec.engine == "zero":
        raise UserError(
            "engine is 'zero', but --address inprocess has one process; set engine to lanes, or "
            "use another --address"
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
    found = _written(path)
    if found.get("asked") == asked and not unheard(found["verdicts"]):
        return found
    examined = host.finals(judged)
    write_json(path, {"asked": asked, **examined})
    return examined


def _written(path: Path) -> dict[str, Any]:
    """What the file of the finals holds; nothing where it is not there, or damaged."""
    try:
        found: dict[str, Any] = read_json(path, dict) if path.exists() else {}
    except UserError as error:
        log.warning("%s; the finalists are examined again", error)
        return {}
    return found


def _summary(
    spec: SweepSpec,
    kept: Evaluations,
    baselines: Mapping[str, Any],
    finals: Mapping[str, Any],
    repeated: Sequence[Again],
    guarded: Guarded,
) -> dict[str, Any]:
    """The content of summary.json, but for the seconds."""
    test = finals["evaluations"]
    found = summarise(spec, kept, baselines, test, again=repeated, safety=finals["safety"])
    found |= standing(spec, kept, test, guarded, found)
    return {**found, "judges": finals["verdicts"]}


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
    spec: SweepSpec,
    address: str,
    settings: Mapping[str, Any],
    out: str,
    device: Device,
    engine: Engine,
) -> tuple[Any, int]:
    """A LaneHost in this process, or a pool of them on Ray; and how many they are, or, where trials
    train elsewhere, how many of those at once."""
    if address == "inprocess":
        from sweeps.pool.host import LaneHost

        return LaneHost(settings, spec.report_steps, out), 1
    from sweeps.pool import hosts, room
    from sweeps.search import on_ray

    on_ray.connect(address)
    try:
        if engine.zero:
            return _zero_hosts(spec, settings, out, device)
        number = hosts.how_many(spec.resources.hosts, device, search.number_of_trials(spec))
        room.check(spec.resources.hosts, number, device, address)
        silence = 60.0 * spec.resources.silence_minutes
        pool = hosts.Hosts(
            settings,
            spec.report_steps,
            out,
            device,
            hosts=number,
            kind=_kind(out),
            silence=silence,
        )
    except BaseException:
        on_ray.disconnect()
        raise
    return pool, number


def _zero_hosts(
    spec: SweepSpec, settings: Mapping[str, Any], out: str, device: Device
) -> tuple[Any, int]:
    from sweeps.search.on_ray import EXPERIMENT
    from sweeps.zero.train_run import Spread
    from sweeps.zero.zero_hosts import ZeroHosts

    spread = Spread(
        device=device,
        workers=spec.zero.workers,
        zero=spec.zero.model_dump(exclude={"workers"}),
        report_steps=spec.report_steps,
        storage=f"{out}/{EXPERIMENT}",
        silence=60.0 * spec.resources.silence_minutes,
    )
    number = engines.measuring(spec)
    pool = ZeroHosts(settings, spec.report_steps, out, spread, hosts=number)
    return pool, pool.at_once


def _kind(out: str) -> Any:
    """The class of lane hosts that keep their checkpoints there."""
    from sweeps.pool.hosts import HostProcess
    from sweeps.pool.shared_host import SharedProcess

    return SharedProcess if in_bucket(out) else HostProcess


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


def _search(running: _Running, guarded: Guarded, earlier: Earlier) -> None:
    spec, host, watch, lanes = running.spec, running.host, running.watch, running.lanes
    if running.address == "inprocess":
        from sweeps.search.in_process import InProcess

        InProcess(spec, host, watch, guarded, earlier).run(lanes)
        return
    from sweeps.search import on_ray

    on_ray.run(spec, host, watch, str(running.out), lanes, guarded, earlier)
