"""python -m pytest tests/test_charts.py"""

from __future__ import annotations

from sweeps.report.charts import Label, apart


def test_labels_that_would_overlap_are_pushed_apart() -> None:
    labels = [Label("a", 1.0, ""), Label("b", 0.95, ""), Label("c", 2.0, "")]
    assert [(label.text, label.y) for label in apart(labels, 0.25)] == [
        ("c", 2.0),
        ("a", 1.0),
        ("b", 0.75),
    ]
