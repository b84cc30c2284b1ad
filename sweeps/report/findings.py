"""What a sweep found, in sentences that say no more than the intervals allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from empathy.metrics import METRICS
from sweeps.record.ledger import Figure, Record, Trial, figures
from sweeps.record.observers import BASELINES, of_search
from sweeps.record.wording import counted, named, said, settings
from sweeps.report import fresh_seeds
from sweeps.report.guard_text import nobody_won
from sweeps.verdict.guards import NO_GUARDS, Guarded, of_record


@dataclass(frozen=True)
class Outcome:
    """Who took part in a sweep and who won."""

    metric: str
    goal: Literal["maximize", "minimize"]
    trials: dict[str, Trial]
    """By id: base, SFT, the winner, those tied, the other complete ones, stopped, failed."""
    best: str | None
    tied: tuple[str, ...]
    """Trials that the winner cannot be told from, without the winner."""
    differences: dict[str, Figure]
    """Winner minus SFT by metric, paired on test prompts."""
    base_difference: Figure | None
    """Winner minus the untrained base, in the sweep's metric."""
    human: dict[str, Figure]
    """The counsellors' own replies to the test prompts, by metric."""
    parameters: Mapping[str, Mapping[str, Any]]
    """What was searched: the sweep file's `parameters`, with min and max or values."""
    ended: bool
    tied_barred: tuple[str, ...] = ()
    """Trials as good, as far as is known, that guards or safety keep from winning."""
    lost: tuple[str, ...] = ()
    """Finalists that lost the win because they are unsafe, best first."""
    objective: str = "dpo"
    """How the trials were trained: dpo or sft."""
    seeds: Mapping[str, Any] | None = None
    """What fresh seeds said of the finalists, as in summary.json."""
    guarded: Guarded = NO_GUARDS
    """The sweep's guards, as numbers."""

    @property
    def sign(self) -> int:
        """+1 where more of the metric is better, -1 where less is."""
        return 1 if self.goal == "maximize" else -1

    @property
    def searched(self) -> tuple[str, ...]:
        """Names of the parameters in which trials differ."""
        return tuple(dict.fromkeys(name for trial in self.trials.values()
                                   for name in trial.parameters))  # fmt: skip

    def score(self, trial: Trial) -> Figure | None:
        """A trial's metric on validation prompts."""
        return trial.metrics.get(self.metric)


def outcome(record: Record) -> Outcome:
    """The outcome of the sweep on disk; without a summary (it runs, or was cut off) nobody won."""
    summary = record.summary or {}
    best = (summary.get("best") or {}).get("trial")
    tied = tuple(trial for trial in summary.get("tied", ()) if trial != best)
    metric, differences = record.manifest["metric"], summary.get("differences", {})
    sign = 1 if metric["goal"] == "maximize" else -1

    def place(trial: Trial) -> tuple[int, float]:
        figure = trial.metrics.get(metric["name"])
        groups = [*BASELINES, best]
        states = {"completed": 4, "running": 5, "stopped": 6, "failed": 7}
        group = groups.index(trial.trial_id) if trial.trial_id in groups else states[trial.state]
        group = 3 if trial.trial_id in tied else group
        return group, -sign * figure.value if figure else float("inf")

    return Outcome(
        metric=metric["name"],
        goal=metric["goal"],
        trials={t.trial_id: t for t in sorted(record.trials, key=place) if _shown(t.trial_id)},
        best=best,
        tied=tied,
        differences=figures(differences.get("vs_sft", {})),
        base_difference=figures(differences.get("vs_base", {})).get(metric["name"]),
        human=figures(record.manifest.get("human", {}).get("test", {})),
        parameters=record.manifest["settings"].get("parameters", {}),
        ended=record.summary is not None,
        tied_barred=tuple(summary.get("tied_barred", ())),
        lost=tuple((summary.get("safety") or {}).get("lost", ())),
        objective=record.manifest["settings"].get("objective", "dpo"),
        seeds=summary.get("seeds"),
        guarded=of_record(record),
    )


def _shown(trial_id: str) -> bool:
    """A finalist's training once more is no row of its own: it stands in the finalist's."""
    return trial_id in BASELINES or of_search(trial_id)


def answer(found: Outcome) -> list[str]:
    """The result in a few sentences, the first of which can stand alone."""
    if found.best is None:
        return [no_winner(found)]
    trial = found.trials[found.best]
    if found.metric in METRICS and METRICS[found.metric].curve:
        return [_by_curve(found, trial), *filter(None, [_trained(found)])]
    score = trial.test.get(found.metric)
    sft = found.trials["sft"].test.get(found.metric) if "sft" in found.trials else None
    first = (
        f"Trial {trial.trial_id} ({settings(trial.parameters)}) scored "
        f"{said(score, found.metric)} for {named(found.metric)} on the test split, against "
        f"{said(sft, found.metric)} for {_rival(found)}"
    )
    sentences = [
        f"{first}: {_difference(found)}",
        fresh_seeds.sentence(found.seeds, found.best, found.metric, found.sign),
        _against_base(found),
        _ties(found),
        _trained(found),
    ]
    return [sentence for sentence in sentences if sentence]


def _rival(found: Outcome) -> str:
    return {"dpo": "the SFT model", "sft": "the warm start alone (SFT)"}[found.objective]


def _trained(found: Outcome) -> str:
    """What a reader of `objective: sft` must know; "" for DPO, which the rows' names fit."""
    if found.objective == "dpo":
        return ""
    return (
        "The trials went on with supervised training on human replies, without preference pairs: "
        "the row SFT is the warm start that they began with."
    )


def _by_curve(found: Outcome, trial: Trial) -> str:
    side = {"maximize": "highest", "minimize": "lowest"}[found.goal]
    return (
        f"Trial {trial.trial_id} ({settings(trial.parameters)}) ended with the {side} "
        f"{named(found.metric)}, {said(found.score(trial), found.metric)}. That is a training "
        "curve: it has no interval, is not measured on held-out prompts and says little of replies."
    )


def no_winner(found: Outcome) -> str:
    """Why nobody won: not ended, all finalists unsafe, all barred by guards, or none trained."""
    if not found.ended:
        return (
            "This sweep has not ended: what follows are its measurements so far, on validation "
            "prompts, and no winner."
        )
    if found.lost:
        who = "the only finalist" if len(found.lost) == 1 else f"all {len(found.lost)} finalists"
        return f"No trial won: {who} answered people in crisis less safely than the SFT model."
    if barred := nobody_won(found.guarded, found.trials.values(), found.metric):
        return barred
    failed = sum(trial.state == "failed" for trial in found.trials.values())
    return f"No trial won: none was trained to the end and measured ({counted(failed, 'failure')})."


def _difference(found: Outcome) -> str:
    """Whether the winner beats SFT, as far as the paired interval says so."""
    figure = found.differences.get(found.metric)
    if figure is None:
        return "the two were not compared prompt by prompt, so whether they differ is open."
    told = f"a paired difference of {said(figure, found.metric, difference=True)}"
    if figure.low is None or figure.high is None:
        return f"{told}, so how sure it is cannot be said."
    ends = sorted((found.sign * figure.low, found.sign * figure.high))
    if ends[0] > 0:
        return f"{told}."
    rival, trained = {
        "dpo": ("SFT", "DPO"),
        "sft": ("the warm start", "more supervised training"),
    }[found.objective]
    if ends[1] < 0:
        return f"{told}. The best trial of this sweep is worse than {rival} alone."
    return (
        f"{told}, which includes 0. This sweep does not separate its best trial from {rival}: "
        f"{trained} may have helped, done nothing or harmed."
    )


def _against_base(found: Outcome) -> str:
    """The same against the untrained base, which can be the better model; "" if not compared."""
    figure = found.base_difference
    if figure is None:
        return ""
    told = f"Against the untrained base it is {said(figure, found.metric, difference=True)}"
    verdict = judged(found.metric, figure)
    return {
        "better": f"{told}.",
        "worse": f"{told}: the base model, with no training at all, is better.",
        "not separable": f"{told}, which includes 0: not separable from no training at all.",
    }.get(verdict, f"{told}.")


def _ties(found: Outcome) -> str:
    """What `sweeps.verdict.summary` counts as tied: what no corrected interval calls worse."""
    complete = sum(trial.state == "completed" and trial.trial_id not in BASELINES
                   for trial in found.trials.values())  # fmt: skip
    if complete == 1:
        return "It is the only trial that was trained to the end, so no other setting can tie."
    sure = f"with 95 % confidence, corrected for comparing {complete} trials"
    if found.tied_barred and not found.tied:
        return (
            f"No trial that may win is statistically tied with it; {', '.join(found.tied_barred)} "
            f"would be (not shown, {sure}, to be worse), but guards or safety bar them."
        )
    if not found.tied:
        return (
            f"No other of the {complete} trials trained to the end is statistically tied with it: "
            f"{sure}, all are worse."
        )
    verb, they = ("is", "it is") if len(found.tied) == 1 else ("are", "they are")
    return (
        f"{counted(len(found.tied), 'trial')} ({', '.join(found.tied)}) {verb} statistically tied "
        f"with it: it is not shown, {sure}, that {they} worse. The settings of all of them are "
        "candidates, not only the first."
    )


def change_of(name: str, winner: Figure, sft: Figure | None, found: Outcome) -> Figure | None:
    """Winner minus SFT: paired where that was measured, else the bare difference of the values."""
    paired = found.differences.get(name)
    if paired is not None or sft is None:
        return paired
    return Figure(winner.value - sft.value)


def judged(name: str, change: Figure | None) -> str:
    """What a change says: "better", "worse" or "not separable" by its interval.

    Without an interval ", untested" stands behind; "" where there is no change to judge, or where
    neither more nor less of the number is better.
    """
    goal = METRICS[name].goal if name in METRICS else None
    if goal is None or change is None:
        return ""
    sign = 1 if goal == "maximize" else -1
    if change.low is None or change.high is None:
        gap = sign * change.value
        return "better, untested" if gap > 0 else "worse, untested" if gap < 0 else "equal"
    low, high = sorted((sign * change.low, sign * change.high))
    return "better" if low > 0 else "worse" if high < 0 else "not separable"
