"""Rows with replies -> an evaluation per policy, and the first policy's lead over or behind others.

Everything is measured by `empathy.evaluate`. Replies of different policies are paired where group,
language and prompt are the same; where one policy has several replies to a prompt, its first is
paired with the other's first, and so on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from empathy.cache import content_key
from empathy.compare import compare
from empathy.evaluate import Answers, Evaluation, evaluate_many
from empathy.judges import Judges, languages_of
from empathy.metrics import METRICS
from empathy.own_data.rows import CORPUS, PROMPT, OwnRow
from empathy.uncertainty import Estimate
from empathy.verdicts.scored import ScoredJudge, scorer_totals
from empathy.verdicts.verdict import Comparison
from empathy.verdicts.win_report import WinReport, win_report

REPLY, NAMELESS = "reply", "replies"
Policies = dict[str, dict[str, OwnRow]]
"""Rows by policy and prompt id, both in the order of the file."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A policy beside the first one, on the prompts that both answered: per metric with a number
    for each reply the mean of `policy - first`, and the referee's wins of `policy`."""

    policy: str
    first: str
    prompts: int
    differences: Mapping[str, Estimate]
    wins: WinReport

    def as_dict(self) -> dict[str, Any]:
        """Every field by name, ready for JSON."""
        return {**asdict(self), "wins": self.wins.as_dict()}


def by_policy(rows: Iterable[OwnRow]) -> Policies:
    """The rows of each policy by the id of the prompt that they answer."""
    policies: Policies = {}
    times: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        policy = " ".join(row.given.get("policy", NAMELESS).split())
        asked = (row.group, row.language, row.texts[PROMPT])
        prompt_id = content_key(*asked, times[policy, *asked])
        times[policy, *asked] += 1
        policies.setdefault(policy, {})[prompt_id] = row
    return policies


def evaluations(policies: Policies, judges: Judges) -> dict[str, Evaluation]:
    """Each policy's numbers. Those that answered the same prompts are read in one call."""
    order = {prompt_id: None for rows in policies.values() for prompt_id in rows}
    alike: dict[tuple[str, ...], list[str]] = {}
    for policy, rows in policies.items():
        alike.setdefault(tuple(each for each in order if each in rows), []).append(policy)
    found: dict[str, Evaluation] = {}
    for ids, names in alike.items():
        prompts = [policies[names[0]][prompt_id].prompt(prompt_id) for prompt_id in ids]
        answers = [_answers(name, ids, policies[name]) for name in names]
        found |= dict(zip(names, evaluate_many(answers, prompts, "test", judges), strict=True))
    return {policy: found[policy] for policy in policies}


def leads(policies: Policies, found: Mapping[str, Evaluation], judges: Judges) -> list[Lead]:
    """Every policy beside the first, but none that shares no prompt with it."""
    first, *others = policies
    return [
        _lead(policies, found[other], found[first], judges)
        for other in others
        if policies[first].keys() & policies[other].keys()
    ]


def _answers(policy: str, ids: tuple[str, ...], rows: Mapping[str, OwnRow]) -> Answers:
    return Answers(policy, ids, tuple(rows[each].texts[REPLY] for each in ids), finished=None)


def _lead(policies: Policies, own: Evaluation, first: Evaluation, judges: Judges) -> Lead:
    shared = [each for each in own.prompt_ids if each in policies[first.policy]]
    rows = [policies[own.policy][each] for each in shared]
    rivals = [policies[first.policy][each] for each in shared]
    comparisons = [
        Comparison(a.texts[PROMPT], a.texts[REPLY], b.texts[REPLY], CORPUS, a.language)
        for a, b in zip(rows, rivals, strict=True)
    ]
    referee = judges.referee
    judge = ScoredJudge("referee", scorer_totals(referee), languages_of(referee))
    wins = win_report(judge.judge(comparisons), comparisons, [row.group for row in rows])
    measured = [name for name in METRICS if _scored(own, name) & _scored(first, name)]
    differences = {name: compare(own, first, name) for name in measured}
    return Lead(own.policy, first.policy, len(shared), differences, wins)


def _scored(found: Evaluation, name: str) -> set[str]:
    """The prompts whose reply has that number."""
    scores = found.scores.get(name) or (None,) * len(found.prompt_ids)
    told = zip(found.prompt_ids, scores, strict=True)
    return {prompt_id for prompt_id, score in told if score is not None}
