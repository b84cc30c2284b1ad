"""A sweep on a Ray with room for one ZeRO trial, whatever this machine has: here, or in a process
of its own that can be killed.

python tests/few_cores.py --sweep demo --set engine=zero
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import ray

import launch
from sweeps.search import on_ray

HOSTED, WORKERS = 1, 2
CORES = HOSTED + WORKERS  # room for one trial at a time


def connect(address: str) -> None:
    """Start a Ray on this machine with so many cores."""
    os.environ.update(on_ray.QUIET)
    ray.init(
        address="local", num_cpus=CORES, include_dashboard=False, log_to_driver=False,
        logging_level=logging.ERROR, object_store_memory=on_ray.STORE_BYTES,
    )  # fmt: skip


@contextmanager
def few_cores(cache: Path) -> Iterator[None]:
    """Sweeps prepare in this cache what they share; Ray's processes find the tests' modules."""
    here = Path(__file__).parent
    paths = {"PYTHONPATH": f"{here}{os.pathsep}{here.parent}", "EMPATHY_CACHE": str(cache)}
    with (
        patch.dict(os.environ, {**on_ray.QUIET, **paths}),
        patch.object(on_ray, "connect", connect),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # of Ray and W&B about themselves
        yield
        ray.shutdown()
        gc.collect()


if __name__ == "__main__":
    with patch.object(on_ray, "connect", connect):
        sys.exit(launch.main(sys.argv[1:]))
