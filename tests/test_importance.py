"""python -m pytest tests/test_importance.py"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from invented_sweep import SETTINGS

from sweeps.record.ledger import Figure, Record, Trial
from sweeps.report.findings import Outcome, outcome
from sweeps.report.importance import TooLittleError, importance


def searched(trials: Mapping[str, tuple[dict[str, Any], float]]) -> Outcome:
    """A sweep of complete trials with the parameters and score given."""
    manifest = {"metric": {"name": "empathy", "goal": "maximize"}, "settings": SETTINGS}
    return outcome(Record(manifest, tuple(
        Trial(name, dict(chosen), "completed", step=12, metrics={"empathy": Figure(score)})
        for name, (chosen, score) in trials.items()
    ), (), None, ()))  # fmt: skip


def test_importance_finds_the_setting_that_decides() -> None:
    # The score is the learning rate's rank; beta alternates and says nothing.
    trials = {
        f"t{i:03}": ({"beta": 0.1 + 0.2 * (i % 2), "learning_rate": 5e-5 * 10 ** (i / 11)}, i / 10)
        for i in range(12)
    }
    shares, count = importance(searched(trials))
    assert count == 12
    assert next(iter(shares)) == "learning_rate"
    assert shares["learning_rate"] > 0.9
    assert sum(shares.values()) == pytest.approx(1.0)


def test_importance_is_left_out_where_it_says_nothing() -> None:
    three = {f"t{i}": ({"beta": 0.1 * (i + 1)}, i / 10) for i in range(3)}
    with pytest.raises(TooLittleError, match="3 of the trials were trained to the end"):
        importance(searched(three))
    level = {f"t{i}": ({"beta": 0.1 * (i + 1)}, 1.0) for i in range(4)}
    with pytest.raises(TooLittleError, match="all trials scored the same"):
        importance(searched(level))
    same = {f"t{i}": ({"beta": 0.1}, i / 10) for i in range(4)}
    with pytest.raises(TooLittleError, match="have the same settings"):
        importance(searched(same))
