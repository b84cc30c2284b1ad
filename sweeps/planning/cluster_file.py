"""What is missing, misspelt or open in a `ray up` file, said before anything is started.

Ray's own check knows keys and types. It fills what is left out with defaults that are open: a
security group with ssh from everywhere, instance metadata without session tokens, roles that may do
everything, no token, a dashboard for all. Here leaving these out is an error.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from empathy.errors import UserError
from sweeps.planning import aws_file
from sweeps.planning.aws_file import mapping
from sweeps.planning.secret_texts import looks_secret
from sweeps.planning.start_commands import Start, option, starts

TOKEN_FILE = "~/.ray/auth_token"
TOKEN_MODE = ("RAY_AUTH_MODE", "token")
START_COMMANDS = ("head_start_ray_commands", "worker_start_ray_commands")
RAY_S_NOTE = "provider._config_cache_path"  # on the head: a path with a hash, put in by Ray
LOOPBACK = ("127.0.0.1", "localhost")
WIDEST = {4: 8, 6: 16}  # a network with fewer bits in front, by IP version, is the world's


def check(path: Path) -> None:
    """Raises UserError with everything that stands in the way of `ray up`, a line each."""
    text = _text(path)
    complaints = [*complaints_about(_read(path, text)), *_in_comments(text)]
    if complaints:
        raise UserError("\n  ".join([f"{path} is not ready for `ray up`:", *complaints]))


def complaints_about(config: dict[str, Any]) -> Iterator[str]:
    """Everything wrong with a cluster file, a sentence each."""
    yield from _against_schema(config)
    for place, text in _texts(config):
        if _open_to_all(text):
            yield f"{place} lets everybody in ({text}): name the addresses you sit at"
        if place != RAY_S_NOTE and looks_secret(text, place.rpartition(".")[2]):
            yield f"{place} looks like a secret, which every node could read: leave it out"
    yield from _about_token(config)
    if not any(
        "constraints.txt" in c or "make setup" in c for c in _list(config, "setup_commands")
    ):
        yield "setup_commands install nothing within constraints.txt: use `make setup`"
    if mapping(config, "provider").get("type") == "aws":
        yield from aws_file.complaints_about(config)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): name a cluster file") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is no UTF-8: save it as UTF-8") from error


def _read(path: Path, text: str) -> dict[str, Any]:
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(config, dict) or not isinstance(config.get("provider"), dict):
        raise UserError(f"{path} is no cluster file for `ray up`: it names no provider")
    return config


def _in_comments(text: str) -> Iterator[str]:
    """The nodes get the file as it is, too."""
    for number, line in enumerate(text.splitlines(), 1):
        if looks_secret(line.partition("#")[2]):
            yield f"line {number} looks like a secret, which every node could read: leave it out"


def _open_to_all(text: str) -> bool:
    """Whether a text names a network as wide as the world, or a good part of it."""
    for named in re.findall(r"[0-9A-Fa-f.:]+/\d+", text):
        try:
            network = ipaddress.ip_network(named, strict=False)
        except ValueError:  # a path or a share
            continue
        if network.prefixlen < WIDEST[network.version]:
            return True
    return False


def _against_schema(config: dict[str, Any]) -> Iterator[str]:
    """Ray's own check, which `ray up` begins with: keys and types."""
    from click import ClickException
    from jsonschema import ValidationError
    from ray.autoscaler._private.util import prepare_config, validate_config

    try:
        validate_config(prepare_config(config))
    except ValidationError as error:
        yield f"{'.'.join(map(str, error.absolute_path)) or 'the file'}: {error.message}"
    except (ValueError, RuntimeError, ClickException) as error:
        yield str(error)
    except (AttributeError, LookupError, TypeError) as error:
        # Ray fills in defaults before it checks anything, and trips over what is of another form
        yield f"Ray cannot read it ({type(error).__name__}): compare its form with cluster.yaml's"


def _about_token(config: Mapping[str, Any]) -> Iterator[str]:
    if TOKEN_FILE not in mapping(config, "file_mounts"):
        yield f"file_mounts bring no {TOKEN_FILE}: without it nodes have no token to ask for"
    name, mode = TOKEN_MODE
    for key in START_COMMANDS:
        found = _starts(config, key)
        if not found:
            yield f"{key} start no Ray: Ray's own commands would, without a token"
        if any(start.variables.get(name) != mode for start in found):
            yield f"{key} ask for no token: put {name}={mode} before `ray start`"
    for start in _starts(config, START_COMMANDS[0]):
        if option("--dashboard-host", start.options) not in LOOPBACK:
            yield f"{START_COMMANDS[0]} open the dashboard: use --dashboard-host=127.0.0.1"


def _starts(config: Mapping[str, Any], key: str) -> list[Start]:
    """Every `ray start` in a list of commands; none in one that no shell could read."""
    found: list[Start] = []
    for command in _list(config, key):
        try:
            found += starts(command)
        except ValueError:
            continue
    return found


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


def _list(of: Mapping[str, Any], key: str) -> list[str]:
    value = of.get(key)
    return [str(each) for each in value] if isinstance(value, list) else []
