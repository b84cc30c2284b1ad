"""python -m pytest tests/test_evaluate.py"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pytest
import torch

from empathy.evaluate import (
    Answers,
    Evaluation,
    PairMargins,
    evaluate,
    evaluate_human,
    evaluate_many,
)
from empathy.judges import Judges
from empathy.metrics import METRICS
from empathy.records import Prompt, Reply, Turn


class Marks(NamedTuple):
    """A stand-in for the scorer's expected levels."""

    emotional_reactions: float
    interpretations: float
    explorations: float

    @property
    def total(self) -> float:
        return sum(self)


class Counting:
    """Marks a reply by its exclamation, full and question marks; none of them: unscorable."""

    def __init__(self, worth: float = 1.0) -> None:
        self.worth = worth
        self.calls: list[int] = []

    def score(self, posts: Sequence[str], replies: Sequence[str]) -> list[Marks | None]:
        self.calls.append(len(posts))
        marks = [Marks(*(self.worth * text.count(c) for c in "!.?")) for text in replies]
        return [each if each.total else None for each in marks]


class Letters:
    """Embeds a text by the letters a to h that it has."""

    def embed(self, texts: Sequence[str]) -> torch.Tensor:
        counts = torch.tensor([[text.count(c) + 0.01 for c in "abcdefgh"] for text in texts])
        return torch.nn.functional.normalize(counts)


class Coding:
    """Calls "!" support, "." advice, "?" a question and "a" a reflection."""

    def code(self, replies: Sequence[str]) -> list[tuple[str, ...] | None]:
        labels = ("Support", "Advise without Permission", "Open Question", "Simple Reflection")
        known = dict(zip("!.?a", labels, strict=True))
        return [tuple(known[c] for c in text if c in known) or None for text in replies]


def judges() -> Judges:
    """The ranking scorer gives half of what the evaluating one does."""
    return Judges(Counting(), Counting(0.5), Letters(), Counting(2), Coding())


def prompts(count: int = 4, per_group: int = 1) -> list[Prompt]:
    """Client texts "a", "b", ... and human replies that repeat them with one full stop."""
    return [
        Prompt(f"p{i}", f"g{i // per_group}", "sample", (Turn("client", c),), f"{c} {c}.")
        for i, c in enumerate("abcdefgh"[:count])
    ]


def answers(
    texts: Sequence[str],
    policy: str = "t1",
    log_ratios: Sequence[float] | None = None,
    pair_margins: PairMargins | None = None,
) -> Answers:
    """Replies to `prompts()`, all but the first of them finished."""
    replies = [Reply(f"p{i}", text, 3, i != 0) for i, text in enumerate(texts)]
    return Answers.generated(policy, replies, log_ratios=log_ratios, pair_margins=pair_margins)


def found(
    texts: Sequence[str], policy: str = "t1", log_ratios: Sequence[float] | None = None
) -> Evaluation:
    return evaluate(answers(texts, policy, log_ratios), prompts(len(texts)), "test", judges())


def values(evaluation: Evaluation) -> dict[str, float]:
    return {name: estimate.value for name, estimate in evaluation.metrics.items()}


def test_every_number_by_hand() -> None:
    human = evaluate_human(prompts(), "test", judges())  # one full stop each: empathy 1
    sft = found(["a!", "b!!", "c.", "d?"], policy="sft")  # empathy 1, 2, 1, 1
    mine = evaluate(
        answers(
            ["a a!!", "b b.", "c c?", "a a?!"],  # empathy 2, 1, 1, 2
            log_ratios=[1.0, 2.0, 3.0, 6.0],
            pair_margins=PairMargins([0.5, -0.5, 0.0], ["x", "y", "z"], [1.0, -4.0, 0.0]),
        ),
        prompts(),
        "test",
        judges(),
        sft=sft,
        human=human,
    )
    assert values(mine) == pytest.approx(
        {
            "empathy": 6 / 4,
            "emotional_reactions": 3 / 4,
            "interpretations": 1 / 4,
            "explorations": 2 / 4,
            "empathy_second": 3 / 4,
            "empathy_referee": 2 * 6 / 4,
            "win_rate_sft": (1 + 0 + 0.5 + 1) / 4,
            "win_rate_human": (1 + 0.5 + 0.5 + 1) / 4,
            # The last reply answers a's words, not d's, which ties with b's and c's: (1/2+1/2)/3.
            "relevance": (1 + 1 + 1 + 1 / 3) / 4,
            "mi_adherence": (1 + 0 + 1) / 3,  # the third only asks
            "reflections_to_questions": (2 + 2) / (1 + 1),
            "words": 2.0,
            "distinct_2": 3 / 4,  # aa bb cc aa
            "questions": 2 / 4,
            "apologies": 0.0,
            "shared_experience": 0.0,
            "common_opener": 2 / 4,  # "a a"; nobody has said three words, so repetition is missing
            "unfinished": 1 / 4,
            "log_ratio": 3.0,
            "pair_accuracy": 1.5 / 3,
            "chosen_logp_change": (1 - 4 + 0) / 3,
            "length_ratio": 2.0,  # two words each, the supervised model one
        },
        abs=1e-6,
    )
    assert mine.relevance_among == 4
    assert mine.unscored == {"repetition": 4, "mi_adherence": 1}


def test_every_number_is_in_the_catalogue() -> None:
    other, given = found(["a!", "b!"]), PairMargins([1.0], ["g"], [-2.0])
    mine = evaluate(
        answers(["a!", "b b b!?"], log_ratios=[0, 0], pair_margins=given),
        prompts(2),
        "test",
        judges(),
        sft=other,
        human=other,
    )
    measured = {name for name, metric in METRICS.items() if not metric.curve}
    assert set(mine.metrics) == measured


def test_what_was_not_measured_is_missing() -> None:
    base = found(["a!", "b!"])
    gone = {"win_rate_sft", "win_rate_human", "log_ratio", "pair_accuracy", "distinct_2"}
    gone |= {"length_ratio", "chosen_logp_change"}
    assert not gone & set(base.metrics)
    human = evaluate_human(prompts(), "test", judges())
    assert "unfinished" not in human.metrics


def test_identical_replies_win_half_exactly() -> None:
    texts = ["a!", "b?.", "c.", "d!!"]
    sft = found(texts, policy="sft")
    again = evaluate(answers(texts), prompts(), "test", judges(), sft=sft)
    assert values(again)["win_rate_sft"] == 0.5


def test_an_unscorable_reply_is_counted_and_never_zero() -> None:
    mine = found(["a!", "no marks", " ", "d!!!"])
    assert mine.scores["empathy"] == (1.0, None, None, 3.0)
    empathy = mine.metrics["empathy"]
    assert (empathy.value, empathy.n, empathy.unscored) == (2.0, 2, 2)
    assert mine.unscored["empathy"] == 2
    assert mine.unscored["relevance"] == 1  # the blank one
    assert mine.scores["words"] == (1.0, 2.0, 0.0, 1.0)


def test_nothing_scorable_leaves_the_number_out() -> None:
    silent = found(["", ""])
    assert set(silent.metrics) == {"words", "unfinished"}
    assert silent.unscored["empathy"] == 2


def test_another_language_has_no_score_from_english_judges() -> None:
    english = judges()
    for judge in (english.evaluating, english.encoder):
        judge.languages = frozenset({"en"})  # type: ignore[union-attr]  # stubs take any
    mixed = [replace(p, language="pt") if i % 2 else p for i, p in enumerate(prompts())]
    mine = evaluate(answers(["a!", "b!", "a.", "d!"]), mixed, "test", english)
    assert mine.scores["empathy"] == (1.0, None, 1.0, None)
    assert mine.scores["empathy_second"] == (0.5, 0.5, 0.5, 0.5)  # this one reads everything
    # Among the two English prompts only: the first reply is about a, the third is too, not c.
    assert mine.scores["relevance"] == (1.0, None, 0.0, None)
    assert (mine.unscored["empathy"], mine.unscored["relevance"]) == (2, 2)
    assert mine.relevance_among == 2
    foreign = [replace(prompt, language="pt") for prompt in prompts()]
    none = evaluate(answers(["a!", "b!", "a.", "d!"]), foreign, "test", english)
    unread = {"empathy", "relevance", "win_rate_sft", "win_rate_human", "explorations"}
    assert not unread & set(none.metrics)
    assert {"empathy_second", "words", "unfinished", "apologies"} <= set(none.metrics)
    assert none.unscored["relevance"] == 4


def test_without_a_coder_nothing_is_said_of_motivational_interviewing() -> None:
    panel = replace(judges(), coder=None)
    mine = evaluate(answers(["a!", "b?"]), prompts(2), "test", panel)
    assert not {"mi_adherence", "reflections_to_questions"} & {*mine.metrics, *mine.unscored}


def test_one_prompt_cannot_be_traced() -> None:
    alone = found(["a!"])
    assert "relevance" not in alone.metrics
    assert alone.relevance_among == 1


def test_intervals_cluster_by_the_prompts_group() -> None:
    texts = ["a!", "b!!", "c!!", "d!!!"]
    mine = evaluate(answers(texts), prompts(4, per_group=2), "test", judges())
    empathy = mine.metrics["empathy"]
    # Groups (1, 2) and (2, 3): each without the other is 5/2 and 3/2.
    assert (empathy.groups, empathy.low, empathy.high) == (2, 1.5, 2.5)


def test_many_policies_are_judged_in_one_call_each() -> None:
    texts = [["a!", "b!"], ["a!", "b?"], ["a!", "b b!"]]
    evaluating = Counting()
    panel = Judges(evaluating, Counting(), Letters(), Counting())
    everyone = [answers(each, policy=f"t{i}") for i, each in enumerate(texts)]
    together = evaluate_many(everyone, prompts(2), "validation", panel)
    assert evaluating.calls == [4]  # six replies, two of them said before
    alone = [evaluate(each, prompts(2), "validation", panel) for each in everyone]
    assert together == alone


def test_replies_must_be_in_the_prompts_order() -> None:
    with pytest.raises(ValueError, match="replies of 't1' are not in the order of the 2 prompts"):
        evaluate(answers(["a!", "b!"]), prompts(2)[::-1], "test", judges())
    with pytest.raises(ValueError, match="the 1 replies of 't1'"):
        evaluate(answers(["a!"]), prompts(2), "test", judges())


def test_a_rival_must_have_answered_the_same_prompts() -> None:
    sft = found(["a!", "b!"], policy="sft")
    with pytest.raises(ValueError, match=r"'sft' has no reply to 2 of 4 prompts, .* 'p2'"):
        evaluate(answers(["a!", "b!", "c!", "d!"]), prompts(), "test", judges(), sft=sft)


def test_prompts_need_ids_of_their_own() -> None:
    twice = [prompts(1)[0]] * 2
    with pytest.raises(ValueError, match="ids of their own, but got 2 with 1"):
        evaluate(answers(["a!", "a!"]), twice, "test", judges())
    with pytest.raises(ValueError, match="ids of their own, but got 0"):
        evaluate(answers([]), [], "test", judges())


def test_numbers_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="aligned"):
        found(["a!", "b!"], log_ratios=[1.0])


def test_an_evaluation_survives_json_and_holds_no_text() -> None:
    secret = "bitterness!"
    mine = found([secret, "b b."], log_ratios=[1.0, 2.0])
    written = json.dumps(mine.as_dict())
    assert Evaluation.from_dict(json.loads(written)) == mine
    assert "bitterness" not in written
