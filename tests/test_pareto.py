"""python -m pytest tests/test_pareto.py"""

from __future__ import annotations

from sweeps.sweepfile.sections import Aim
from sweeps.verdict.pareto import front, summary

AIMS = (Aim(name="empathy", goal="maximize"), Aim(name="log_ratio", goal="minimize"))
# trial: empathy, drift
POINTS = {
    "a": (3.0, 12.0),
    "b": (2.0, 5.0),
    "c": (1.9, 5.0),  # b is as near and better
    "d": (2.5, 13.0),  # a is nearer and better
    "e": (2.0, 5.0),  # b again
    "f": (1.0, 1.0),
}
MEASURED = [{trial: point[at] for trial, point in POINTS.items()} for at in (0, 1)]


def test_the_front_is_who_nobody_beats_best_in_the_first_aim_first() -> None:
    assert front(AIMS, MEASURED, POINTS) == ["a", "b", "e", "f"]


def test_who_may_not_compete_beats_nobody() -> None:
    assert front(AIMS, MEASURED, ["c", "d", "f"]) == ["d", "c", "f"]
    assert front(AIMS, MEASURED, []) == []


def test_of_one_aim_the_best_is_the_front() -> None:
    assert front(AIMS[:1], MEASURED[:1], POINTS) == ["a"]
    assert front(AIMS[1:], MEASURED[1:], POINTS) == ["f"]


def test_the_summary_gives_each_point_of_the_front_its_values() -> None:
    assert summary(AIMS, MEASURED, ["a", "d", "f"]) == {
        "metrics": [
            {"name": "empathy", "goal": "maximize"}, {"name": "log_ratio", "goal": "minimize"},
        ],
        "trials": [
            {"trial": "a", "values": {"empathy": 3.0, "log_ratio": 12.0}},
            {"trial": "f", "values": {"empathy": 1.0, "log_ratio": 1.0}},
        ],
    }  # fmt: skip
