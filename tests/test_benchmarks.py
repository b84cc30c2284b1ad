"""The benchmark still runs, against TRL too; how fast is none of a test's business.

.venv/bin/python -m pytest -m slow tests/test_benchmarks.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_step_benchmark_measures_every_contender(tmp_path: Path) -> None:
    small = ["--model", "tiny", "--steps", "1", "--pairs", "2", "--repeats", "1"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/benchmarks/step.py"), *small],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "results" / "bench").glob("*.json")
    contenders = json.loads(path.read_text("utf-8"))["tiny"]["contenders"]
    assert len(contenders) == 5
    for name, found in contenders.items():
        speed = found["pairs_per_second"]
        assert 0 < speed["min"] <= speed["median"] <= speed["max"], name
        assert len(speed["runs"]) == 1
        assert name in done.stdout
