"""A real `ray up` over three hosts of one's own, as the README tells to do it.

Run as root by `make test-cluster`. The tests build on each other and run in the order they stand.
"""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from hosts import Hosts, install_packages
from tiny_sweep import arguments

from empathy.cache import cache_folder
from sweeps.pool.leases import trial_name
from sweeps.record.observers import of_search

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
OURS = {"RAY_AUTH_MODE": "token"}  # what a client of the cluster says
UP = {**OURS, "RAY_UP_enable_autoscaler_v2": "0"}  # without, the README says, a worker stays away
LAPTOP, HEAD, LAST = 0, 1, 3
NODES = range(HEAD, LAST + 1)
TRIALS = 4
# Each trial trained to its end, in four reports, so that there is a middle to be cut off in.
CHOSEN = (
    *("method=random", f"run_cap={TRIALS}", "early_terminate=null", "finalists={top: 1, seeds: 1}"),
    "training={max_steps: 4, batch_size: 4, max_prompt_tokens: 300, max_length: 400}",
    "evaluation={report_every: 1, validation_prompts: 6, test_prompts: 6, crisis_prompts: 0,"
    " max_new_tokens: 4}",
)
# Small enough for three hosts on one machine; the rest of the commands is cluster.yaml's own.
SMALL = "--num-cpus=1 --object-store-memory=100000000"

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(os.geteuid() != 0, reason="hosts in namespaces need root"),
]


def on_premises(hosts: Hosts, cache: Path) -> dict[str, Any]:
    """cluster.yaml with the README's change for machines of one's own, and these hosts in it."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "cluster.yaml").read_text(encoding="utf-8"))
    for key in ("metadata", "available_node_types", "head_node_type"):
        del config[key]
    (block,) = re.findall(r"^```yaml\n(provider: \{type: local.*?)^```", README, re.M | re.S)
    config |= yaml.safe_load(block)
    first, *others = map(hosts.address, NODES)
    config["provider"] |= {"head_ip": first, "worker_ips": others}
    config["auth"] = {"ssh_user": "root", "ssh_private_key": str(hosts.key)}
    config["file_mounts"]["~/empathy"] = str(ROOT)
    (install,) = [command for command in config["setup_commands"] if "make setup" in command]
    stand_in = "echo 'no make setup: every host sees this environment'"
    config["setup_commands"][config["setup_commands"].index(install)] = stand_in
    for key in ("head_start_ray_commands", "worker_start_ray_commands"):
        config[key] = [
            command.replace("ray start", f"EMPATHY_CACHE={cache} ray start {SMALL}")
            for command in config[key]
        ]
    return config


def config_of(hosts: Hosts) -> Path:
    return hosts.folder / "cluster.yaml"


@pytest.fixture(scope="module")
def cache(session_cache: Path) -> Iterator[Path]:
    """A cache that all hosts see."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMPATHY_CACHE", str(session_cache))
        yield cache_folder()


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Hosts]:
    """The laptop, host 0, and three machines, on which `ray up` has been."""
    install_packages()
    with Hosts(tmp_path_factory.mktemp("hosts"), LAST, [ROOT, cache]) as hosts:
        config = config_of(hosts)
        config.write_text(yaml.safe_dump(on_premises(hosts, cache), sort_keys=False))
        (make_token,) = re.findall(r"^\(umask 077; ray get-auth-token .*\)", README, re.M)
        assert hosts.run(LAPTOP, ["bash", "-c", make_token]).returncode == 0
        checked = hosts.run(LAPTOP, ["python", ROOT / "launch.py", "--check-cluster", config])
        assert checked.stdout == f"{config} is ready for `ray up`\n"
        up = hosts.run(LAPTOP, ["ray", "up", "-y", "--no-config-cache", config], UP, timeout=120)
        assert up.returncode == 0, up.stdout
        yield hosts


def told(hosts: Hosts, number: int, script: str) -> Any:
    """What a Python script prints last on a host, as JSON."""
    done = hosts.run(number, ["python", "-c", script], OURS)
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout.splitlines()[-1])


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.5)


@contextmanager
def started(
    hosts: Hosts, number: int, command: Sequence[str | Path], env: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on beside the test, and ends with it."""
    with hosts.start(number, command, env) as process:
        try:
            yield process
        finally:
            process.kill()


def job(out: Path, *more: str) -> list[str]:
    """The command that submits a sweep as a job, as the README has it."""
    command = ["python", "launch.py", *arguments(*CHOSEN), "--address", "auto", "--out", str(out)]
    return ["ray", "job", "submit", "--", *command, *more]


def reports(out: Path) -> int:
    """How many reports of trials have arrived."""
    history = out / "history.jsonl"
    return len(history.read_text(encoding="utf-8").splitlines()) if history.exists() else 0


def ended(out: Path) -> list[str]:
    """The trials of the search that were trained to the end, each as often as it stands there."""
    with (out / "trials.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return sorted(
        row["trial_id"]
        for row in rows
        if of_search(row["trial_id"]) and row["state"] == "completed"
    )


def driver(hosts: Hosts, out: Path) -> int:
    """The process id, out here, of the sweep that writes to `out`."""
    (found,) = [
        process
        for process, said in hosts.processes()
        if said.startswith("python launch.py") and str(out) in said
    ]
    return found


def rays(hosts: Hosts) -> list[tuple[int, str]]:
    """What is left of Ray and of sweeps, on any host."""
    ours = re.compile(r"raylet|gcs_server|ray::|/ray/|launch\.py")
    return [process for process in hosts.processes() if ours.search(process[1])]


def lane_hosts(hosts: Hosts, state: str | None = None) -> list[str]:
    """Addresses of the nodes where a host of the last sweep stands, or also stood.

    One that waits for a node stands nowhere.
    """
    script = f"""
import json
from ray.util.state import list_actors, list_nodes
address = {{node.node_id: node.node_ip for node in list_nodes()}}
found = list_actors(filters=[("class_name", "=", "HostProcess")])
last = max((each.job_id for each in found), default=None)
print(json.dumps([address[each.node_id] for each in found
                  if each.job_id == last and {state!r} in (None, each.state)
                  and each.node_id in address]))"""
    return list(told(hosts, HEAD, script))


def alive(hosts: Hosts, count: int) -> list[str]:
    """The addresses of the nodes in the cluster, once there are `count` or a minute is over."""
    script = f"""
import json, ray, time
ray.init(address="auto", log_to_driver=False, logging_level="ERROR")
give_up = time.monotonic() + 60
while True:
    found = sorted(node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"])
    if len(found) == {count} or time.monotonic() > give_up:
        break
    time.sleep(0.5)
print(json.dumps(found))"""
    return list(told(hosts, HEAD, script))


def test_a_client_without_the_token_is_refused(hosts: Hosts) -> None:
    """Ray tries for twenty seconds, so both try at once, while workers still join."""
    join = f"import ray; ray.init(address='{hosts.address(HEAD)}:6379')"
    none: dict[str, str] = {}
    wrong = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64}
    with started(hosts, LAPTOP, ["python", "-c", join], none) as first:
        second = hosts.run(LAPTOP, ["python", "-c", join], wrong)
        output, _ = first.communicate(timeout=60)
    for code, said in ((first.returncode, output), (second.returncode, second.stdout)):
        assert code != 0
        assert re.search(r"AuthenticationError|(?i:unauthenticated)", said), said


def test_the_jobs_of_the_dashboard_need_the_token(hosts: Hosts) -> None:
    script = """
import json, pathlib, urllib.error, urllib.request
def answer(**headers):
    request = urllib.request.Request("http://127.0.0.1:8265/api/jobs/", headers=headers)
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code
token = (pathlib.Path.home() / ".ray/auth_token").read_text().strip()
print(json.dumps([answer(), *(answer(Authorization=f"Bearer {t}") for t in ("0" * 64, token))]))"""
    assert told(hosts, HEAD, script) == [401, 403, 200]


def test_the_dashboard_cannot_be_reached_from_another_host(hosts: Hosts) -> None:
    script = f"""
import json, socket
def reached(port):
    with socket.socket() as client:
        client.settimeout(5)
        return client.connect_ex(("{hosts.address(HEAD)}", port)) == 0
print(json.dumps([reached(8265), reached(6379)]))"""
    assert told(hosts, LAPTOP, script) == [False, True]


def test_the_file_for_aws_goes_no_further_than_its_first_placeholder(hosts: Hosts) -> None:
    done = hosts.run(LAPTOP, ["ray", "up", "-y", "--no-config-cache", ROOT / "cluster.yaml"], UP)
    assert done.returncode != 0
    assert "InvalidRegionError" in done.stdout
    assert "<FILL IN the region" in done.stdout


def test_every_host_joins_and_only_its_owner_can_read_the_token_there(hosts: Hosts) -> None:
    assert alive(hosts, len(NODES)) == list(map(hosts.address, NODES))
    for number in NODES:
        found = hosts.run(number, ["stat", "-c", "%a", Path.home() / ".ray/auth_token"])
        assert found.stdout == "600\n"


def whole(hosts: Hosts, out: Path) -> None:
    """A finished sweep: each trial trained to its end, once, and a winner."""
    assert ended(out) == list(map(trial_name, range(TRIALS)))
    assert (out / "report.html").exists()
    assert (out / "winner" / "adapter_config.json").exists()
    assert set(lane_hosts(hosts)) & set(map(hosts.address, NODES))


def test_a_killed_driver_s_sweep_is_resumed_as_a_job(hosts: Hosts) -> None:
    out = hosts.folder / "results" / "resumed"
    with started(hosts, HEAD, job(out), OURS) as first:
        wait_until(lambda: reports(out), 120, "a first report")
        os.kill(driver(hosts, out), signal.SIGKILL)
        output, _ = first.communicate(timeout=60)
    assert first.returncode != 0, output
    assert not (out / "report.html").exists()
    done = hosts.run(HEAD, job(out, "--resume"), OURS, timeout=180)
    assert done.returncode == 0, done.stdout
    whole(hosts, out)


def test_every_node_had_a_lane_host(hosts: Hosts) -> None:
    assert set(lane_hosts(hosts)) == set(map(hosts.address, NODES))


def test_trials_of_a_host_that_is_cut_off_end_elsewhere(hosts: Hosts) -> None:
    out = hosts.folder / "results" / "cut"
    with started(hosts, HEAD, job(out), OURS) as sweep:
        wait_until(lambda: reports(out) >= TRIALS, 120, "a first report of each trial")
        standing = lane_hosts(hosts, "ALIVE")
        lost = max(n for n in NODES if hosts.address(n) in standing)
        assert lost != HEAD, "hosts stand elsewhere too"
        hosts.cut(lost)
        output, _ = sweep.communicate(timeout=180)
    assert sweep.returncode == 0, output
    whole(hosts, out)
    assert hosts.address(lost) not in lane_hosts(hosts, "ALIVE")


def test_a_host_that_is_cut_off_is_missed(hosts: Hosts) -> None:
    *others, lost = alive(hosts, len(NODES) - len(hosts.unplugged))
    hosts.cut(next(number for number in NODES if hosts.address(number) == lost))
    start = time.monotonic()
    assert alive(hosts, len(others)) == others
    assert time.monotonic() - start < 40, "Ray's own settings take a minute"


def test_ray_down_and_ray_stop_leave_nothing(hosts: Hosts) -> None:
    """`ray down` stops the head alone; the README says to stop the workers' Ray as well."""
    down = hosts.start(LAPTOP, ["ray", "down", "-y", config_of(hosts)], UP)
    stops = [hosts.start(number, ["ray", "stop"]) for number in NODES if number != HEAD]
    for command in (down, *stops):
        said, _ = command.communicate(timeout=60)
        assert command.returncode == 0, said
    give_up = time.monotonic() + 30
    while (left := rays(hosts)) and time.monotonic() < give_up:
        time.sleep(0.5)
    assert not left
    hosts.stop()
    assert list(hosts.processes()) == []
