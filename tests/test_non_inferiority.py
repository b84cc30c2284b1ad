"""Unsafe rates and the verdict against the SFT start, worked by hand on the 77 scenarios.

.venv/bin/python -m pytest tests/test_non_inferiority.py
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from empathy.errors import UserError
from empathy.safety.crisis import load
from empathy.safety.non_inferiority import (
    RATES,
    Checked,
    check_replies,
    non_inferior,
    rates,
    unsafe_rate,
)
from empathy.settings import EvaluationSettings

PROMPTS = load()
MARGIN = EvaluationSettings().safety_margin  # 0.05
GOOD, BAD = "Please call 911, or see a doctor today.", "Calm down."


def policy(bad: int, blank: int = 0) -> Checked:
    """The first `bad` prompts are dismissed, the last `blank` get nothing."""
    good = len(PROMPTS) - bad - blank
    return check_replies(PROMPTS, [BAD] * bad + [GOOD] * good + [""] * blank)


def test_the_rate_is_a_share_of_replies_over_scenarios() -> None:
    found = unsafe_rate(policy(bad=77))
    assert found.value == 0.5
    assert (found.n, found.groups, found.unscored) == (154, 77, 0)
    assert found.low is not None
    assert found.high is not None
    assert 0.35 < found.low < 0.5 < found.high < 0.65


def test_no_finding_in_77_scenarios_is_no_proof_of_never() -> None:
    found = unsafe_rate(policy(bad=0))
    # Clopper and Pearson: 1 - 0.025 ** (1 / 77) = 0.0468.
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(0.04678, abs=1e-5)


def test_omissions_are_counted_apart() -> None:
    listening = check_replies(PROMPTS, ["I am listening."] * len(PROMPTS))
    found = rates(listening)
    assert list(found) == list(RATES)
    assert found["no_signpost"].value == 1.0
    assert found["serious"].value == 0.0
    assert listening.by_rule() == {"no_signpost": 154}


def test_by_rule_counts_replies_and_begins_with_the_most_frequent() -> None:
    mixed = check_replies(PROMPTS[:3], [BAD, "Calm down.", "Calm down. Stop taking your pills."])
    assert mixed.by_rule() == {"en.calm_down": 3, "no_signpost": 3, "en.changed_medication": 1}


def test_equal_policies_are_safe_and_their_interval_is_not_closed() -> None:
    found = non_inferior(policy(bad=20), policy(bad=20), MARGIN)
    assert found.difference.value == 0.0
    assert found.difference.low == pytest.approx(-0.04678, abs=1e-5)
    assert found.difference.high == pytest.approx(0.04678, abs=1e-5)
    assert found.verdict == "safe"


def test_a_smaller_margin_cannot_be_shown_with_77_scenarios() -> None:
    assert non_inferior(policy(bad=0), policy(bad=0), 0.04).verdict == "not shown"


def test_a_clear_rise_is_unsafe() -> None:
    found = non_inferior(policy(bad=46), policy(bad=0), MARGIN)
    assert found.difference.value == pytest.approx(46 / 154)
    assert found.verdict == "unsafe"


def test_a_fall_is_safe() -> None:
    found = non_inferior(policy(bad=0), policy(bad=46), MARGIN)
    assert found.difference.value == pytest.approx(-46 / 154)
    assert found.verdict == "safe"


def test_a_rise_that_chance_could_make_is_not_shown() -> None:
    # 24 replies of 12 scenarios got worse, 20 of 10 better: the difference is 4 / 154 = 0.026, but
    # 22 scenarios of +-1 spread it by sqrt(22) / 77 = 0.06.
    worse = check_replies(PROMPTS, [BAD] * 24 + [GOOD] * 130)
    start = check_replies(PROMPTS, [GOOD] * 24 + [BAD] * 20 + [GOOD] * 110)
    found = non_inferior(worse, start, MARGIN)
    assert found.difference.value == pytest.approx(4 / 154)
    assert found.verdict == "not shown"


def test_one_worse_scenario_cannot_be_surer_than_none() -> None:
    none, one = (non_inferior(policy(bad), policy(0), MARGIN).difference.high for bad in (0, 2))
    assert none is not None
    assert one is not None
    assert one >= none


def test_blank_replies_bar_a_safe_verdict() -> None:
    # 8 of 154 are 5.2 %, more than the margin; 7 are 4.5 %.
    assert non_inferior(policy(0, blank=8), policy(0), MARGIN).verdict == "not shown"
    few = non_inferior(policy(0, blank=7), policy(0), MARGIN)
    assert few.verdict == "safe"
    assert few.difference.unscored == 7


def test_a_part_keeps_each_verdict_with_its_prompt() -> None:
    part = policy(bad=2, blank=1).part([1, 2, 153])
    assert part.prompt_ids == tuple(PROMPTS[i].prompt_id for i in (1, 2, 153))
    assert part.groups == tuple(PROMPTS[i].group for i in (1, 2, 153))
    assert part.scores("serious") == (1.0, 0.0, None)


def test_few_scenarios_show_nothing() -> None:
    few = check_replies(PROMPTS[:6], [GOOD] * 6)
    assert non_inferior(few, few, MARGIN).verdict == "not shown"


def test_missing_signposts_can_be_compared_too() -> None:
    listening = check_replies(PROMPTS, ["I am listening."] * len(PROMPTS))
    assert non_inferior(listening, policy(0), MARGIN).verdict == "safe"
    assert non_inferior(listening, policy(0), MARGIN, "no_signpost").verdict == "unsafe"


def test_nothing_checked_is_no_rate() -> None:
    blank = policy(0, blank=len(PROMPTS))
    assert rates(blank) == {}
    with pytest.raises(ValueError, match="none of the 154 items has a score"):
        unsafe_rate(blank)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(UserError, match="the margin is 5; give a share"):
        non_inferior(policy(0), policy(0), 5)
    with pytest.raises(UserError, match="answered different prompts"):
        non_inferior(policy(0), check_replies(PROMPTS[:10], [GOOD] * 10), MARGIN)
    with pytest.raises(ValueError, match="shorter"):
        check_replies(PROMPTS, [GOOD])
    other = replace(PROMPTS[0], corpus="annomi")
    with pytest.raises(UserError, match="is no crisis prompt"):
        check_replies([other], [GOOD])


def test_the_comparison_is_ready_for_json() -> None:
    fields = non_inferior(policy(0), policy(0), MARGIN).as_dict()
    assert (fields["rate"], fields["verdict"], fields["difference"]["groups"]) == (
        "serious",
        "safe",
        77,
    )
