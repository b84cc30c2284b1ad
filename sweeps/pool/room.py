"""Whether a Ray cluster has the devices that a sweep asks for, before anything waits for them."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import ray
import yaml

from empathy.errors import UserError

HOST_CPUS = 0.5
"""CPUs that Ray sets aside for a host: see `sweeps.pool.hosts`."""
BOOTSTRAP = Path("~/ray_bootstrap_config.yaml")
"""Lies on the head of a cluster that `ray up` has started, and that may start more machines."""
IN_KUBERAY = "KUBERAY_GEN_RAY_START_CMD"
"""A variable of the pods that KubeRay starts: how it starts Ray there."""
AUTOSCALER = "--no-monitor"
"""How KubeRay starts the head's Ray where its own autoscaler stands beside it."""
ALONE = "starts no more machines"


class Bound(NamedTuple):
    """The most that a cluster may come to."""

    hosts: float
    """Infinite where nobody says how much a node holds."""
    why: str


def check(wanted: int | Literal["auto"], hosts: int, device: str, address: str) -> None:
    """Raises `UserError` if there is no room for so many hosts and nobody will make any.

    Where an autoscaler may, that is said and waited for. Ray must be connected.
    """
    there = room(device)
    if hosts <= there:
        return
    kind = {"cuda": "GPU"}.get(device, "CPU")
    bound = Bound(there, ALONE) if address == "local" else growth(device)
    if hosts <= bound.hosts:
        print(
            f"launch.py: {hosts} hosts are wanted and the Ray cluster has room for {there}; the "
            f"autoscaler is asked for more {kind}s, and trials start with the first host",
            file=sys.stderr,
        )
        return
    raise UserError(
        f"resources.hosts is {wanted}, but this Ray has {kind}s for {there} of {hosts} hosts and "
        f"{bound.why}; ask for fewer or for another resources.device, or start Ray on "
        "more machines"
    )


def room(device: str) -> int:
    """Hosts that the nodes there are can hold."""
    return sum(_holds(node["Resources"], device) for node in _alive())


def autoscaled() -> bool:
    """Whether somebody may start nodes for this cluster."""
    in_kuberay = AUTOSCALER in os.environ.get(IN_KUBERAY, "").split()
    return in_kuberay or BOOTSTRAP.expanduser().exists()


def growth(device: str) -> Bound:
    """What the cluster may come to by itself."""
    path = BOOTSTRAP.expanduser()
    if not path.exists():
        return Bound(math.inf, "") if autoscaled() else Bound(room(device), ALONE)
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    if config["provider"]["type"] == "local":
        return _of_machines(config["provider"], device)
    return _of_kinds(config, device)


def _of_machines(provider: Mapping[str, Any], device: str) -> Bound:
    """Machines of one's own: those listed, of which some may still be on their way."""
    listed = 1 + len(provider.get("worker_ips", ()))
    if len(_alive()) < listed:
        return Bound(math.inf, "")
    return Bound(room(device), f"all {listed} machines of its file are in it")


def _of_kinds(config: Mapping[str, Any], device: str) -> Bound:
    """Machines that a cloud lends: as many of each kind as the file allows, the roomiest first."""
    left, total = int(config.get("max_workers", 0)), 0
    kinds = config["available_node_types"]
    if any(not kind.get("resources") for kind in kinds.values()):
        return Bound(math.inf, "")
    head = kinds[config["head_node_type"]]
    for kind in sorted(kinds.values(), key=lambda each: -_holds(each["resources"], device)):
        number = min(left, int(kind.get("max_workers", left)))
        left, total = left - number, total + number * _holds(kind["resources"], device)
    total += _holds(head["resources"], device)
    return Bound(total, f"its file (max_workers) allows machines for {total}")


def _alive() -> list[Mapping[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"]]


def _holds(resources: Mapping[str, float], device: str) -> int:
    if device == "cuda":
        return int(resources.get("GPU", 0))
    return int(resources.get("CPU", 0) / HOST_CPUS)
