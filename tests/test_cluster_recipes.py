"""The README's recipes for clusters, checked as far as text can be: options, fields, versions.

Machines of one's own are in `tests/cluster` too, where `ray up` reads the same block.

python -m pytest tests/test_cluster_recipes.py
"""

from __future__ import annotations

import argparse
import copy
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.scripts.scripts import start
from ray.scripts.symmetric_run import symmetric_run

import launch
from sweeps.planning import cluster_file
from sweeps.sweepfile import spec

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text under a third heading."""
    found = re.search(rf"^### {re.escape(title)}\n(.*?)(?=^##|\Z)", README, re.M | re.S)
    assert found, f"no section {title}"
    return found[1]


CLUSTER = section("On a cluster")


def block(name: str, language: str) -> str:
    """The first fenced block after a name in bold."""
    found = re.search(rf"\*\*{name}\.\*\*.*?^```{language}\n(.*?)^```$", CLUSTER, re.M | re.S)
    assert found, f"no block for {name}"
    return found[1]


def launched(command: str) -> argparse.Namespace:
    """A sweep that exists, with settings that do, on a cluster, where all nodes see its results."""
    words = shlex.split(command.partition("python launch.py ")[2])
    options = launch.parser().parse_args(words)
    assert spec.load(options.sweep, options.set)
    assert options.address == "auto"
    assert options.out
    return options


def test_machines_of_one_s_own_are_as_ray_wants_them_and_closed() -> None:
    config = yaml.safe_load((ROOT / "cluster.yaml").read_text())
    sentence = " ".join(CLUSTER.split())
    (left_out,) = re.findall(r"Replace (.*?) in `cluster.yaml` by", sentence)
    for key in re.findall(r"`(\w+)`", left_out):
        del config[key]
    config |= yaml.safe_load(block("Machines of your own", "yaml"))
    assert list(cluster_file.complaints_about(config)) == []
    prepared = prepare_config(config)
    validate_config(prepared)
    (kind,) = prepared["available_node_types"].values()
    assert kind["min_workers"] == kind["max_workers"] == len(config["provider"]["worker_ips"])


def test_the_autoscaler_s_trap_is_named() -> None:
    assert "`export RAY_UP_enable_autoscaler_v2=0` before `ray up`" in CLUSTER


def test_a_job_is_the_sweep_s_command() -> None:
    (job,) = re.findall(r"^ray job submit -- (.*)$", CLUSTER, re.MULTILINE)
    options = launched(job)
    config = yaml.safe_load((ROOT / "cluster.yaml").read_text())
    assert str(options.out).startswith("s3:/")  # a fresh cluster on AWS shares nothing else
    assert spec.load(options.sweep, options.set).resources.hosts == config["max_workers"]


def test_the_head_s_rights_are_those_that_the_file_names() -> None:
    rights = re.search(
        r"two instance profiles: the head's may(.*?), the workers' may", CLUSTER, re.S
    )
    assert rights
    assert "read and write the bucket" in " ".join(rights[1].split())


SLURM = block("Slurm", "bash")


def test_the_slurm_script_is_bash(tmp_path: Path) -> None:
    path = tmp_path / "job.sh"
    path.write_text(SLURM)
    subprocess.run(["bash", "-n", path], check=True)
    assert SLURM.startswith("#!/bin/bash\n")
    assert "\nset -euo pipefail\n" in SLURM
    keys = re.findall(r"^#SBATCH --([a-z-]+)=\S+$", SLURM, re.MULTILINE)
    assert len(keys) == SLURM.count("#SBATCH")
    known = ["job-name", "nodes", "ntasks-per-node", "cpus-per-task", "gpus-per-node", "time"]
    assert sorted(keys) == sorted(known)
    assert "--ntasks-per-node=1" in SLURM  # one Ray per node


def test_the_slurm_script_s_options_are_ray_s_and_ours() -> None:
    ray, _, entry = SLURM.replace("\\\n", " ").partition("ray symmetric-run ")[2].partition(" -- ")
    own = {name for each in symmetric_run.params for name in each.opts}
    options = {name for each in start.params for name in each.opts} | own
    used = re.findall(r"--[a-z-]+", ray)
    assert {"--address", "--min-nodes", "--num-gpus"} <= set(used) <= options
    assert not {"--head", "--node-ip-address", "--port", "--block"} & set(used)  # it refuses these
    assert "--dashboard-host 127.0.0.1" in ray
    assert "export RAY_AUTH_MODE=token" in SLURM
    # Since Slurm 22.05 srun does not take it over from the script's head.
    assert 'srun --cpus-per-task="$SLURM_CPUS_PER_TASK" ray symmetric-run' in SLURM
    launched(entry)


def mapping(required: str = "", **properties: Any) -> dict[str, Any]:
    """A schema of a mapping with these keys and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def many(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": 1}


TEXT, COUNT = {"type": "string"}, {"type": "integer", "minimum": 0}
TEXTS = {"type": "object", "additionalProperties": TEXT}
CONTAINER = mapping(
    "name image resources",
    name=TEXT,
    image=TEXT,
    workingDir=TEXT,
    volumeMounts=many(mapping("name mountPath", name=TEXT, mountPath=TEXT)),
    resources=mapping("requests limits", requests=TEXTS, limits=TEXTS),
)
POD = mapping(
    "spec",
    spec=mapping(
        "containers",
        containers=many(CONTAINER),
        volumes=many(mapping("name", name=TEXT, persistentVolumeClaim=mapping(claimName=TEXT))),
    ),
)
# The fields that we use of https://docs.ray.io/en/master/cluster/kubernetes/references/api.html.
RAY_JOB = mapping(
    "apiVersion kind metadata spec",
    apiVersion={"const": "ray.io/v1"},
    kind={"const": "RayJob"},
    metadata=mapping("name", name=TEXT),
    spec=mapping(
        "entrypoint rayClusterSpec",
        entrypoint=TEXT,
        shutdownAfterJobFinishes={"type": "boolean"},
        rayClusterSpec=mapping(
            "rayVersion headGroupSpec",
            rayVersion=TEXT,
            enableInTreeAutoscaling={"type": "boolean"},
            authOptions=mapping("mode", mode={"enum": ["token", "disabled"]}),
            headGroupSpec=mapping("template", rayStartParams=TEXTS, template=POD),
            workerGroupSpecs=many(
                mapping(
                    "groupName template",
                    groupName=TEXT,
                    replicas=COUNT,
                    minReplicas=COUNT,
                    maxReplicas=COUNT,
                    rayStartParams=TEXTS,
                    template=POD,
                )
            ),
        ),
    ),
)
MANIFEST: dict[str, Any] = yaml.safe_load(block("Kubernetes", "yaml"))


def test_the_manifest_is_a_ray_job_with_a_token_and_our_version_of_ray() -> None:
    jsonschema.validate(MANIFEST, RAY_JOB)
    cluster = MANIFEST["spec"]["rayClusterSpec"]
    assert f"\nray=={cluster['rayVersion']}\n" in (ROOT / "constraints.txt").read_text()
    assert cluster["authOptions"] == {"mode": "token"}
    options = launched(MANIFEST["spec"]["entrypoint"])
    hosts = spec.load(options.sweep, options.set).resources.hosts
    assert cluster["enableInTreeAutoscaling"] is True  # else maxReplicas does nothing
    assert hosts == sum(group["maxReplicas"] for group in cluster["workerGroupSpecs"])


def test_the_image_finds_python_and_ray_where_make_puts_them() -> None:
    """In a shell that reads profiles, too: Debian's own sets PATH anew."""
    image = block("Kubernetes", "dockerfile")
    (node,) = MANIFEST["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]["containers"]
    place = node["workingDir"]
    assert f"\nCOPY . {place}\nRUN make -C {place} setup" in image
    assert f"\nENV PATH={place}/.venv/bin:$PATH\n" in image
    assert f"'export PATH={place}/.venv/bin:$PATH' > /etc/profile.d/" in image
    assert re.search(r"^VENV := \.venv$", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_only_workers_ask_for_a_gpu_and_all_see_the_results() -> None:
    cluster = MANIFEST["spec"]["rayClusterSpec"]
    out = launch.parser().parse_args(shlex.split(MANIFEST["spec"]["entrypoint"])[2:]).out
    for group, gpus in ((cluster["headGroupSpec"], None), (cluster["workerGroupSpecs"][0], "1")):
        pod = group["template"]["spec"]
        (node,) = pod["containers"]
        assert node["resources"]["limits"].get("nvidia.com/gpu") == gpus
        (mount,) = node["volumeMounts"]
        assert str(out).startswith(mount["mountPath"] + "/")
        assert [volume["name"] for volume in pod["volumes"]] == [mount["name"]]


BROKEN: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a typo": lambda spec: spec.update(shutdownAfterJobFinish=True),
    "a number where text belongs": lambda spec: spec["rayClusterSpec"].update(rayVersion=2.6),
    "no such mode": lambda spec: spec["rayClusterSpec"]["authOptions"].update(mode="tokens"),
    "no head": lambda spec: spec["rayClusterSpec"].pop("headGroupSpec"),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_the_schema_refuses_a_broken_manifest(change: Callable[[dict[str, Any]], Any]) -> None:
    broken = copy.deepcopy(MANIFEST)
    change(broken["spec"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, RAY_JOB)
