"""What is missing, misspelt or open in a `ray up` file, said before anything is started.

Ray's own check knows keys and types. It fills what is left out with defaults that are open: a
security group with ssh from everywhere, instance metadata without session tokens, roles that may do
everything, no token, a dashboard for all. Here leaving these out is an error.

Sources: ray/autoscaler/_private/aws/config.py, ray/autoscaler/aws/defaults.yaml (Ray 2.60).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from empathy.errors import UserError

UNFILLED = "<FILL IN"
TOKEN_FILE = "~/.ray/auth_token"
TOKEN_MODE = "RAY_AUTH_MODE=token"
START_COMMANDS = ("head_start_ray_commands", "worker_start_ray_commands")
EVERYWHERE = ("0.0.0.0/0", "::/0")
# Keys that AWS gives out, private keys, and NAME=value where the name says that it is one.
SECRET = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b\w*(?:SECRET|PASSWORD|API_KEY|ACCESS_KEY|AUTH_TOKEN|HF_TOKEN)=\S"
)


def check(path: Path) -> None:
    """Raises UserError with everything that stands in the way of `ray up`, a line each."""
    complaints = list(complaints_about(_read(path)))
    if complaints:
        raise UserError("\n  ".join([f"{path} is not ready for `ray up`:", *complaints]))


def complaints_about(config: dict[str, Any]) -> Iterator[str]:
    """Everything wrong with a cluster file, a sentence each."""
    yield from _against_schema(config)
    texts = dict(_texts(config))
    for place, text in texts.items():
        if text.startswith(UNFILLED):
            wanted = text.strip("<>").removeprefix("FILL IN ")
            if place.startswith("metadata.") or text not in _metadata(texts):
                yield f"{place} is not filled in; it takes {wanted}"
        if any(open_to in text for open_to in EVERYWHERE):
            yield f"{place} lets everybody in ({text}): name the addresses you sit at"
        if SECRET.search(text):
            yield f"{place} looks like a secret, which every node could read: leave it out"
    yield from _about_token(config)
    if not any(
        "constraints.txt" in c or "make setup" in c for c in _list(config, "setup_commands")
    ):
        yield "setup_commands install nothing within constraints.txt: use `make setup`"
    if _mapping(config, "provider").get("type") == "aws":
        yield from _about_aws(config)


def _read(path: Path) -> dict[str, Any]:
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): name a cluster file") from error
    except yaml.YAMLError as error:
        raise UserError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(config, dict) or not isinstance(config.get("provider"), dict):
        raise UserError(f"{path} is no cluster file for `ray up`: it names no provider")
    return config


def _against_schema(config: dict[str, Any]) -> Iterator[str]:
    """Ray's own check, which `ray up` begins with: keys and types."""
    from jsonschema import ValidationError
    from ray.autoscaler._private.util import prepare_config, validate_config

    try:
        validate_config(prepare_config(config))
    except ValidationError as error:
        yield f"{'.'.join(map(str, error.absolute_path)) or 'the file'}: {error.message}"
    except (ValueError, RuntimeError) as error:
        yield str(error)


def _about_token(config: Mapping[str, Any]) -> Iterator[str]:
    if TOKEN_FILE not in _mapping(config, "file_mounts"):
        yield f"file_mounts bring no {TOKEN_FILE}: without it nodes have no token to ask for"
    for key in START_COMMANDS:
        starts = [command for command in _list(config, key) if "ray start" in command]
        if not starts:
            yield f"{key} start no Ray: Ray's own commands would, without a token"
        if any(TOKEN_MODE not in command for command in starts):
            yield f"{key} ask for no token: put {TOKEN_MODE} before `ray start`"
    for command in _list(config, START_COMMANDS[0]):
        host = re.search(r"--dashboard-host[= ](\S+)", command)
        if "ray start" in command and (host is None or host[1] not in {"127.0.0.1", "localhost"}):
            yield f"{START_COMMANDS[0]} open the dashboard: use --dashboard-host=127.0.0.1"


def _about_aws(config: Mapping[str, Any]) -> Iterator[str]:
    if "security_group" in _mapping(config, "provider"):
        yield (
            "provider.security_group gets a rule for ssh from everywhere added by Ray: make the "
            "group yourself and name it in SecurityGroupIds"
        )
    for name, kind in _mapping(config, "available_node_types").items():
        node, place = _mapping(kind, "node_config"), f"available_node_types.{name}.node_config"
        if not node.get("SecurityGroupIds"):
            yield f"{place} has no SecurityGroupIds: Ray would make a group open to everybody"
        if not node.get("SubnetIds"):
            yield f"{place} has no SubnetIds: Ray would choose one"
        if not node.get("IamInstanceProfile"):
            yield f"{place} has no IamInstanceProfile: the head's would be one that may do anything"
        if not str(node.get("ImageId", "")).startswith(("ami-", UNFILLED)):
            yield f"{place}.ImageId is no ami-...: Ray would take one of its own choice"
        if _mapping(node, "MetadataOptions").get("HttpTokens") != "required":
            yield f"{place}.MetadataOptions.HttpTokens must be 'required' (IMDSv2)"


def _texts(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """(dotted place, text) of every text in the file."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{place}[{number}]")


def _metadata(texts: Mapping[str, str]) -> set[str]:
    """What stands in the one place to fill in: told of once, not at each use."""
    return {text for place, text in texts.items() if place.startswith("metadata.")}


def _mapping(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = of.get(key)
    return value if isinstance(value, Mapping) else {}


def _list(of: Mapping[str, Any], key: str) -> list[str]:
    value = of.get(key)
    return [str(each) for each in value] if isinstance(value, list) else []
