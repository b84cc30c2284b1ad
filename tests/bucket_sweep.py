"""A sweep without a model whose results go to a bucket, as a process of its own that can be killed.

python tests/bucket_sweep.py hold s3://bucket/prefix
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.append(str(Path(__file__).parent / "benchmarks"))  # as pytest has it
sys.path.append(str(Path(__file__).parent.parent))

from fake_study import FakeStudy, instead_of_the_study
from simulated_host import SimulatedStudy

import launch
from sweeps import runner
from sweeps.storage import mirror, shared_results

SETTINGS = (
    "family=tiny", "model=auto", "method=random", "run_cap=6", "resources={device: cpu, lanes: 2}",
    "early_terminate=null", "training={max_steps: 12, batch_size: 4}",
    "evaluation={report_every: 3, crisis_prompts: 0}", "finalists={top: 2, seeds: 2}",
    "judges.scorers=[]", "tracking.mode=disabled",
)  # fmt: skip


class KeptStudy(SimulatedStudy):
    """Its checkpoints are files."""

    save = FakeStudy.save
    export = FakeStudy.export


class HeldStudy(KeptStudy):
    """Stands still, for ever, before its eighth checkpoint: each of two trials has three."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._left = 7

    def save(self, *given: Any, **named: Any) -> None:
        """The next one."""
        while not self._left:
            time.sleep(1)
        self._left -= 1
        super().save(*given, **named)


def main(out: str, *more: str, study: type[KeptStudy] = KeptStudy, silent: float = 0) -> int:
    """Run `launch.py`; the mirror does not pause."""
    chosen = [word for each in SETTINGS for word in ("--set", each)]
    command = ["--sweep", "demo", *chosen, "--address", "inprocess", "--out", out, *more]
    with (
        instead_of_the_study(study),
        patch.object(mirror, "PAUSE", 0.05),
        patch.object(mirror, "SHARE", 0),
        patch.object(shared_results, "SILENT_SECONDS", silent),
        patch.object(runner, "write_card"),
    ):
        return launch.main(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[2], study={"hold": HeldStudy, "run": KeptStudy}[sys.argv[1]]))
