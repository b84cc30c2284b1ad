"""Sweeps -> families side by side, and the paired differences that the study asks for.

Every difference is one question. Each is tested at a level raised for their number (Bonferroni),
so that the chance of any false claim in the whole comparison stays within 5 %.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal, get_args

from empathy.compare import both_scored, compare
from empathy.errors import UserError
from empathy.evaluate import Evaluation
from empathy.uncertainty import Estimate
from sweeps.comparison.comparable import check, metric_of
from sweeps.comparison.folders import Sweep

LEVEL = 0.95
REFEREE = "empathy_referee"
Row = Literal["base", "sft", "continued", "dpo"]
ROWS: tuple[Row, ...] = get_args(Row)
RIVALS: tuple[Row, ...] = ("sft", "continued", "base")
Verdict = Literal["better", "worse", "not separable", "too few dialogues"]


@dataclass(frozen=True)
class Arm:
    """A base model of the study: its search by DPO, and by SFT where that was run."""

    name: str
    """The family; with its weights where a family stands here twice."""
    dpo: Sweep
    continued: Sweep | None

    @property
    def rows(self) -> dict[Row, Evaluation]:
        """Who has the metric, by row: of each search the winner that validation prompts chose."""
        found = {"base": self.dpo.base, "sft": self.dpo.sft, "dpo": self.dpo.best,
                 "continued": self.continued.best if self.continued else None}  # fmt: skip
        metric, _ = metric_of(self.dpo)
        return {row: each for row in ROWS
                if (each := found[row]) is not None and metric in each.metrics}  # fmt: skip

    @property
    def is_specialist(self) -> bool:
        """Whether these are weights of a specialist: family biobert, not its general control."""
        name = _own_name(self.dpo.weights_as_found)
        general = any(part in name for part in ("bert-base", "minilm")) and "bio" not in name
        return self.dpo.family == "biobert" and not general


def _own_name(weights: str) -> str:
    """The model's own name, in small letters, whatever the folders above it are called.

    In the hub's cache the last folder is a commit; "models--google-bert--bert-base-cased" above it
    names the model.
    """
    parts = [part for part in weights.lower().split("/") if part]
    cached = [part.rpartition("--")[2] for part in parts if part.startswith("models--")]
    return (cached or parts)[-1]


@dataclass(frozen=True)
class Contrast:
    """One question: by how much does the first exceed the second on the same test prompts?"""

    rival: Row
    """What the second is; "dpo" where the DPO winners of two arms meet."""
    first: str
    second: str
    difference: Estimate
    """With its 95 % interval, read alone."""
    corrected: Estimate
    """The same with the interval that counts all questions; it decides."""
    verdict: Verdict
    referee: Verdict | None
    """The same question put to the scorer that no search follows; None where it was not asked."""
    fresh: Verdict | None = None
    """What the settings' other seeds say of it, at 95 %; None where none were trained."""


@dataclass(frozen=True)
class Findings:
    """Everything that was measured, before any sentence is made of it."""

    metric: str
    goal: str
    arms: tuple[Arm, ...]
    contrasts: tuple[Contrast, ...]
    level: float
    """Confidence of each corrected interval."""

    def against(self, rival: Row) -> list[Contrast]:
        """DPO against one rival, in all arms that have it."""
        return [each for each in self.contrasts if each.rival == rival]


def findings(sweeps: Sequence[Sweep]) -> Findings:
    """Compare everything that the study asks for; raises UserError where that cannot be done."""
    check(sweeps)
    metric, goal = metric_of(sweeps[0])
    arms = arms_of(sweeps)
    asked = _asked(arms, metric)
    level = 1 - (1 - LEVEL) / max(1, len(asked))
    contrasts = tuple(_contrast(question, metric, goal, level) for question in asked)
    return Findings(metric, goal, tuple(arms), contrasts, level)


def arms_of(sweeps: Sequence[Sweep]) -> list[Arm]:
    """Each DPO sweep with the SFT sweep of the same base model.

    Several base models of one family are arms of their own. Raises UserError for two searches of
    one base model by the same objective, since the better of both would flatter it, and for an SFT
    sweep without the DPO that it is the rival of.
    """
    searched: dict[tuple[str, tuple[str, str, str]], Sweep] = {}
    for sweep in sweeps:
        twin = searched.setdefault((sweep.objective, sweep.start), sweep)
        if twin is not sweep:
            raise UserError(
                f"{twin.folder} and {sweep.folder} are both {sweep.objective.upper()} sweeps of "
                f"{sweep.family} on {sweep.weights}: give one of them, for taking the better of "
                "two searches would flatter it"
            )
    dpo = [sweep for sweep in sweeps if sweep.objective == "dpo"]
    if not dpo:
        raise UserError(
            "--compare needs a DPO sweep and all that were given are SFT sweeps: add one, such as "
            "results/dpo_gemma"
        )
    for sweep in sweeps:
        if ("dpo", sweep.start) not in searched:
            raise UserError(
                f"{sweep.folder} continues SFT of {sweep.family} on {sweep.weights}, but no DPO "
                "sweep of these weights was given: add it, or leave this folder out"
            )
    names = _names(dpo)
    return [Arm(name, each, searched.get(("sft", each.start)))
            for name, each in zip(names, dpo, strict=True)]  # fmt: skip


def _names(sweeps: Sequence[Sweep]) -> list[str]:
    """The family of each, told apart by weights and number format where families repeat."""
    families = Counter(sweep.family for sweep in sweeps)
    weights = Counter((sweep.family, sweep.weights) for sweep in sweeps)

    def name(sweep: Sweep) -> str:
        if families[sweep.family] == 1:
            return sweep.family
        twice = weights[sweep.family, sweep.weights] > 1
        return f"{sweep.family} ({sweep.weights}{', ' + sweep.start[2] if twice else ''})"

    return [name(sweep) for sweep in sweeps]


@dataclass(frozen=True)
class _Question:
    rival: Row
    names: tuple[str, str]
    pair: tuple[Evaluation, Evaluation]
    fresh: Estimate | None = None


def _asked(arms: Sequence[Arm], metric: str) -> list[_Question]:
    """DPO against each rival of its own arm, then all arms' DPO winners against each other.

    Two of one arm that have no scored prompt in common are not measured against each other; that
    two winners have none is a UserError, for of them one must be ranked before the other.
    """
    own = [
        _Question(rival, (arm.name,) * 2, (arm.rows["dpo"], arm.rows[rival]), _fresh(arm, rival))
        for rival in RIVALS
        for arm in arms
        if "dpo" in arm.rows and rival in arm.rows
        and both_scored(arm.rows["dpo"], arm.rows[rival], metric)
    ]  # fmt: skip
    winners = [(arm.name, arm.rows["dpo"]) for arm in arms if "dpo" in arm.rows]
    between = [
        _Question("dpo", (one, other), (ours, theirs))
        for (one, ours), (other, theirs) in combinations(winners, 2)
    ]
    for each in between:
        if not both_scored(*each.pair, metric):
            raise UserError(
                f"the DPO winners of {each.names[0]} and {each.names[1]} have {metric} for no test "
                "prompt in common, so they cannot be ranked: compare them one at a time"
            )
    return [*own, *between]


def _contrast(question: _Question, metric: str, goal: str, level: float) -> Contrast:
    corrected = compare(*question.pair, metric, level)
    judged = metric != REFEREE and both_scored(*question.pair, REFEREE)
    referee = verdict(compare(*question.pair, REFEREE, level), "maximize") if judged else None
    return Contrast(question.rival, *question.names, compare(*question.pair, metric, LEVEL),
                    corrected, verdict(corrected, goal), referee,
                    verdict(question.fresh, goal) if question.fresh else None)  # fmt: skip


def _fresh(arm: Arm, rival: Row) -> Estimate | None:
    """The lead of the winner's settings over a baseline by fresh seeds, as summary.json has it."""
    metric, _ = metric_of(arm.dpo)
    leads = (arm.dpo.summary.get("seeds") or {}).get("differences", {})
    found = leads.get(f"vs_{rival}", {}).get(metric)
    return Estimate.from_dict(found) if found else None


def verdict(difference: Estimate, goal: str) -> Verdict:
    """What the interval allows to be said of the first; nothing, with fewer than ten groups."""
    if difference.level is None or difference.low is None or difference.high is None:
        return "too few dialogues"
    sign = 1 if goal == "maximize" else -1
    low, high = sorted((sign * difference.low, sign * difference.high))
    return "better" if low > 0 else "worse" if high < 0 else "not separable"


def turned(contrast: Contrast) -> Contrast:
    """The same question asked of the second."""
    other: dict[Any, Any] = {"better": "worse", "worse": "better"}
    return Contrast(
        contrast.rival, contrast.second, contrast.first,
        _negated(contrast.difference), _negated(contrast.corrected),
        other.get(contrast.verdict, contrast.verdict),
        other.get(contrast.referee, contrast.referee),
        other.get(contrast.fresh, contrast.fresh),
    )  # fmt: skip


def _negated(estimate: Estimate) -> Estimate:
    low, high = estimate.low, estimate.high
    return replace(
        estimate,
        value=-estimate.value,
        low=None if high is None else -high,
        high=None if low is None else -low,
    )
