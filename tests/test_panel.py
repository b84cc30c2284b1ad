"""Who compares the replies, with judges that count words and an llm judge that is down.

python -m pytest tests/test_panel.py
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from chat_server import Act, serving

from empathy.judges import Judges
from empathy.records import Prompt, Turn
from empathy.settings import JudgeSettings, LlmSettings, RewardModelSettings
from empathy.verdicts.ngrams import NgramLevels
from empathy.verdicts.panel import Match, matches, panel, verdicts

PROMPTS = [
    Prompt(f"p{i}", f"g{i}", "sample", (Turn("client", f"Day {i} was bad."),), "one two three four")
    for i in range(12)
]
# SFT says two words; the trial three in nine replies of twelve and one in the others.
SAID = {
    "human": [prompt.human_reply for prompt in PROMPTS],
    "base": ["one two"] * 12,
    "sft": ["one two"] * 12,
    "t000": ["one two three"] * 9 + ["one"] * 3,
}


class ByWords:
    """A score of `sign` times the number of words."""

    def __init__(self, sign: int) -> None:
        self.sign = sign

    def score(self, posts: Sequence[str], replies: Sequence[str]) -> list[NgramLevels]:
        return [NgramLevels(float(self.sign * len(reply.split())), 0.0, 0.0) for reply in replies]


class Failing:
    """A judge whose complaint quotes what somebody said."""

    def score(self, posts: Sequence[str], replies: Sequence[str]) -> list[NgramLevels]:
        raise RuntimeError(f"cannot read {posts[0]}")


def scorers(ranking: Any = None) -> Judges:
    encoder: Any = None
    return Judges(ByWords(1), ranking or ByWords(-1), encoder, ByWords(1))


def judged(settings: JudgeSettings, ranking: Any = None) -> dict[str, Any]:
    """What the panel says, after a journey through JSON."""
    quiet: Callable[..., None] = lambda *_: None  # noqa: E731  # shorter than a def
    found = verdicts(panel(settings, scorers(ranking), "cpu"), PROMPTS, SAID, quiet)
    return dict(json.loads(json.dumps(found)))


def test_everybody_meets_sft_and_people_but_not_itself() -> None:
    assert matches(["human", "base", "sft", "t000"]) == [
        Match("base", "sft"), Match("base", "human"), Match("sft", "human"),
        Match("t000", "sft"), Match("t000", "human"),
    ]  # fmt: skip


def test_win_rates_by_hand() -> None:
    wins = judged(JudgeSettings(scorers=("referee", "rank")))["judges"]
    longer, shorter = wins["referee"]["wins"], wins["rank"]["wins"]
    assert (longer["t000"]["sft"]["rate"]["value"], shorter["t000"]["sft"]["rate"]["value"]) == (
        0.75, 0.25,
    )  # fmt: skip
    assert longer["t000"]["human"]["rate"]["value"] == 0.0
    assert longer["sft"]["human"]["rate"]["n"] == 12
    assert longer["base"]["sft"]["rate"]["value"] == 0.5
    assert longer["base"]["sft"]["counts"] == {"identical": 12}
    assert longer["t000"]["sft"]["counts"] == {}
    assert longer["t000"]["sft"]["flips"] is None  # nobody showed it both orders
    # Each wins where it is longer, so that at equal length nothing is left of the lead.
    assert longer["t000"]["sft"]["at_equal_length"]["value"] == pytest.approx(0.5, abs=0.35)


def test_judges_agree_as_often_as_they_do_where_replies_differ() -> None:
    (same,) = judged(JudgeSettings(scorers=("referee", "evaluate")))["agreement"]
    assert same["judges"] == ["referee", "evaluate"]
    # Base and SFT say the same, which nobody has to judge: the trial's twelve are left.
    assert (same["raw"]["value"], same["raw"]["n"]) == (1.0, 12)
    assert same["kappa"]["value"] == 1.0
    (other,) = judged(JudgeSettings(scorers=("referee", "rank")))["agreement"]
    # They never agree: p_o = 0, p_e = 3/4 * 1/4 + 1/4 * 3/4 = 3/8, kappa = -(3/8) / (5/8).
    assert other["raw"]["value"] == 0.0
    assert other["kappa"]["value"] == pytest.approx(-0.6)


def test_a_judge_that_fails_has_a_reason_without_words_and_the_others_go_on() -> None:
    found = judged(JudgeSettings(scorers=("referee", "rank")), ranking=Failing())
    assert found["judges"]["rank"] == {
        "judge": None, "missing": "the judge failed (RuntimeError)", "counts": {}, "wins": {},
    }  # fmt: skip
    assert found["judges"]["referee"]["missing"] is None
    assert found["judges"]["referee"]["judge"] == "referee"
    assert found["agreement"] == []


def test_a_reward_model_that_is_not_there_is_missing() -> None:
    settings = RewardModelSettings(model="/nowhere/reward")
    found = judged(JudgeSettings(scorers=(), reward_model=settings))["judges"]["reward_model"]
    assert found["missing"].startswith("there is no folder /nowhere/reward")
    assert found["wins"] == {}


def test_an_llm_judge_hears_all_matches_within_one_budget() -> None:
    with serving(Act("A")) as server:
        llm = LlmSettings(url=server.url, model="first")
        found = judged(JudgeSettings(scorers=(), llm=llm))["judges"]["llm"]
        asked = [body["messages"][0]["content"] for body in server.bodies]
    assert found["wins"]["t000"]["sft"]["rate"]["value"] == 0.5  # the first, whoever it is
    assert found["wins"]["t000"]["sft"]["flips"]["value"] == 1.0
    assert found["wins"]["t000"]["sft"]["first"]["value"] == 1.0
    assert found["wins"]["base"]["sft"]["flips"] is None  # the same words: not asked
    assert found["counts"]["identical"] == 12
    # t000 meets SFT and people, base and SFT people with the same words: 36 different, two orders.
    assert len(set(asked)) == 72


@pytest.mark.parametrize(
    ("act", "changes", "reason"),
    [
        (Act(status=503), {}, "left 10 questions in a row unanswered (.*status 503: 1"),
        (Act(seconds=1.0), {"timeout_seconds": 0.1}, "unanswered (.*time-outs: 1"),
        (Act(status=429), {}, "unanswered (.*status 429: 1"),
        (Act(status=401), {}, "status 401; check the key"),
        (Act("Both are lovely."), {}, "none of 48 comparisons was judged (.*nonsense: "),
        (Act("A"), {"token_budget": 10}, "none of 48 comparisons was judged (.*over budget: "),
    ],
)
def test_a_judge_that_says_nothing_has_no_number_but_a_reason(
    act: Act, changes: dict[str, Any], reason: str
) -> None:
    with serving(act) as server:
        llm = LlmSettings(url=server.url, model="m", attempts=1, **changes)
        found = judged(JudgeSettings(scorers=("referee",), llm=llm))
    told = found["judges"]["llm"]
    assert told["missing"] is not None
    head, tail = reason.split("(.*") if "(.*" in reason else (reason, "")
    assert head in told["missing"]
    assert tail in told["missing"]
    assert "bad" not in told["missing"]
    assert told["wins"] == {}
    assert found["agreement"] == []
    assert found["judges"]["referee"]["wins"]["t000"]["sft"]["rate"]["value"] == 0.75
