"""Two hosts that start at once on one machine: what both need is computed by one of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_sweep import SETTINGS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
ROOT = Path(__file__).parents[1]

# Each process adds a line to `computed` for every tensor it computes and does not find.
PREPARES = """
import os, sys
from pathlib import Path
from empathy import cache, full_sft, reference, sft
from empathy.study import Study
from sweeps.sweepfile import spec
from sweeps.planning.handover import study_settings

def told(module, name, what):
    kept = getattr(module, name)
    def counting(*given):
        *rest, compute = given
        def computing():
            with open("computed", "a") as file:
                file.write(f"{what} {given[0].name}\\n")
            return compute()
        return kept(*rest, computing)
    setattr(module, name, counting)

told(reference, "kept_tensor", "reference")
told(sft, "kept_tensor", "warm_start")
told(full_sft, "kept_tensors", "warm_start")
Path(f"here{os.getpid()}").touch()
while len(list(Path().glob("here*"))) < 2:
    pass
study = Study(study_settings(spec.load("demo", sys.argv[1:]), 2), lambda *_: None)
"""


def test_reference_and_warm_start_are_computed_by_one_of_two_processes(tmp_path: Path) -> None:
    environment = os.environ | {
        "EMPATHY_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    both = [
        subprocess.Popen(
            [sys.executable, "-c", PREPARES, *SETTINGS],
            cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    for each in both:
        _, errors = each.communicate(timeout=360)
        assert each.returncode == 0, errors
    computed = (tmp_path / "computed").read_text().splitlines()
    assert {line.split()[0] for line in computed} == {"reference", "warm_start"}
    assert len(computed) == len(set(computed)), computed
