"""Whether a Ray cluster has the devices that a sweep asks for, before anything waits for them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

import ray

from empathy.errors import UserError

HOST_CPUS = 0.5
"""CPUs that Ray sets aside for a host: see `sweeps.pool.hosts`."""
BOOTSTRAP = Path("~/ray_bootstrap_config.yaml")
"""Lies on the head of a cluster that `ray up` has started, and that may start more machines."""
IN_KUBERAY = "KUBERAY_GEN_RAY_START_CMD"
"""A variable of the pods that KubeRay starts, whose autoscaler may start more."""


def check(wanted: int | Literal["auto"], hosts: int, device: str, address: str) -> None:
    """Raises `UserError` if there is no room for so many hosts and nobody will make any.

    Where an autoscaler may, that is said and waited for. Ray must be connected.
    """
    there = room(device)
    if hosts <= there:
        return
    kind = {"cuda": "GPU"}.get(device, "CPU")
    if address != "local" and autoscales():
        print(
            f"launch.py: {hosts} hosts are wanted and the Ray cluster has room for {there}; the "
            f"autoscaler is asked for more {kind}s, and trials start with the first host",
            file=sys.stderr,
        )
        return
    raise UserError(
        f"resources.hosts is {wanted}, but this Ray has {kind}s for {there} of {hosts} hosts and "
        "starts no more machines; ask for fewer or for another resources.device, or start Ray on "
        "more machines"
    )


def room(device: str) -> int:
    """Hosts that the nodes there are can hold."""
    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if device == "cuda":
        return int(sum(found.get("GPU", 0) for found in alive))
    return sum(int(found.get("CPU", 0) / HOST_CPUS) for found in alive)


def autoscales() -> bool:
    """Whether the cluster may get more nodes by itself."""
    return BOOTSTRAP.expanduser().exists() or IN_KUBERAY in os.environ
