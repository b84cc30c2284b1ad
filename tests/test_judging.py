"""Who may judge a sweep, what the plan says of it, and what stands in its way.

python -m pytest tests/test_judging.py
"""

from __future__ import annotations

from pathlib import Path

import pytest

from empathy.checkpoints import hub
from empathy.errors import UserError
from empathy.records import Prompt, Turn
from sweeps.planning import obstacles
from sweeps.planning.handover import study_settings
from sweeps.planning.plan import plan
from sweeps.planning.plan_text import as_text
from sweeps.sweepfile import judging, spec

LLM = "judges.llm={url: 'http://localhost:8000', model: qwen}"


@pytest.mark.parametrize(
    ("metric", "judges"),
    [
        ("empathy", ("referee", "rank")),
        ("explorations", ("referee", "rank")),
        ("empathy_second", ("referee", "evaluate")),
        ("relevance", ("referee", "rank", "evaluate")),
    ],
)
def test_by_default_all_scorers_judge_that_do_not_steer(
    metric: str, judges: tuple[str, ...]
) -> None:
    sweep = spec.load("demo", [f"metric.name={metric}"])
    assert sweep.judges.scorers is None
    assert study_settings(sweep, 1).judges.scorers == judges


@pytest.mark.parametrize(
    ("overrides", "judges"),
    [
        (
            (
                "metric=[{name: relevance, goal: maximize}, {name: empathy, goal: maximize}]",
                "early_terminate=null",
            ),
            ("referee", "rank"),
        ),
        (
            ("guards.enforce=true", "guards.limits={empathy_second: {min_minus_sft: 0}}"),
            ("referee",),
        ),
    ],
)
def test_a_second_metric_and_an_enforced_guard_steer_too(
    overrides: tuple[str, ...], judges: tuple[str, ...]
) -> None:
    assert study_settings(spec.load("demo", overrides), 1).judges.scorers == judges


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("judges.scorers=[referee, evaluate]", "names 'evaluate', which steers the search by the"),
        ("judges.scorers=[rank, rank]", "names 'rank' twice"),
        ("judges.scorers=[me]", "it must be 'referee', 'rank' or 'evaluate'"),
        ("judges.llms={}", "did you mean 'llm'"),
        ("judges.llm={url: 'http://h'}", "judges.llm.model is missing"),
        ("judges.llm={url: 'http://h', model: m, attempts: 0}", "must be greater than 0"),
        ("judges.llm={url: 'http://h', model: m, token_budget: -1}", "must be 0 or more"),
        ("judges.llm={url: 'http://h', model: m, prices: {sent: 1}}", "received is missing"),
        ("judges.llm={url: 'http://h', model: m, tokens_field: t}", "'max_completion_tokens'"),
        ("judges.reward_model={label: good}", "judges.reward_model.model is missing"),
    ],
)
def test_what_cannot_judge_is_refused_in_a_sentence(override: str, complaint: str) -> None:
    with pytest.raises(UserError) as error:
        spec.load("demo", [override])
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_the_scorer_that_ranks_pairs_may_not_judge_a_search_for_its_own_score() -> None:
    with pytest.raises(UserError, match=r"names 'rank', .*by the metric 'empathy_second'.*take of"):
        spec.load("demo", ["metric.name=empathy_second", "judges.scorers=[rank]"])
    spec.load("demo", ["metric.name=empathy_second", "judges.scorers=[evaluate]"])


def test_comparisons_and_their_length_by_hand() -> None:
    # Two test prompts: 10 and 20 characters, answered by people in 30 and 50. Models say up to 8
    # tokens of 4 characters: 32. One finalist: base and it meet SFT, these two and SFT people.
    sweep = spec.load("demo", ["evaluation.max_new_tokens=8"])
    test = [
        Prompt("a", "a", "sample", (Turn("client", "x" * 10),), "y" * 30),
        Prompt("b", "b", "sample", (Turn("client", "x" * 20),), "y" * 50),
    ]
    against_sft = 2 * ((10 + 64) + (20 + 64))
    against_people = 3 * ((10 + 32 + 30) + (20 + 32 + 50))
    count, characters = judging.comparisons(sweep, test, 1)
    assert count == 10
    assert characters == pytest.approx((against_sft + against_people) / 10)


def test_the_plan_has_a_line_per_judge_and_the_llm_says_what_it_costs() -> None:
    settings = ["judges.reward_model={model: org/reward}", LLM, "finalists.top=3"]
    found = plan(spec.load("demo", settings))
    assert [line.partition(":")[0] for line in found.judges] == [
        "referee", "rank", "reward_model", "llm",
    ]  # fmt: skip
    # Three finalists and 28 test prompts: (2 * 3 + 3) * 28 comparisons, each in two orders.
    assert "llm: qwen at http://localhost:8000: 504 requests, about" in found.judges[-1]
    assert "no prices given" in found.judges[-1]
    assert "never more than 3,000,000 tokens (token_budget)" in found.judges[-1]
    assert "too little" not in found.judges[-1]
    assert "judge       referee: " in as_text(found)
    assert found.missing == []


def test_prices_become_money_and_a_small_budget_is_told() -> None:
    prices = "judges.llm.prices={sent: 10, received: 100}"
    line = plan(spec.load("demo", [LLM, prices, "judges.llm.token_budget=1000"])).judges[-1]
    # 504 answers of up to 16 tokens cost 504 * 16 * 100 / 1e6 = 0.81 and the questions more.
    cost = float(line.partition("received: about ")[2].partition(" at your prices")[0])
    assert 0.81 < cost < 3.0
    assert "some comparisons will stay unjudged" in line
    free = plan(spec.load("demo", [LLM, "judges.llm.token_budget=null"]))
    assert "no token_budget" in free.judges[-1]


def test_without_dialogues_the_cost_is_open(tmp_path: Path) -> None:
    found = plan(spec.load("demo", [LLM, "data={corpora: [mi]}", f"data.folder={tmp_path}"]))
    assert "open until the dialogues can be read" in found.judges[-1]


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("judges.reward_model={model: /nowhere/reward}", "there is no folder /nowhere/reward"),
        ("judges.llm={url: localhost, model: m}", "the judge's url is 'localhost'; give an addres"),
        (
            "judges.llm={url: 'https://h', model: m, key_variable: NO_SUCH_KEY}",
            "the environment variable NO_SUCH_KEY is not set",
        ),
    ],
)
def test_what_is_missing_is_planned_and_stops_a_start(override: str, sentence: str) -> None:
    sweep = spec.load("demo", [override])
    assert any(sentence in each for each in plan(sweep).missing)
    with pytest.raises(UserError, match=sentence):
        obstacles.stop(sweep)


def test_the_hub_is_asked_for_a_reward_model_at_a_start_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sweep = spec.load("demo", ["judges.reward_model={model: org/reward@v2}"])
    asked: list[str] = []

    def unavailable(name: str) -> str:
        asked.append(name)
        return "the hub has no such model"

    monkeypatch.setattr(hub, "unavailable", unavailable)
    assert (judging.missing(sweep), asked) == ([], [])
    (sentence,) = judging.unavailable(sweep)
    assert sentence.startswith("reward model org/reward cannot be had: the hub has no such model;")
    assert asked == ["org/reward"]
