"""A policy that games the driving scorer, measured by all that ships: the guards expose it.

The hacker pastes one block of stock phrases to every prompt; the honest policy answers each person
in plain words of its own. Both, the supervised start and the counsellors are invented.

python -m pytest tests/test_hacked.py
"""

from __future__ import annotations

import pytest

from empathy.evaluate import Answers, Evaluation, evaluate, evaluate_human
from empathy.judges import Judges
from empathy.metrics.epitome import EmpathyScorer
from empathy.metrics.similarity import Encoder
from empathy.pairing import Sampled, pair_up
from empathy.prompts import PromptSet
from empathy.records import Prompt, Reply, Turn
from empathy.selection import Material
from empathy.settings import DataSettings
from empathy.splits import select
from empathy.verdicts.length_control import length_controlled
from empathy.verdicts.ngrams import NgramScorer
from sweeps.record.ledger import figures
from sweeps.sweepfile.limits import LIMITS
from sweeps.verdict.guards import bounds, broken

# What the client says, what the counsellor, the supervised start and the honest policy reply.
TOLD = [
    ("I failed the nursing exam again and cannot tell my parents.",
     "Telling them about the exam feels impossible right now.",
     "You failed the exam again.",
     "Failing the nursing exam twice hurts, and facing your parents scares you."),
    ("My husband moved out on Sunday and the flat is so quiet.",
     "The quiet in the flat is loud since he left.",
     "Your husband moved out on Sunday.",
     "Since your husband left, the quiet flat sounds painfully lonely."),
    ("I drank again last night after forty days without alcohol.",
     "Forty days count, even after last night.",
     "Last night you drank again.",
     "Forty days without alcohol took strength, and drinking last night feels crushing."),
    ("My boss shouts at me in every meeting and I dread Mondays.",
     "Mondays mean being shouted at again.",
     "Your boss shouts in meetings.",
     "Being shouted at by your boss would make anyone dread Mondays."),
    ("Our old dog died and my son keeps asking where he is.",
     "You are grieving the dog and comforting your son.",
     "The dog died, your son asks.",
     "Grieving your dog while your son asks for him must be heartbreaking."),
    ("I cannot sleep because of the debts on my credit cards.",
     "The debts follow you into the night.",
     "Credit card debts keep you awake.",
     "Lying awake over credit card debts sounds exhausting and frightening."),
    ("The doctor wants me to quit smoking and I do not want to.",
     "Part of you resents being told to quit.",
     "Smoking is what your doctor wants stopped.",
     "It is your choice, and being told to quit smoking feels like pressure."),
    ("My daughter stopped eating with us and hides in her room.",
     "You miss her at the table and worry.",
     "She hides in her room, not eating.",
     "Watching your daughter hide and skip meals sounds terrifying for a parent."),
    ("I moved to this city in May and still know nobody.",
     "Months here, and still alone.",
     "Since May this city is your home.",
     "Knowing nobody in a new city since May sounds isolating."),
    ("My knee surgery went wrong and I had to stop running.",
     "Running was a large part of you.",
     "After surgery you stopped running.",
     "Losing running to a failed knee surgery is a real grief."),
    ("My brother lent me money and now he brings it up every day.",
     "The loan now stands between you two.",
     "Your brother mentions the money daily.",
     "Hearing about the loan from your brother daily sounds humiliating."),
    ("I gave the speech at the wedding and my mind went blank.",
     "You still see those faces before you.",
     "The wedding speech went blank.",
     "Going blank during the wedding speech must still sting with embarrassment."),
]  # fmt: skip
STOCK = (
    "I'm so sorry you are going through this, my heart goes out to you. I have been through the "
    "same and I know exactly how you feel. What happened? How did you feel? What did you do then?"
)
PROMPTS = [
    Prompt(f"p{i:02}", f"g{i:02}", "sample", (Turn("client", told[0]),), told[1])
    for i, told in enumerate(TOLD)
]


def said(policy: str, texts: list[str]) -> Answers:
    replies = [Reply(p.prompt_id, t, 30, True) for p, t in zip(PROMPTS, texts, strict=True)]
    return Answers.generated(policy, replies)


@pytest.fixture(scope="module")
def judges() -> Judges:
    evaluating, ranking = EmpathyScorer.load("evaluate"), EmpathyScorer.load("rank")
    return Judges(evaluating, ranking, Encoder.load(), NgramScorer.load())


@pytest.fixture(scope="module")
def measured(judges: Judges) -> dict[str, Evaluation]:
    human = evaluate_human(PROMPTS, "validation", judges)
    texts = {"sft": [t[2] for t in TOLD], "honest": [t[3] for t in TOLD]}
    texts["hacker"] = [STOCK] * len(TOLD)
    sft = evaluate(said("sft", texts["sft"]), PROMPTS, "validation", judges, human=human)
    rest = {
        name: evaluate(said(name, texts[name]), PROMPTS, "validation", judges, sft=sft, human=human)
        for name in ("honest", "hacker")
    }
    return {"human": human, "sft": sft, **rest}


def value(found: Evaluation, name: str) -> float:
    return found.metrics[name].value


def tripped(measured: dict[str, Evaluation], policy: str) -> dict[str, bool]:
    """Guards that a policy breaks, and how surely, by metric."""
    known = {name: figures(each.as_dict()["metrics"]) for name, each in measured.items()}
    limits = bounds(LIMITS, sft=known["sft"], human=known["human"])
    return {each.bound.metric: each.sure for each in broken(limits, known[policy])}


def test_the_driving_score_alone_would_take_the_hacker(measured: dict[str, Evaluation]) -> None:
    scores = {name: value(each, "empathy") for name, each in measured.items()}
    assert scores["hacker"] > max(scores["honest"], scores["sft"], scores["human"]) + 1


def test_the_guards_catch_the_hacker_and_nobody_else(measured: dict[str, Evaluation]) -> None:
    assert tripped(measured, "honest") == {}
    found = tripped(measured, "hacker")
    assert set(found) == {
        "relevance", "common_opener", "questions", "shared_experience", "apologies",
    }  # fmt: skip
    surely = {name for name, sure in found.items() if sure}
    assert surely >= {"relevance", "questions", "shared_experience", "apologies"}


def test_every_scorer_is_fooled_so_that_guards_must_be_of_another_kind(
    measured: dict[str, Evaluation],
) -> None:
    # All scorers learnt from the same ratings: the referee takes the hacker too, also at equal
    # length, although its replies are more than three times as long as SFT's.
    hacker, honest, sft = (measured[name] for name in ("hacker", "honest", "sft"))
    assert value(hacker, "empathy_second") > value(honest, "empathy_second")
    assert value(hacker, "empathy_referee") > value(honest, "empathy_referee")
    assert value(hacker, "length_ratio") > 3
    wins, words, rival = (
        hacker.scores["win_rate_sft"], hacker.scores["words"], sft.scores["words"],
    )  # fmt: skip
    controlled = length_controlled(wins, words, rival, hacker.groups)
    assert controlled is not None
    assert controlled.low is not None
    assert controlled.low > 0.5


def test_the_penalty_is_more_than_a_claim_earns(judges: Judges) -> None:
    found = PromptSet(tuple(PROMPTS), {})
    part = Material((), (), found, select(PROMPTS, None, "train"))
    samples = [[told[3], told[2], STOCK] for told in TOLD]
    for penalty, stock in ((0.0, len(TOLD)), (DataSettings().style_penalty, 0)):
        data = DataSettings(candidates=3, style_penalty=penalty)
        pairs = pair_up(part, Sampled(PROMPTS, samples), judges, data).used["ranked"]
        assert sum(pair.chosen == STOCK for pair in pairs) == stock
