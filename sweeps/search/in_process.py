"""The search without Ray: one host, a thread per lane, Optuna asked directly. For debugging."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from optuna.trial import Trial, TrialState

from sweeps.pool.host import LaneHost
from sweeps.pool.leases import NOT_THE_TRIALS_FAULT, trial_name
from sweeps.pool.stepping import told
from sweeps.pool.stops import all_done
from sweeps.record.observers import Observer, Past, Row, State, ending, lacking
from sweeps.record.resumption import NOTHING, Earlier, end
from sweeps.search import search
from sweeps.sweepfile.spec import SweepSpec, trial_settings
from sweeps.verdict.guards import NO_GUARDS, Guarded, excesses


class InProcess:
    """Runs the trials of a sweep on a host in this process."""

    def __init__(
        self,
        spec: SweepSpec,
        host: LaneHost,
        watch: Observer,
        guarded: Guarded = NO_GUARDS,
        earlier: Earlier = NOTHING,
    ) -> None:
        self._spec, self._host, self._watch = spec, host, watch
        self._constraints, self._earlier = guarded.constraints, earlier
        self._names = [aim.name for aim in spec.metric.aims]
        self._study = search.study(spec)
        self._lock = threading.Lock()  # Optuna and the observers are asked by one thread at a time

    def run(self, lanes: int) -> None:
        """Run all trials that have not ended, `lanes` at a time."""
        resumed = self._take_up()
        new = search.number_of_trials(self._spec) - len(self._study.trials)
        with ThreadPoolExecutor(lanes) as pool:
            running = [pool.submit(self._trial, *each) for each in resumed]
            running += [pool.submit(self._trial) for _ in range(new)]
            all_done(pool, running, lambda: self._host.drain())

    def _take_up(self) -> list[tuple[Trial, Past | None]]:
        """Tell the study all that was told before; returns the trials that have not ended."""
        trials = search.asked(self._spec, self._study, self._earlier.searched)
        for row in self._earlier.searched_rows:
            trial, past = trials[row["trial_id"]]
            assert past is not None, "who reported has begun"
            decided = self._decide(trial, row)  # also fills the rungs
            if row["step"] < past.step:
                continue
            if past.state != "running":
                self._tell(trial, row, past.state)
            elif decided is not None:
                self._tell(trial, row, decided[0])
                self._earlier = end(self._earlier, past, decided, self._watch)
        opened = []
        for name, (trial, past) in trials.items():
            if not self._earlier.over(name):
                opened.append((trial, past))
            elif past is not None and not past.rows:
                self._study.tell(trial, state=TrialState.FAIL)
        return opened

    def _trial(self, trial: Trial | None = None, past: Past | None = None) -> None:
        with self._lock:
            trial = trial or search.ask(self._spec, self._study)
            name = trial_name(trial.number)
            self._watch.trial_started(name, trial.params)
        settings = trial_settings(self._spec, trial.params).model_dump()
        token = self._host.join(name, settings, resume=past is not None)
        heard = past.step if past else -1
        while True:
            try:
                row = self._host.report(token)
            except NOT_THE_TRIALS_FAULT:
                raise
            except Exception as error:  # such as too little memory, or a damaged checkpoint
                self._fail(trial, told(error))
                return
            if row["step"] <= heard and not row["done"]:
                continue  # its checkpoint's, once more
            with self._lock:
                self._watch.trial_reported(row)
                ended = self._end(trial, row)
                if ended is None:
                    continue
                self._watch.trial_ended(name, *ended)
            self._host.leave(token)
            return

    def _fail(self, trial: Trial, reason: str) -> None:
        with self._lock:
            self._study.tell(trial, state=TrialState.FAIL)
            self._watch.trial_ended(trial_name(trial.number), "failed", reason)

    def _end(self, trial: Trial, row: Row) -> tuple[State, str | None] | None:
        """The trial's last state and the reason, or None if it goes on."""
        ended = self._decide(trial, row)
        if ended is not None:
            self._tell(trial, row, ended[0])
        return ended

    def _decide(self, trial: Trial, row: Row) -> tuple[State, str | None] | None:
        ended = ending(row, self._names)
        if ended is not None:
            return ended
        if lacking(row, self._names):  # only blank replies, say; the next report may have it
            return None
        if self._spec.metric.also:  # Optuna knows no early stopping for several metrics
            return None
        trial.report(metric_of(row, self._names[0]), row["step"])
        return ("stopped", f"behind at step {row['step']}") if trial.should_prune() else None

    def _tell(self, trial: Trial, row: Row, state: State) -> None:
        """Tell Optuna how the trial ended with this report."""
        if state == "failed":
            self._study.tell(trial, state=TrialState.FAIL)
            return
        self._constrain(trial, row)
        if state == "stopped":
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._study.tell(trial, [metric_of(row, name) for name in self._names])

    def _constrain(self, trial: Trial, row: Row) -> None:
        """Tell Optuna how far the trial lies beyond each enforced guard."""
        values = {name: figure["value"] for name, figure in row["metrics"].items()}
        for name, excess in excesses(self._constraints, values).items():
            trial.set_constraint(name, excess)


def metric_of(row: Row, name: str) -> float:
    """The value of a metric or training curve in a report; raises KeyError if it is missing."""
    figure = row["metrics"].get(name)
    return float(row["curves"][name] if figure is None else figure["value"])
