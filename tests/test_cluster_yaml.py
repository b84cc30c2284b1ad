"""cluster.yaml: closed, pinned, as Ray wants it; and that each way of opening it is noticed.

python -m pytest tests/test_cluster_yaml.py
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.autoscaler.v2.instance_manager.config import AutoscalingConfig
from ray.autoscaler.v2.scheduler import ResourceDemandScheduler, SchedulingRequest
from ray.autoscaler.v2.utils import ResourceRequestUtil

import launch
from empathy.errors import UserError
from sweeps.planning import cluster_file

ROOT = Path(__file__).parent.parent
PATH = ROOT / "cluster.yaml"
TEXT = PATH.read_text(encoding="utf-8")
FILLED = {
    "region": "eu-central-1",
    "head_image": "ami-0123456789abcdef0",
    "gpu_image": "ami-0123456789abcdef1",
    "subnet": "subnet-0123456789abcdef0",
    "security_group": "sg-0123456789abcdef0",
    "head_profile": "empathy-head",
    "gpu_profile": "empathy-gpu",
}
Config = dict[str, Any]


def filled(**others: object) -> Config:
    """The file as a user leaves it: every line with a placeholder filled in, none other touched."""
    fill = {**FILLED, **others}
    text = re.sub(
        r"^(  (\w+): &\w+ )<FILL IN .*>$",
        lambda m: m[1] + ("" if fill[m[2]] is None else json.dumps(fill[m[2]])),
        TEXT,
        flags=re.M,
    )
    config: Config = yaml.safe_load(text)
    return config


def nodes(config: Config) -> dict[str, Any]:
    return {name: kind["node_config"] for name, kind in config["available_node_types"].items()}


def test_ray_s_own_check_takes_the_file() -> None:
    config = prepare_config(filled())
    validate_config(config)
    assert config["max_workers"] == 8


def test_a_filled_file_is_ready(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(filled()))
    assert launch.main(["--check-cluster", str(path)]) == 0
    assert capsys.readouterr().out == f"{path} is ready for `ray up`\n"


def test_the_file_as_shipped_is_refused_and_says_what_to_fill_in(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert launch.main(["--check-cluster", str(PATH)]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0] == f"launch.py: {PATH} is not ready for `ray up`:"
    (sentence,) = told[1:]
    assert re.findall(r"metadata\.(\w+) \(", sentence) == list(FILLED)


HINTS = {
    "image": "ami-...",
    "subnet": "subnet-...",
    "group": "sg-...",
    "region": "eu-...",
    "profile": "...",
}


@pytest.mark.parametrize("left", ["", "null", "~", "''", "<FILL IN>", "hint"])
def test_what_is_empty_or_a_hint_is_not_filled_in(left: str, tmp_path: Path) -> None:
    """Typed into the file, as YAML then reads it, and all named in one sentence."""
    path, text = tmp_path / "mine.yaml", TEXT
    for name in FILLED:
        typed = HINTS[name.rpartition("_")[2]] if left == "hint" else left
        text = re.sub(rf"(&{name} )<FILL IN .*>$", rf"\g<1>{typed}", text, flags=re.M)
    path.write_text(text)
    with pytest.raises(UserError) as refused:
        cluster_file.check(path)
    sentences = str(refused.value).splitlines()[1:]
    (sentence,) = [each for each in sentences if "not filled in: " in each]
    assert re.findall(r"metadata\.(\w+) \(", sentence) == list(FILLED)


@pytest.mark.parametrize("name", FILLED)
def test_one_placeholder_is_enough_to_be_refused(name: str) -> None:
    config = filled()
    config["metadata"][name] = yaml.safe_load(TEXT)["metadata"][name]
    (told,) = cluster_file.complaints_about(config)
    assert re.match(rf"not filled in: metadata\.{name} \([^)]+\)$", told)


@pytest.mark.parametrize("name", FILLED)
@pytest.mark.parametrize("value", [None, "", "ami-...", "subnet-...", "sg-...", "<FILL IN>", 7])
def test_one_field_left_empty_or_a_hint_is_enough_to_be_refused(name: str, value: object) -> None:
    complaints = list(cluster_file.complaints_about(filled(**{name: value})))
    assert any(re.match(rf"not filled in: metadata\.{name} ", each) for each in complaints)


def test_fields_written_where_they_are_used_are_asked_for_there() -> None:
    config = filled()
    del config["metadata"]
    assert list(cluster_file.complaints_about(config)) == []
    head(config).update(SubnetIds=[None], ImageId="ami-...")
    assert list(cluster_file.complaints_about(config)) == [
        "available_node_types.head.node_config.ImageId is 'ami-...'; "
        "it takes the id of a machine image, ami- and digits",
        "available_node_types.head.node_config.SubnetIds is None; "
        "it takes the id of a private subnet, subnet- and digits",
    ]


def test_everything_to_fill_in_stands_in_one_place() -> None:
    start, end = TEXT.index("metadata:"), TEXT.index("# -- machines")
    assert "<FILL IN" not in TEXT[:start] + TEXT[end:]
    assert TEXT[start:end].count("<FILL IN") == len(FILLED)
    assert not re.search(r"\b(?:ami|subnet|sg|vpc)-[0-9a-f]{6}|\$\d|USD|EUR", TEXT)  # nor invented


def test_the_head_is_a_cpu_on_demand_and_workers_are_spot_before_on_demand() -> None:
    config = filled()
    kinds, machines = config["available_node_types"], nodes(config)
    assert config["head_node_type"] == "head"
    assert [n for n, m in machines.items() if "InstanceMarketOptions" in m] == ["gpu_spot"]
    assert machines["gpu_spot"]["InstanceMarketOptions"] == {"MarketType": "spot"}
    assert machines["gpu_spot"]["InstanceType"] == machines["gpu_on_demand"]["InstanceType"]
    assert machines["head"]["InstanceType"].startswith("m")
    assert kinds["gpu_spot"]["priority"] > kinds["gpu_on_demand"]["priority"]
    assert (kinds["head"]["max_workers"], kinds["gpu_spot"]["min_workers"]) == (0, 0)
    assert 0 < config["idle_timeout_minutes"] <= 15


def test_every_machine_is_closed() -> None:
    config = filled()
    for machine in nodes(config).values():
        assert machine["SecurityGroupIds"] == [FILLED["security_group"]]
        assert machine["SubnetIds"] == [FILLED["subnet"]]
        assert machine["MetadataOptions"]["HttpTokens"] == "required"
        assert machine["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
        assert all(disk["Ebs"]["Encrypted"] for disk in machine["BlockDeviceMappings"])
    profiles = {name: machine["IamInstanceProfile"] for name, machine in nodes(config).items()}
    assert profiles["head"] == {"Name": "empathy-head"}
    assert profiles["gpu_spot"] == profiles["gpu_on_demand"] == {"Name": "empathy-gpu"}
    assert config["provider"]["use_internal_ips"] is True
    assert "security_group" not in config["provider"]


def test_ray_asks_for_the_token_and_its_dashboard_listens_on_loopback() -> None:
    config = filled()
    head, worker = (config[key] for key in cluster_file.START_COMMANDS)
    for commands in (head, worker):
        (start,) = [command for command in commands if "ray start" in command]
        assert "RAY_AUTH_MODE=token ray start" in re.sub(r"RAY_health\S+ ", "", start)
    assert "--dashboard-host=127.0.0.1" in head[-1]
    assert config["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"


def test_what_is_installed_is_pinned_and_the_extras_exist() -> None:
    (install,) = [c for c in filled()["setup_commands"] if "make" in c]
    wanted = re.findall(r"make setup EXTRAS=([\w,]+)", install)[0].split(",")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(wanted) <= set(project["optional-dependencies"])
    assert "-c constraints.txt" in (ROOT / "Makefile").read_text()


def opened(config: Config) -> None:
    config["provider"]["security_group"] = {
        "IpPermissions": [
            {"FromPort": 22, "ToPort": 22, "IpProtocol": "tcp",
             "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        ]
    }  # fmt: skip


def head(config: Config) -> Config:
    found: Config = config["available_node_types"]["head"]["node_config"]
    return found


def replaced(key: str, old: str, new: str) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        before = copy.copy(config[key])
        config[key] = [command.replace(old, new) for command in before]
        assert config[key] != before

    return change


def added(command: str) -> Callable[[Config], None]:
    return lambda config: config["setup_commands"].append(command)


MUTATIONS: dict[str, tuple[Callable[[Config], None], str]] = {
    "a typo in a key": (
        lambda c: c.update(idle_timeout_minuts=5),
        "idle_timeout_minuts",
    ),
    "a typo in a node type": (
        lambda c: c["available_node_types"]["gpu_spot"].update(min_worker=1),
        "min_worker",
    ),
    "a type": (lambda c: c.update(max_workers="many"), "max_workers: 'many' is not of type"),
    "a head of no type": (lambda c: c.update(head_node_type="haed"), "`head_node_type` must be"),
    "ssh from everywhere": (opened, r"IpRanges\[0\].CidrIp lets everybody in \(0.0.0.0/0\)"),
    "a group that Ray opens": (opened, "provider.security_group gets a rule for ssh"),
    "no group": (lambda c: head(c).pop("SecurityGroupIds"), "node_config.SecurityGroupIds is N"),
    "no subnet": (lambda c: head(c).pop("SubnetIds"), "head.node_config.SubnetIds is None"),
    "no role": (lambda c: head(c).pop("IamInstanceProfile"), "node_config.IamInstanceProfile is"),
    "IMDSv1": (
        lambda c: head(c)["MetadataOptions"].update(HttpTokens="optional"),
        "HttpTokens must be 'required'",
    ),
    "no metadata options": (lambda c: head(c).pop("MetadataOptions"), "HttpTokens must be"),
    "no image": (lambda c: head(c).update(ImageId=""), "head.node_config.ImageId is ''"),
    "a moving image": (lambda c: head(c).update(ImageId="latest"), "ImageId is 'latest'"),
    "a head without token": (
        replaced("head_start_ray_commands", "RAY_AUTH_MODE=token", ""),
        "head_start_ray_commands ask for no token",
    ),
    "workers without token": (
        replaced("worker_start_ray_commands", "RAY_AUTH_MODE=token", "RAY_AUTH_MODE=disabled"),
        "worker_start_ray_commands ask for no token",
    ),
    "Ray's own start": (lambda c: c.pop("worker_start_ray_commands"), "start no Ray"),
    "no token file": (lambda c: c["file_mounts"].pop("~/.ray/auth_token"), "bring no ~/.ray/auth"),
    "an open dashboard": (
        replaced("head_start_ray_commands", "127.0.0.1", "0.0.0.0"),
        "open the dashboard",
    ),
    "a dashboard not spoken of": (
        replaced("head_start_ray_commands", "--dashboard-host=127.0.0.1", ""),
        "open the dashboard",
    ),
    "no pins": (
        lambda c: c.update(setup_commands=["pip install ray"]),
        "install nothing within constraints.txt",
    ),
    "half the world": (
        added("aws ec2 authorize-security-group-ingress --cidr 0.0.0.0/1"),
        r"setup_commands\[2\] lets everybody in",
    ),
    "public addresses": (
        lambda c: c["provider"].update(use_internal_ips=False),
        "provider.use_internal_ips must be true",
    ),
    "public addresses by default": (
        lambda c: c["provider"].pop("use_internal_ips"),
        "provider.use_internal_ips must be true",
    ),
    "an interface with a public address": (
        lambda c: head(c).update(
            NetworkInterfaces=[{"DeviceIndex": 0, "AssociatePublicIpAddress": True}]
        ),
        "head.node_config.NetworkInterfaces may give a public address",
    ),
    "a template": (
        lambda c: head(c).update(LaunchTemplate={"LaunchTemplateName": "x"}),
        "head.node_config.LaunchTemplate may give a public address",
    ),
    "metadata for others": (
        lambda c: head(c)["MetadataOptions"].update(HttpPutResponseHopLimit=64),
        "HttpPutResponseHopLimit must be 1",
    ),
    "a head on spot": (
        lambda c: head(c).update(InstanceMarketOptions={"MarketType": "spot"}),
        "a head on spot ends the sweep",
    ),
    "Ray's own profile": (
        lambda c: head(c).update(IamInstanceProfile={"Name": "ray-autoscaler-v1"}),
        "IamInstanceProfile is Ray's own, which may do anything",
    ),
    "Ray's own profile by its ARN": (
        lambda c: head(c).update(
            IamInstanceProfile={"Arn": "arn:aws:iam::1:instance-profile/ray-autoscaler-v1"}
        ),
        "IamInstanceProfile is Ray's own, which may do anything",
    ),
    "the head's profile for workers": (
        lambda c: nodes(c)["gpu_spot"].update(IamInstanceProfile={"Name": "empathy-head"}),
        "available_node_types.gpu_spot has the head's instance profile",
    ),
    "no such mode": (
        replaced("worker_start_ray_commands", "RAY_AUTH_MODE=token", "RAY_AUTH_MODE=tokens"),
        "worker_start_ray_commands ask for no token",
    ),
    "a mode that is only spoken of": (
        replaced("head_start_ray_commands", "RAY_AUTH_MODE=token", "echo RAY_AUTH_MODE=token;"),
        "head_start_ray_commands ask for no token",
    ),
    "loopback that is only spoken of": (
        replaced("head_start_ray_commands", "--dashboard-host", "# --dashboard-host"),
        "open the dashboard",
    ),
    "a token in a command": (
        replaced("head_start_ray_commands", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN=abc RAY_AUTH_MODE"),
        r"head_start_ray_commands\[1\] looks like a secret",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "told"), MUTATIONS.values(), ids=MUTATIONS)
def test_a_file_opened_or_misspelt_is_refused(change: Callable[[Config], None], told: str) -> None:
    config = filled()
    change(config)
    complaints = list(cluster_file.complaints_about(config))
    assert any(re.search(told, complaint) for complaint in complaints), complaints


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "is no YAML"),
        ("- 1", "is no cluster file for `ray up`: it names no provider"),
        ("cluster_name: x", "it names no provider"),
    ],
)
def test_what_is_no_cluster_file_is_refused_in_a_sentence(
    text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    assert launch.main(["--check-cluster", str(path)]) == 2
    assert told in capsys.readouterr().err


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert launch.main(["--check-cluster", "nowhere.yaml"]) == 2
    assert "nowhere.yaml cannot be read (No such file or directory)" in capsys.readouterr().err


def test_other_options_beside_it_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for extra in (["--dry-run"], ["--address", "auto"], ["--set", "a=b"], ["--out", "x"]):
        assert launch.main(["--check-cluster", str(PATH), *extra]) == 2
        assert "takes no other option" in capsys.readouterr().err


def launched_for_a_gpu(exhausted: str | None) -> list[str]:
    """The node types that Ray's autoscaler starts for a LaneHost's GPU, `exhausted` being out."""
    config = prepare_config(filled())
    for name, kind in config["available_node_types"].items():  # as AWS would tell
        kind["resources"] = {"CPU": 4} if name == "head" else {"CPU": 4, "GPU": 1}
    kinds = AutoscalingConfig(config, skip_content_hash=True).get_node_type_configs()
    gpu = ResourceRequestUtil.group_by_count([ResourceRequestUtil.make({"GPU": 1, "CPU": 0.5})])
    request = SchedulingRequest(
        disable_launch_config_check=True,
        node_type_configs=kinds,
        max_num_nodes=config["max_workers"],
        resource_requests=gpu,
        recoverable_resource_availabilities={exhausted: 0.0} if exhausted else {},
    )
    reply = ResourceDemandScheduler(event_logger=None).schedule(request)
    return [launch.instance_type for launch in reply.to_launch]


def test_ray_s_autoscaler_takes_spot_and_goes_on_demand_when_there_is_none() -> None:
    assert launched_for_a_gpu(exhausted=None) == ["gpu_spot"]
    assert launched_for_a_gpu(exhausted="gpu_spot") == ["gpu_on_demand"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"cluster_name: \xff\n", "is no UTF-8"),
        (b"provider: {type: local, head_ip: 1}\n", "Please supply a `head_ip`"),
        (b"provider: {type: aws}\navailable_node_types: [1]\n", "Ray cannot read it (IndexError)"),
    ],
)
def test_what_ray_would_trip_over_is_a_sentence(
    content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cluster.yaml").write_bytes(content)
    assert launch.main(["--check-cluster", str(tmp_path / "cluster.yaml")]) == 2
    assert said in capsys.readouterr().err


def test_the_head_s_copy_with_ray_s_own_note_passes() -> None:
    config = filled()
    config["provider"]["_config_cache_path"] = f"/tmp/ray-config-{'0123456789' * 4}"
    assert not list(cluster_file.complaints_about(config))
