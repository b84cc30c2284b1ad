"""Replies and held-out prompts -> an `Evaluation`: a score per reply, a number, an interval.

    sft = evaluate(Answers.generated("sft", replies), prompts, "test", judges, human=human)

Two steps are kept apart: judges read text once per different (client's words, reply), whatever the
number of policies; after that only numbers are left. An `Evaluation` holds no text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

import numpy as np

from empathy.judges import Asked, Judges, Levels, Readings, Vector
from empathy.metrics.adherence import adherent_share, reflections_to_questions
from empathy.metrics.drift import geometric_mean, length_ratios
from empathy.metrics.fluency import distinct_2, lengths
from empathy.metrics.pair_accuracy import prefers_chosen
from empathy.metrics.relevance import other_prompts, share_less_similar
from empathy.metrics.style import (
    APOLOGIES,
    SHARED_EXPERIENCE,
    commonest_opener,
    questions,
    repeated,
    says,
)
from empathy.metrics.win_rate import wins
from empathy.records import Prompt, Reply, Split
from empathy.uncertainty import Estimate, mean_interval, share_interval

SHARES = frozenset(
    {
        *("win_rate_sft", "win_rate_human", "relevance", "unfinished"),
        *("apologies", "shared_experience", "repetition", "mi_adherence"),
    }
)
"""Per-reply numbers between 0 and 1; the others have no such bounds."""
GEOMETRIC = frozenset({"length_ratio"})
"""Per-reply numbers whose mean is geometric: a mean of their differences would say nothing."""
Column = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class PairMargins:
    """The implicit reward's lead of chosen over rejected for each held-out pair, in nats without
    beta, and the pairs' groups; `chosen` are the rewards of the chosen replies alone."""

    margins: Sequence[float]
    groups: Sequence[str]
    chosen: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """One policy's replies, one per prompt and in the prompts' order.

    `log_ratios` are `log pi(y|x) - log ref(y|x)` of these replies in nats; None where the policy
    has no reference. `finished` is None for people, whom no limit of tokens cuts off.
    """

    policy: str
    prompt_ids: tuple[str, ...]
    texts: tuple[str, ...]
    finished: tuple[bool, ...] | None
    log_ratios: Sequence[float] | None = None
    pair_margins: PairMargins | None = None

    @classmethod
    def generated(
        cls,
        policy: str,
        replies: Sequence[Reply],
        *,
        log_ratios: Sequence[float] | None = None,
        pair_margins: PairMargins | None = None,
    ) -> Answers:
        """What a model generated."""
        ids, texts = tuple(r.prompt_id for r in replies), tuple(r.text for r in replies)
        finished = tuple(r.finished for r in replies)
        return cls(policy, ids, texts, finished, log_ratios, pair_margins)

    @classmethod
    def human(cls, prompts: Sequence[Prompt]) -> Answers:
        """What the counsellors really said."""
        ids = tuple(p.prompt_id for p in prompts)
        return cls("human", ids, tuple(p.human_reply for p in prompts), None)


@dataclass(frozen=True)
class Evaluation:
    """One policy's numbers on one split, without any text.

    `scores` has per-prompt numbers in the order of `prompt_ids`, None where a reply could not be
    scored, and `unscored` counts those. What could not be measured at all is missing from
    `metrics`. `relevance_among` is how many prompts a reply was traced among, its own included.
    """

    policy: str
    split: Split
    metrics: dict[str, Estimate]
    scores: dict[str, Column]
    prompt_ids: tuple[str, ...]
    groups: tuple[str, ...]
    unscored: dict[str, int]
    relevance_among: int

    def as_dict(self) -> dict[str, Any]:
        """Every field by name, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Evaluation:
        """The evaluation that `as_dict` wrote, also after a journey through JSON."""
        metrics = {name: Estimate.from_dict(each) for name, each in fields["metrics"].items()}
        scores = {name: tuple(column) for name, column in fields["scores"].items()}
        ids, groups = tuple(fields["prompt_ids"]), tuple(fields["groups"])
        plain = {"metrics": metrics, "scores": scores, "prompt_ids": ids, "groups": groups}
        return cls(**{**fields, **plain})


def evaluate(
    answers: Answers,
    prompts: Sequence[Prompt],
    split: Split,
    judges: Judges,
    *,
    sft: Evaluation | None = None,
    human: Evaluation | None = None,
) -> Evaluation:
    """`evaluate_many` for one policy."""
    return evaluate_many([answers], prompts, split, judges, sft=sft, human=human)[0]


def evaluate_human(prompts: Sequence[Prompt], split: Split, judges: Judges) -> Evaluation:
    """The counsellors' own replies, measured like a policy's: the rivals of `win_rate_human`."""
    return evaluate(Answers.human(prompts), prompts, split, judges)


def evaluate_many(
    answers: Sequence[Answers],
    prompts: Sequence[Prompt],
    split: Split,
    judges: Judges,
    *,
    sft: Evaluation | None = None,
    human: Evaluation | None = None,
) -> list[Evaluation]:
    """Measure several policies on the same prompts, each judge reading all replies in one call.

    Without `sft` or `human` the win rate against it is missing. Raises ValueError if there are no
    prompts, an id occurs twice, replies are not in the prompts' order, or a rival lacks a prompt.
    """
    for each in answers:
        _check_aligned(each, prompts)
    rivals = {
        name: _rival_scores(rival, prompts, "empathy_referee")
        for name, rival in (("win_rate_sft", sft), ("win_rate_human", human))
        if rival is not None
    }
    posts, spoken = zip(*((p.client_text, p.language) for p in prompts), strict=True)
    asked = [list(map(Asked, posts, each.texts, spoken)) for each in answers]
    readings = judges.read(chain.from_iterable(asked))
    others = other_prompts([prompt.prompt_id for prompt in prompts], posts, languages=spoken)
    evaluations = []
    for each, mine in zip(answers, asked, strict=True):
        columns = _empathy(readings, mine)
        columns["relevance"] = _relevance(readings.vectors, mine, others)
        labels = [readings.coding.get(reply) for reply in mine]
        if judges.coder is not None:
            columns["mi_adherence"] = adherent_share(labels)
        columns |= _worded(each, [prompt.language for prompt in prompts])
        columns |= {name: wins(columns["empathy_referee"], rival) for name, rival in rivals.items()}
        if sft is not None:
            columns["length_ratio"] = length_ratios(
                columns["words"], _rival_scores(sft, prompts, "words")
            )
        among = 1 + max(map(len, others))
        evaluations.append(_summary(each, prompts, split, columns, among, labels))
    return evaluations


def _check_aligned(answers: Answers, prompts: Sequence[Prompt]) -> None:
    ids = [prompt.prompt_id for prompt in prompts]
    if not ids or len(set(ids)) != len(ids):
        raise ValueError(f"prompts need ids of their own, but got {len(ids)} with {len(set(ids))}")
    if list(answers.prompt_ids) != ids:
        raise ValueError(
            f"the {len(answers.prompt_ids)} replies of {answers.policy!r} are not in the order of "
            f"the {len(ids)} prompts: give one reply per prompt, in the same order"
        )


def _rival_scores(rival: Evaluation, prompts: Sequence[Prompt], name: str) -> Column:
    known = dict(zip(rival.prompt_ids, rival.scores[name], strict=True))
    missing = [prompt.prompt_id for prompt in prompts if prompt.prompt_id not in known]
    if missing:
        raise ValueError(
            f"{rival.policy!r} has no reply to {len(missing)} of {len(prompts)} prompts, the first "
            f"being {missing[0]!r}: evaluate it on the same prompts"
        )
    return tuple(known[prompt.prompt_id] for prompt in prompts)


def _empathy(readings: Readings, asked: Sequence[Asked]) -> dict[str, Column]:
    """Columns of all scorers: the first one's total and parts, the others' totals."""
    levels = [readings.evaluating.get(each) for each in asked]
    again = [readings.ranking.get(each) for each in asked]
    referee = [readings.refereeing.get(each) for each in asked]
    return {
        "empathy": _column(levels, lambda each: each.total),
        "emotional_reactions": _column(levels, lambda each: each.emotional_reactions),
        "interpretations": _column(levels, lambda each: each.interpretations),
        "explorations": _column(levels, lambda each: each.explorations),
        "empathy_second": _column(again, lambda each: each.total),
        "empathy_referee": _column(referee, lambda each: each.total),
    }


def _column(levels: Sequence[Levels | None], read: Callable[[Levels], float]) -> Column:
    return tuple(None if each is None else float(read(each)) for each in levels)


def _relevance(
    vectors: Mapping[tuple[str, str], Vector],
    asked: Sequence[Asked],
    others: Sequence[Sequence[int]],
) -> Column:
    """Shares of prompts less similar than the reply's own; None for a reply without a vector."""
    blank = np.zeros_like(next(iter(vectors.values()), np.zeros(1, np.float32)))
    posts = np.stack([vectors.get((each.post, each.language), blank) for each in asked])
    replies = np.stack([vectors.get((each.reply, each.language), blank) for each in asked])
    shares = share_less_similar(replies, posts, others)
    return tuple(
        share if (each.reply, each.language) in vectors else None
        for share, each in zip(shares, asked, strict=True)
    )


def _worded(answers: Answers, languages: Sequence[str]) -> dict[str, Column]:
    """Columns that need no judge."""
    texts = answers.texts
    columns: dict[str, Column] = {
        "words": lengths(texts),
        "repetition": repeated(texts),
        "questions": questions(texts),
        "apologies": says(APOLOGIES, texts, languages),
        "shared_experience": says(SHARED_EXPERIENCE, texts, languages),
    }
    if answers.finished is not None:
        columns["unfinished"] = tuple(float(not done) for done in answers.finished)
    if answers.log_ratios is not None:
        columns["log_ratio"] = tuple(answers.log_ratios)
    return columns


def _interval(name: str) -> Callable[[Column, Sequence[str]], Estimate]:
    if name in GEOMETRIC:
        return geometric_mean
    return share_interval if name in SHARES else mean_interval


def _summary(
    answers: Answers,
    prompts: Sequence[Prompt],
    split: Split,
    columns: dict[str, Column],
    among: int,
    labels: Sequence[Sequence[str] | None],
) -> Evaluation:
    """Numbers and intervals over the columns; a column without any score gives no number."""
    groups = tuple(prompt.group for prompt in prompts)
    metrics = {}
    for name, column in columns.items():
        interval = _interval(name)
        if any(score is not None for score in column):
            metrics[name] = interval(column, groups)
    if any(length is not None and length >= 2 for length in columns["words"]):
        metrics["distinct_2"] = distinct_2(answers.texts, groups)
    opener = commonest_opener(answers.texts, groups)
    if opener is not None:
        metrics["common_opener"] = opener
    ratio = reflections_to_questions(labels, groups)
    if ratio is not None:
        metrics["reflections_to_questions"] = ratio
    pairs = answers.pair_margins or PairMargins((), ())
    preferred = prefers_chosen(pairs.margins)
    if any(each is not None for each in preferred):
        metrics["pair_accuracy"] = share_interval(preferred, pairs.groups)
    if pairs.chosen:
        metrics["chosen_logp_change"] = mean_interval(pairs.chosen, pairs.groups)
    unscored = {name: column.count(None) for name, column in columns.items() if None in column}
    ids = tuple(prompt.prompt_id for prompt in prompts)
    return Evaluation(answers.policy, split, metrics, columns, ids, groups, unscored, among)
