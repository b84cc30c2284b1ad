"""Measurement against known answers: nothing is found in nothing, and ten points are found.

python -m pytest tests/test_known_answers.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chat_server import Act, serving
from simulated_sweep import MEAN, evaluated, prompts, summary
from test_evaluate import Counting, answers, found, judges
from test_evaluate import prompts as asked
from tiny_reward import saved

from empathy.evaluate import evaluate_human, evaluate_many
from empathy.metrics.win_rate import wins
from empathy.seeds import selection_corrected, tied_over_seeds
from empathy.settings import LlmSettings
from empathy.uncertainty import Estimate, share_interval
from empathy.verdicts.llm import LlmJudge
from empathy.verdicts.ngrams import NgramScorer
from empathy.verdicts.reward_model import RewardModel
from empathy.verdicts.scored import ScoredJudge, scorer_totals
from empathy.verdicts.verdict import Comparison, WinJudge
from empathy.verdicts.win_report import win_report
from empathy.weights import Base
from sweeps.sweepfile import spec

SWEEPS = 200
TRIALS = [f"t{number:03d}" for number in range(16)]
GROUPS = [f"g{number:02d}" for number in range(12)]


def ends(found: Estimate) -> tuple[float, float]:
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


# -- nothing is found in nothing: replies of the same words


def test_the_same_replies_win_exactly_half() -> None:
    texts = ["a!", "b?", "c.", "d!?", "e.", "f!", "g.", "h?"]
    sft = found(texts, policy="sft")
    human = evaluate_human(asked(8), "test", judges())
    spoken = [prompt.human_reply for prompt in asked(8)]
    same, repeated = evaluate_many(
        [answers(texts), answers(spoken)], asked(8), "test", judges(), sft=sft, human=human
    )
    assert same.metrics["win_rate_sft"].value == 0.5
    assert repeated.metrics["win_rate_human"].value == 0.5
    assert ends(same.metrics["win_rate_sft"]) == (0.5, 0.5)


JUDGES = ["scorer", "ngrams", "reward model", "llm"]


@pytest.fixture(params=JUDGES)
def judge(
    request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_base: Base
) -> WinJudge:
    """Each judge that there is; the language model always takes the reply shown first."""
    monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path / "cache"))
    if request.param == "scorer":
        return ScoredJudge("scorer", scorer_totals(Counting()))
    if request.param == "ngrams":
        return ScoredJudge("ngrams", scorer_totals(NgramScorer.load()))
    if request.param == "reward model":
        return RewardModel.load(str(saved(tmp_path / "reward", tiny_base.tokenizer)))
    server = request.getfixturevalue("first_wins")
    return LlmJudge(LlmSettings(url=server.url, model="judge"))


@pytest.fixture
def first_wins() -> Any:
    with serving(Act("A")) as server:
        yield server


def test_every_judge_gives_the_same_replies_exactly_half(judge: WinJudge) -> None:
    same = [Comparison(f"Day {i}.", f"Hm {i}!", f"Hm {i}!", "sample") for i in range(12)]
    report = win_report(judge.judge(same), same, GROUPS)
    assert report.rate is not None
    assert (report.rate.value, *ends(report.rate)) == (0.5, 0.5, 0.5)
    assert report.rate.n == 12


def test_every_judge_gives_two_policies_one_win_between_them(judge: WinJudge) -> None:
    there = [Comparison(f"Day {i}.", f"Hard{'!' * i}.", f"Why, {i}?", "sample") for i in range(12)]
    back = [each._replace(a=each.b, b=each.a) for each in there]
    found, turned = judge.judge(there).wins, judge.judge(back).wins
    assert None not in (*found, *turned)
    assert [(a or 0) + (b or 0) for a, b in zip(found, turned, strict=True)] == [1.0] * 12


# -- ten points are found, as often as can be said beforehand


@pytest.mark.parametrize(("groups", "power"), [(28, 0.34), (96, 0.86)])
def test_ten_points_of_win_rate(groups: int, power: float) -> None:
    """Wins of 60 % instead of 50 %, found where the interval lies above one half.

    By hand: n replies of a group add the variance 0.24 (0.8 n + 0.2 n^2) to the number of wins. For
    n of 1 to 8 (4.5 on average, its square 25.5) that is 0.24 * 8.7 = 2.088 a group, so that of the
    rate is 2.088 / 4.5^2 / groups. Over 96 groups the standard error is 0.0328: 0.1 is 3.05 of them
    and t is 1.99, found in 86 %. Over 28 it is 0.0607: 1.65 of them and t is 2.07, found in 34 %.
    """
    rng, hits = np.random.default_rng(11), 0
    for _ in range(SWEEPS):
        group = np.repeat(np.arange(groups), rng.integers(1, 9, groups))
        own = rng.beta(2.4, 1.6, groups)[group]
        won = rng.random(len(group)) < own
        column = wins(won.astype(float).tolist(), [0.5] * len(won))
        rate = share_interval(column, [str(number) for number in group])
        hits += ends(rate)[0] > 0.5
    assert hits / SWEEPS == pytest.approx(power, abs=3 * (power * (1 - power) / SWEEPS) ** 0.5)


class Tally:
    """What sweeps of sixteen trials have claimed. Base, SFT and most trials are equal."""

    def __init__(self, sweeps: int, planted: float) -> None:
        rng = np.random.default_rng(12)
        trials = dict.fromkeys(TRIALS, MEAN) | {TRIALS[7]: MEAN + planted}
        told = [summary(spec.load("demo", []), rng, trials) for _ in range(sweeps)]
        gaps = [ends(Estimate(**each["differences"]["vs_sft"]["empathy"])) for each in told]
        self.better = sum(low > 0 for low, _ in gaps)
        self.worse = sum(high < 0 for _, high in gaps)
        self.all_tied = sum(len(each["tied"]) == len(TRIALS) for each in told)
        self.best_tied = sum(TRIALS[7] in each["tied"] for each in told)
        self.best_won = sum(each["best"]["trial"] == TRIALS[7] for each in told)


def test_nothing_is_found_where_all_trials_are_equal() -> None:
    """95 % intervals of binomial(200, p): 1 to 10 at 2.5 %, at most 16 at 5 %. The winner stands on
    test prompts that did not choose it, so it beats SFT by chance in 2.5 % and loses in 2.5 %."""
    null = Tally(SWEEPS, 0.0)
    assert 1 <= null.better <= 10
    assert 1 <= null.worse <= 10
    assert SWEEPS - null.all_tied <= 16


def test_a_tenth_of_the_scale_is_found() -> None:
    """One trial of sixteen is better by 0.6 of 6. By hand: the difference of two policies has a
    variance of 0.245 between groups and 0.98 between prompts, about three a group, so a standard
    error of about sqrt((0.245 + 0.98 / 3) / 28) = 0.143: 0.6 is 4.2 of them, found in 98 %."""
    real = Tally(100, 0.6)
    assert real.best_won >= 90
    assert real.better >= 90
    assert real.worse == 0
    assert real.best_tied >= 95


def test_the_luckiest_of_equal_settings_is_corrected() -> None:
    """Sixteen settings that are equal, whose runs differ by a seed's luck of 0.2: the best on
    validation prompts is trained with two more seeds, and so are the next two."""
    rng, truth = np.random.default_rng(13), MEAN
    flattered = covered = left_out = 0
    optimism = []
    for _ in range(SWEEPS):
        on = {split: prompts(rng, split) for split in ("validation", "test")}
        luck = rng.normal(0, 0.2, len(TRIALS))
        first = {
            name: evaluated(rng, on["validation"], name, truth + by)
            for name, by in zip(TRIALS, luck, strict=True)
        }
        chosen = sorted(first, key=lambda name: -first[name].metrics["empathy"].value)[:3]
        runs = {}
        for name in chosen:
            means = [truth + luck[TRIALS.index(name)], *rng.normal(truth, 0.2, 2)]
            again = [evaluated(rng, on["validation"], name, mean) for mean in means[1:]]
            test = [evaluated(rng, on["test"], name, mean) for mean in means]
            runs[name] = ([first[name], *again], test)
        found = selection_corrected(*runs[chosen[0]], "empathy")
        low, high = ends(found.fresh)
        covered += low <= truth <= high
        flattered += found.selected.value > truth
        optimism.append(found.optimism.value)
        others = {name: runs[name][1] for name in chosen[1:]}
        left_out += len(tied_over_seeds(runs[chosen[0]][1], others, "empathy")) < 2
    assert flattered > 0.9 * SWEEPS
    assert covered >= 0.93 * SWEEPS
    assert np.mean(optimism) > 0.3
    assert left_out <= 16  # of 200 at 5 %, as above
