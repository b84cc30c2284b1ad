"""python -m pytest tests/test_parallel.py"""

from __future__ import annotations

from pathlib import Path

import pytest
from invented_sweep import found

from sweeps.report.parallel import parallel_coordinates


def test_a_trial_crosses_each_axis_at_its_setting(tmp_path: Path) -> None:
    figure = parallel_coordinates(found(tmp_path))
    lines = {line.hovertext.split(" ")[0]: line for line in figure.data}
    assert set(lines) == {f"t{i:03}" for i in range(7)}  # t007 failed before it was measured
    # t000: beta 0.31 in 0.05..0.5 by log: ln 6.2 / ln 10 = 0.7924; learning rate 1.2e-4 in
    # 5e-5..5e-4: ln 2.4 / ln 10 = 0.3802; rank 8 is the first of three; score 2.05 between the
    # least, 1.62, and the most, 2.9: 0.43 / 1.28 = 0.3359.
    assert lines["t000"].y == pytest.approx((0.7924, 0.3802, 0.0, 0.3359), abs=1e-4)
    assert lines["t003"].y[3] == 1.0
    assert (lines["t003"].line.width, lines["t000"].line.width) == (3, 1.5)
    assert (lines["t000"].line.dash, lines["t001"].line.dash) == ("solid", "dot")
