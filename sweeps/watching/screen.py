"""A snapshot of a sweep as a terminal shows it, from 60 columns on, with colours or without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from empathy.metrics import METRICS
from sweeps.pool.occupancy import in_few_words
from sweeps.record.ledger import Trial
from sweeps.record.observers import BASELINES
from sweeps.record.wording import counted, duration, named, said, settings
from sweeps.watching.snapshot import Snapshot, Stage

BARS = "▁▂▃▄▅▆▇█"
ROOMY = 110  # columns from which the table has room for every trial's settings
REASONS = 3  # of failed trials that are told
STYLES = {
    **{"running": "cyan", "stopped": "dim", "completed": "green", "failed": "red"},
    **{"ended": "green", "cut off": "red", "winner": "bold green", "tied": "yellow"},
}


def sparkline(values: Sequence[float], ends: tuple[float, float] | None = None) -> str:
    """Values as bars between two ends, or between their own least and most."""
    if not values:
        return ""
    low, high = ends or (min(values), max(values))
    span = (high - low) or 1.0
    return "".join(BARS[round((value - low) / span * (len(BARS) - 1))] for value in values)


@dataclass(frozen=True)
class Screen:
    """What is drawn of a snapshot; it fits itself to the console's width."""

    snapshot: Snapshot
    rows: int | None = None
    """Trials in the table at most; None: all."""

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """The parts from top to bottom, as rich asks for them."""
        yield _title(self.snapshot)
        yield _facts(self.snapshot, options.max_width)
        if self.snapshot.trials:
            yield _table(self.snapshot, options.max_width, self.rows)


def _title(now: Snapshot) -> Text:
    text = Text.assemble((now.sweep, "bold"), "  ", (now.being, STYLES[now.being]))
    if now.seconds is not None:
        word = "for" if now.being == "running" else "after"
        text.append(f"  {word} {duration(now.seconds)}")
    if (time := _time_left(now)) is not None:
        text.append(f", {time}")
    return text


def _time_left(now: Snapshot) -> str | None:
    if now.being != "running":
        return None
    if now.steps_left is not None and now.steps_left.at_most == 0:
        return "all trials trained"
    if now.left is None:
        return "time left not known yet"
    if now.left.at_most == 0:  # slower than before
        return "the next reports are due"
    most = f"at most {duration(now.left.at_most)}"
    if now.left.about is None or now.left.about >= now.left.at_most:
        return f"{most} to train"
    return f"about {duration(now.left.about)} to train, {most}"


def _facts(now: Snapshot, width: int) -> Table:
    """Lines of `what  how it is`."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    for label, text in _lines(now, width):
        grid.add_row(label, text)
    return grid


def _lines(now: Snapshot, width: int) -> Iterator[tuple[str, RenderableType]]:
    yield "metric", _metric(now)
    yield "trials", _trials(now)
    yield "steps", _steps(now, width)
    if now.again:
        over = sum(trial.state != "running" for trial in now.again)
        of = now.pulse.repeats if now.pulse and now.pulse.repeats else len(now.again)
        yield "fresh seeds", f"{over} of {of} finalists' trainings with other seeds have ended"
    if now.rungs:
        at = ", ".join(f"{count} at step {step}" for step, count in sorted(now.rungs.items()))
        yield "stopped", f"{at}: behind the others (ASHA)"
    if now.pulse and (lanes := _lanes(now)):
        yield "lanes", lanes
    if now.being == "running" and now.pulse and now.pulse.stage:
        stage = now.pulse.stage
        yield "now", _stage(stage, width)
    yield from (("failed", Text(text)) for text in failures(now))
    for warning in now.pulse.warnings if now.pulse else ():
        yield "warning", Text(warning)
    if now.best:
        yield "winner", _with_settings(now, now.best)
        for place, tested in enumerate(_tested(now)):
            yield "" if place else "on test", tested
        if now.tied:
            yield "tied", f"{', '.join(now.tied)}: not shown to be worse than the winner"
    elif leader := now.leader():
        yield "best so far", _with_settings(now, leader.trial_id)
    elif now.being == "ended":
        yield "winner", "none"
    if now.report:
        yield "report", Text(now.report, overflow="fold")
    if now.resume:
        yield "go on with", Text(now.resume, overflow="fold")


def _metric(now: Snapshot) -> str:
    unit = f"{METRICS[now.metric].unit}, " if now.metric in METRICS else ""
    better = {"maximize": "more", "minimize": "less"}[now.goal]
    return f"{named(now.metric)} ({unit}{better} is better) on validation prompts"


def _tested(now: Snapshot) -> Iterator[str]:
    """The winner, SFT and base on test prompts, which no search has seen; those measured there."""
    shown = [now.best, *reversed(BASELINES)] if now.best else []
    for trial_id in shown:
        trial = next((each for each in now.trials if each.trial_id == trial_id), None)
        if trial is not None and (figure := trial.test.get(now.metric)):
            yield f"{trial_id} {said(figure, now.metric)}"


def failures(now: Snapshot) -> Iterator[str]:
    """Why trials failed, the first few of them."""
    failed = [trial for trial in (*now.searched, *now.again) if trial.state == "failed"]
    for trial in failed[:REASONS]:
        yield f"{trial.trial_id}: {trial.reason or 'no reason is on record'}"
    if len(failed) > REASONS:
        yield f"and {len(failed) - REASONS} more; --json tells them"


def _stage(stage: Stage, width: int) -> RenderableType:
    if stage.total is None:
        return Text(f"{stage.name} ...")
    return _bar(stage.name, stage.done, stage.total, width)


def _trials(now: Snapshot) -> str:
    states = [trial.state for trial in now.searched]
    counts = {state: states.count(state) for state in ("running", "stopped", "completed", "failed")}
    if now.being != "running":
        counts["not ended"] = counts.pop("running")
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    begun = f"{len(states)} of {now.wanted} begun" if now.wanted else f"{len(states)} begun"
    return f"{begun}: {told}" if told else begun


def _steps(now: Snapshot, width: int) -> RenderableType:
    done, of = now.steps
    if of is None:
        return str(done)
    pace = now.pulse.pace if now.pulse else None
    speed = f", {pace:.2g} a second" if pace and now.being == "running" else ""
    return _bar("", done, of, width, f"{done} of {of} at most{speed}")


def _bar(name: str, done: int, total: int, width: int, told: str | None = None) -> RenderableType:
    told = told or f"{done}/{total}"
    room = width - len(name) - len(told) - 18
    if room < 8:
        return f"{name} {told}".strip()
    grid = Table.grid(padding=(0, 1))
    bar = ProgressBar(total=max(1, total), completed=done, width=min(30, room))
    grid.add_row(*filter(None, [name]), bar, told)
    return grid


def _lanes(now: Snapshot) -> str:
    assert now.pulse is not None
    told = []
    if now.pulse.lanes:
        running = sum(t.state == "running" for t in [*now.searched, *now.again])
        used = min(running, now.pulse.lanes) if now.being == "running" else None
        devices = counted(now.pulse.hosts or 1, "device")
        lanes = counted(now.pulse.lanes, "lane")
        told.append(f"{lanes} on {devices}" if used is None else f"{used} of {lanes} on {devices}")
    return "; ".join([*told, *filter(None, [in_few_words(now.pulse.occupancy)])])


def _with_settings(now: Snapshot, trial_id: str) -> RenderableType:
    trial = next((each for each in now.trials if each.trial_id == trial_id), None)
    if trial is None:
        return Text(trial_id)
    return Text(f"{trial_id}: {settings(trial.parameters)}")


def _table(now: Snapshot, width: int, rows: int | None) -> Table:
    roomy = width >= ROOMY
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", padding=(0, 1), pad_edge=False)
    table.add_column("trial", no_wrap=True)
    table.add_column("score" if width < 72 else f"{named(now.metric)} [95 %]")
    table.add_column("curve", no_wrap=True)
    table.add_column("step", no_wrap=True, justify="right")
    table.add_column("state", no_wrap=True)
    if roomy:
        table.add_column("settings")
    ordered = now.ordered()
    drawn = {name: curve[-12 if roomy else -8 :] for name, curve in now.curves.items()}
    every = [value for trial in ordered for value in drawn.get(trial.trial_id, ())]
    ends = (min(every), max(every)) if every else None
    for trial in ordered[:rows]:
        cells = _cells(now, trial, sparkline(drawn.get(trial.trial_id, ()), ends))
        style = "dim" if trial.state == "stopped" else ""
        table.add_row(*(cells if roomy else cells[:-1]), style=style)
    if rows is not None and len(ordered) > rows:
        table.caption = f"and {len(ordered) - rows} more trials below these"
    return table


def _cells(now: Snapshot, trial: Trial, curve: str) -> list[RenderableType]:
    baseline = trial.trial_id in BASELINES
    step = "" if trial.step is None or baseline else f"{trial.step}/{now.max_steps}"
    state = "baseline" if baseline else _state(now, trial)
    return [
        Text(trial.trial_id),
        said(now.score(trial), now.metric),
        curve,
        step,
        Text(state, style=STYLES.get(state, "")),
        Text(settings(trial.parameters)),
    ]


def _state(now: Snapshot, trial: Trial) -> str:
    """What became of a trial: how it came out, once the sweep has ended."""
    if trial.trial_id == now.best:
        return "winner"
    if trial.trial_id in now.tied:
        return "tied"
    return "not ended" if trial.state == "running" and now.being != "running" else trial.state
