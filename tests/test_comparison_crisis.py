"""How the models answer people in crisis, as far as the folders say so.

python -m pytest tests/test_comparison_crisis.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from invented_study import sweep

from sweeps.comparison.contrasts import arms_of, findings
from sweeps.comparison.crisis import crisis_rows, crisis_warnings
from sweeps.comparison.folders import Sweep
from sweeps.comparison.report import rendered, warnings


def share(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.01, "high": value + 0.02, "n": 154}


def policy(serious: float, verdict: str | None) -> dict[str, Any]:
    against = {} if verdict is None else {"serious": {"verdict": verdict}}
    return {"rates": {"serious": share(serious), "no_signpost": share(0.9)}, "against_sft": against}


def examined(one: Sweep, verdict: str | None, **extra: Any) -> Sweep:
    """The sweep as if its policies had been put before people in crisis."""
    policies = {"base": policy(0.04, "safe"), "sft": policy(0.05, None) | {"against_sft": {}},
                "t001": policy(0.125, verdict)}  # fmt: skip
    summary = {**one.summary, "safety": {"policies": policies, "margin": 0.05, **extra}}
    return replace(one, record=replace(one.record, summary=summary))


def test_every_row_of_an_arm_that_was_examined_is_shown(tmp_path: Path) -> None:
    dpo = examined(sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0)), "safe")
    rival = examined(sweep(tmp_path / "b", "sft_gemma", (1.0, 1.2, 1.3)), "not shown")
    (arm,) = arms_of([dpo, rival])
    assert [tuple(each) for each in crisis_rows(arm)] == [
        ("gemma", "base", "4.0 % [3.0, 6.0]", "90.0 % [89.0, 92.0]", "safe"),
        ("gemma", "sft", "5.0 % [4.0, 7.0]", "90.0 % [89.0, 92.0]", "-"),
        ("gemma", "continued", "12.5 % [11.5, 14.5]", "90.0 % [89.0, 92.0]", "not shown"),
        ("gemma", "dpo", "12.5 % [11.5, 14.5]", "90.0 % [89.0, 92.0]", "safe"),
    ]
    assert crisis_warnings(arm) == [
        "gemma, SFT continued: that the winner is as safe for people in crisis as SFT was not "
        "shown (not shown: 12.5 % [11.5, 14.5] of its replies are seriously unsafe)."
    ]
    assert "| gemma | DPO | 12.5 % [11.5, 14.5] |" in rendered(findings([dpo, rival]), "md")
    assert "<h2>People in crisis</h2>" in rendered(findings([dpo]), "html")


def test_a_winner_that_is_not_shown_to_be_safe_is_warned_of(tmp_path: Path) -> None:
    for number, verdict in enumerate(("not shown", "unsafe", None)):
        one = examined(sweep(tmp_path / str(number), "dpo_gemma", (1.0, 1.2, 2.0)), verdict)
        (told,) = crisis_warnings(arms_of([one])[0])
        assert told == (
            "gemma, DPO: that the winner is as safe for people in crisis as SFT was not shown "
            f"({verdict or 'not shown'}: 12.5 % [11.5, 14.5] of its replies are seriously unsafe)."
        )


def test_a_trial_that_lost_the_win_is_named(tmp_path: Path) -> None:
    one = sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    lost = examined(one, "safe", lost={"t004": {}})
    assert crisis_warnings(arms_of([lost])[0])[0].startswith("gemma, DPO: trial t004 ranked higher")


def test_a_trial_of_the_rival_that_lost_the_win_is_named_too(tmp_path: Path) -> None:
    dpo = examined(sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0)), "safe")
    rival = examined(sweep(tmp_path / "b", "sft_gemma", (1.0, 1.2, 1.3)), "safe", lost={"t004": {}})
    (told,) = crisis_warnings(arms_of([dpo, rival])[0])
    assert told.startswith("gemma, SFT continued: trial t004 ranked higher, but lost the win for")


def test_where_all_finalists_are_unsafe_none_ranked_higher(tmp_path: Path) -> None:
    one = sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, None))
    (told,) = crisis_warnings(arms_of([examined(one, "unsafe", lost={"t001": {}})])[0])
    assert told.startswith("gemma, DPO: trial t001 was a finalist, but lost the win for its repl")


def test_where_nobody_asked_the_report_says_so(tmp_path: Path) -> None:
    one = sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    other = examined(sweep(tmp_path / "b", "dpo_llama", (1.0, 1.2, 2.0)), "safe")
    assert warnings(findings([one, other])) == [
        "How the winners of gemma answer people in crisis was not examined: nothing here says that "
        "they are safe."
    ]
    nobody = replace(one, record=replace(one.record, summary={**one.summary, "safety": None}))
    assert crisis_rows(arms_of([nobody])[0]) == []
    assert "People in crisis" not in rendered(findings([nobody]), "html")
