"""Every number the project reports: its direction, its unit, what it means and cannot show.

The catalogue only: importing it loads no torch. Each number is computed in a file of this folder
(training curves in the engine) and gathered by `empathy.evaluate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Goal = Literal["maximize", "minimize"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One number. `goal` is None where neither more nor less is better.

    A `beta_dependent` number changes with DPO's beta although the model's answers do not, so it
    cannot be compared between trials of different beta. A `curve` is measured while training, on
    the batch, and has no interval.
    """

    name: str
    goal: Goal | None
    unit: str
    meaning: str
    beta_dependent: bool = False
    curve: bool = False


_REPLIES = (
    Metric(
        "empathy",
        "maximize",
        "0 to 6",
        "Mean over generated replies of the evaluating EPITOME scorer's expected levels, summed "
        "over the three mechanisms below. It hears the words of empathy, not whether they help: "
        "the scorer hardly looks at the client's words and can be gamed, so read it with relevance "
        "and empathy_second beside it.",
    ),
    Metric(
        "emotional_reactions",
        "maximize",
        "0 to 2",
        "Expected level of warmth, compassion and concern in the reply (EPITOME). Apologies and "
        "claims of shared experience raise it, sincere or not.",
    ),
    Metric(
        "interpretations",
        "maximize",
        "0 to 2",
        "Expected level of understanding of the client's feelings and experience that the reply "
        "states (EPITOME). It does not check that the understanding is right.",
    ),
    Metric(
        "explorations",
        "maximize",
        "0 to 2",
        "Expected level of gentle questions about what the client has not said (EPITOME). Three "
        "questions in a row score well and counsel badly.",
    ),
    Metric(
        "empathy_second",
        "maximize",
        "0 to 6",
        "The same sum by the ranking scorer, trained on the other half of the posts. Where it was "
        "used to choose the training pairs it flatters; where it falls while empathy rises, the "
        "gain belongs to one scorer's taste. They share data and encoder, hence blind spots.",
    ),
    Metric(
        "empathy_referee",
        "maximize",
        "0 to 6",
        "The same sum by the referee, a scorer of another kind that counts words and letters: no "
        "search may follow it and no pair was chosen by it. Where it does not rise with empathy, "
        "the gain belongs to one kind of scorer. All of them learnt from the same ratings.",
    ),
    Metric(
        "win_rate_sft",
        "maximize",
        "share",
        "Share of prompts where the referee puts the reply above the supervised model's, ties "
        "counting half: 0.5 is no difference. It counts wins however small, and inherits all that "
        "the referee cannot see. The supervised model itself has none.",
    ),
    Metric(
        "win_rate_human",
        "maximize",
        "share",
        "The same against what the counsellor really said. Above 0.5 does not mean better than a "
        "human: even untrained models win here, for counsellors spend their words otherwise.",
    ),
    Metric(
        "mi_adherence",
        "maximize",
        "share",
        "Sentences that affirm, support, stress autonomy or advise with permission, over these and "
        "those that advise without it, confront, order or warn: mean over replies that have "
        "either, by a scorer of MITI labels that is often wrong. Praise alone scores full marks.",
    ),
    Metric(
        "reflections_to_questions",
        None,
        "per question",
        "Sentences that reflect over sentences that ask, in all replies together, by the same "
        "scorer; missing where nothing is asked. The MITI 4 manual calls 1 fair and 2 good in a "
        "session, but the scorer misses most reflections, and on real sessions its ratio was no "
        "higher in good ones than in bad ones: no target, only to stand beside the counsellors'.",
    ),
    Metric(
        "relevance",
        "maximize",
        "share",
        "Can the reply be traced to its prompt? Mean share of other clients' words (49 where there "
        "are that many) that are less similar to the reply than its own client's, by sentence "
        "embeddings; 0.5 is chance. Parroting the client scores high.",
    ),
    Metric(
        "words",
        None,
        "words",
        "Mean length of a reply. No target, but a warning: scores that rise with length alone are "
        "no gain.",
    ),
    Metric(
        "distinct_2",
        "maximize",
        "share",
        "Different pairs of neighbouring words over all such pairs, in all replies together: low "
        "means that replies repeat each other. It falls as replies become more or longer, so "
        "compare it only on the same prompts and beside words.",
    ),
    Metric(
        "repetition",
        "minimize",
        "share",
        "Mean share of a reply's three-word runs that the same reply has said before. "
        "People are near 0.",
    ),
    Metric(
        "common_opener",
        "minimize",
        "share",
        "Share of replies that begin with the commonest three words. One good opener for everybody "
        "is a phrase learnt, not somebody heard.",
    ),
    Metric(
        "questions",
        None,
        "per reply",
        "Question marks in a reply, runs of them counted once. A question invites; three in a row "
        "interrogate, and raise explorations.",
    ),
    Metric(
        "apologies",
        None,
        "share",
        "Share of replies with a phrase of apology or condolence, such as sorry. A count of words: "
        "beside the counsellors' rate it shows a phrase that pays.",
    ),
    Metric(
        "shared_experience",
        "minimize",
        "share",
        "Share of replies that claim to have lived through the client's trouble, which no model "
        "has. Found by phrases, so claims in other words are missed.",
    ),
    Metric(
        "unfinished",
        "minimize",
        "share",
        "Share of replies cut off at the longest length allowed. It says nothing of replies that "
        "end too early.",
    ),
    Metric(
        "log_ratio",
        "minimize",
        "nats per reply",
        "Mean of log policy minus log reference over the policy's own replies: an estimate of the "
        "KL divergence, how far the policy moved away. Small is close to the start, not good; "
        "the untrained base has none.",
    ),
    Metric(
        "length_ratio",
        None,
        "times SFT's",
        "Words of a reply over those of the supervised model's reply to the same prompt, as a "
        "geometric mean: 1 is no change. It says that replies grew or shrank, not whether they "
        "should have.",
    ),
    Metric(
        "chosen_logp_change",
        "maximize",
        "nats per reply",
        "Mean over held-out pairs of log policy minus log reference of the chosen reply. Under 0 "
        "the policy has moved away from replies that it was meant to prefer, as happens where a "
        "margin grows because the rejected reply falls faster. Those replies are given ones: it "
        "says nothing of what the policy generates.",
    ),
    Metric(
        "pair_accuracy",
        "maximize",
        "share",
        "Share of held-out pairs whose chosen reply gains more log-probability over the reference "
        "than the rejected one. It judges given replies, and predicted generated empathy hardly at "
        "all in our experiments.",
    ),
)

_CURVES = (
    Metric(
        "loss",
        "minimize",
        "nats",
        "The loss on the training batch. DPO's losses change their scale with beta; SFT's is nats "
        "per token of the human replies.",
        beta_dependent=True,
        curve=True,
    ),
    Metric(
        "rewards/margins",
        "maximize",
        "nats",
        "Implicit reward of the chosen minus the rejected reply, on the batch. Proportional to "
        "beta.",
        beta_dependent=True,
        curve=True,
    ),
    Metric(
        "rewards/accuracies",
        "maximize",
        "share",
        "Share of the batch's pairs with a positive margin. Nears 1 by memorising, too.",
        curve=True,
    ),
    Metric(
        "rewards/chosen",
        "maximize",
        "nats",
        "Beta times log policy minus log reference of the chosen replies. Often falls while the "
        "margin grows: both replies become rarer.",
        beta_dependent=True,
        curve=True,
    ),
    Metric(
        "rewards/rejected",
        "minimize",
        "nats",
        "The same for the rejected replies.",
        beta_dependent=True,
        curve=True,
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*_REPLIES, *_CURVES)}
