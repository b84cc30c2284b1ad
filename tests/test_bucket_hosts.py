"""A sweep over three nodes that share nothing but a bucket, one of which is lost half-way.

python -m pytest tests/test_bucket_hosts.py -m slow
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from accounts import same_trials
from ray.cluster_utils import Cluster
from test_bucket import brought, server
from tiny_sweep import arguments

from sweeps.search import on_ray

__all__ = ["server"]  # the S3 server is a fixture here, too
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).parent.parent
NODE: dict[str, Any] = {"num_cpus": 2, "object_store_memory": 80_000_000}
URL = "s3://results/hosts"
LAST_STEP = 12
WORDS = arguments(
    "method=grid",
    "parameters={beta: {values: [0.05, 0.1, 0.2]}, learning_rate: {values: [3e-3, 1e-2]}}",
    "run_cap=6",
    "early_terminate=null",
    f"training.max_steps={LAST_STEP}",
    "evaluation={report_every: 2, validation_prompts: 6, test_prompts: 6, crisis_prompts: 0,"
    " max_new_tokens: 6}",
    "finalists={top: 1, seeds: 1}",
    "resources={device: cpu, lanes: 2}",
    "tracking.mode=disabled",
)


def cache(folder: Path, name: str) -> dict[str, str]:
    """What gives a node a cache, and so a staging folder, of its own."""
    return {"EMPATHY_CACHE": str(folder / f"cache-{name}")}


@pytest.fixture
def nodes(server: str, tmp_path: Path) -> Iterator[tuple[Cluster, Any]]:
    """A cluster of three nodes, each with a cache of its own, and the one that will be lost."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**on_ray.QUIET, "PYTHONPATH": str(ROOT)}.items():
            patch.setenv(name, value)
        head = {**NODE, "include_dashboard": False, "env_vars": cache(tmp_path, "head")}
        cluster = Cluster(True, head_node_args=head)
        lost = cluster.add_node(**NODE, env_vars=cache(tmp_path, "lost"))
        cluster.add_node(**NODE, env_vars=cache(tmp_path, "other"))
        yield cluster, lost
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # Ray waits for none of its processes
        cluster.shutdown()
        gc.collect()


def started(out: str, address: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A driver."""
    command = [sys.executable, "launch.py", *WORDS, "--address", address, "--out", out]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})


def kept(folder: Path, node: str) -> set[str]:
    """The trials whose checkpoints a node has on its own disk."""
    found = Path(cache(folder, node)["EMPATHY_CACHE"]).rglob("lane.safetensors")
    return {path.parent.name for path in found}


def last_steps(folder: Path) -> dict[str, int]:
    """The last step of each trial that the driver has heard of."""
    (history,) = Path(cache(folder, "driver")["EMPATHY_CACHE"]).rglob("history.jsonl")
    rows = [json.loads(line) for line in history.read_text().splitlines()]
    return {row["trial_id"]: row["step"] for row in rows}


def test_a_lost_node_s_trials_go_on_from_the_bucket(
    nodes: tuple[Cluster, Any], tmp_path: Path
) -> None:
    cluster, node = nodes
    alone = started(str(tmp_path / "alone"), "inprocess", cache(tmp_path, "alone"))
    assert alone.wait() == 0
    driver = started(URL, "auto", {**cache(tmp_path, "driver"), "RAY_ADDRESS": cluster.address})
    while driver.poll() is None and not kept(tmp_path, "lost"):
        time.sleep(0.2)
    lost = kept(tmp_path, "lost")
    assert driver.poll() is None, "the sweep was over before anything could be lost"
    cluster.remove_node(node, allow_graceful=False)
    assert any(last_steps(tmp_path).get(trial, 0) < LAST_STEP for trial in lost)
    assert driver.wait() == 0
    brought(URL, tmp_path / "found")
    wrong, compared = same_trials(tmp_path / "alone", tmp_path / "found")
    assert not wrong
    assert compared["trials"] == 6
    assert (tmp_path / "found" / "report.html").is_file()
    assert (tmp_path / "found" / "winner" / "adapter_model.safetensors").is_file()
