"""What is unfilled or open in a `ray up` file for AWS.

Sources: ray/autoscaler/_private/aws/config.py, ray/autoscaler/aws/defaults.yaml (Ray 2.60).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

UNFILLED = "<FILL IN"
RAY_S_PROFILE = "ray-autoscaler-v1"  # which Ray makes, and which may do anything


class Field(NamedTuple):
    """What a user fills in."""

    form: str
    takes: str


REGION = Field(r"[a-z]{2}(-[a-z]+)+-\d+", "a region")
IMAGE = Field(r"ami-[0-9a-f]{8,17}", "the id of a machine image, ami- and digits")
SUBNET = Field(r"subnet-[0-9a-f]{8,17}", "the id of a private subnet, subnet- and digits")
GROUP = Field(r"sg-[0-9a-f]{8,17}", "the id of a security group, sg- and digits")
PROFILE = Field(r"(?!.*\.\.)[\w+=,.@-]+", "the name of an instance profile")
FIELDS = {
    "region": REGION,
    "head_image": IMAGE,
    "gpu_image": IMAGE,
    "subnet": SUBNET,
    "security_group": GROUP,
    "head_profile": PROFILE,
    "gpu_profile": PROFILE,
}


def complaints_about(config: Mapping[str, Any]) -> Iterator[str]:
    """Everything wrong with a file whose provider is AWS, a sentence each."""
    metadata = mapping(config, "metadata")
    unfilled = {name: FIELDS.get(name) for name in metadata if not _filled(name, metadata[name])}
    if unfilled:
        wanted = [f"metadata.{name} ({field.takes})" for name, field in unfilled.items() if field]
        wanted += [f"metadata.{name}" for name, field in unfilled.items() if not field]
        yield f"not filled in: {', '.join(wanted)}"
    said = [metadata[name] for name in unfilled]
    for place, field, value in _uses(config):
        if value not in said and not fits(field, value):
            yield f"{place} is {value!r}; it takes {field.takes}"
    yield from _about_provider(mapping(config, "provider"))
    profiles: dict[str, object] = {}
    for name, kind in mapping(config, "available_node_types").items():
        node, place = mapping(kind, "node_config"), f"available_node_types.{name}.node_config"
        profiles[name] = _profile(node)
        yield from _about_machine(node, place)
        if name == config.get("head_node_type") and "InstanceMarketOptions" in node:
            yield f"{place}.InstanceMarketOptions: a head on spot ends the sweep when it is taken"
    head = profiles.pop(str(config.get("head_node_type")), None)
    for name, profile in profiles.items():
        if profile == head and profile not in said:
            yield (
                f"available_node_types.{name} has the head's instance profile, which may start "
                "machines: give workers one that may use the results bucket and nothing else"
            )


def fits(field: Field, value: object) -> bool:
    """Whether a value has the form of a field."""
    return isinstance(value, str) and re.fullmatch(field.form, value) is not None


def mapping(of: object, key: str) -> Mapping[str, Any]:
    """The mapping under a key, empty where there is none."""
    value = of.get(key) if isinstance(of, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _filled(name: str, value: object) -> bool:
    if name in FIELDS:
        return fits(FIELDS[name], value)
    return bool(value) and not str(value).startswith(UNFILLED)


def _uses(config: Mapping[str, Any]) -> Iterator[tuple[str, Field, object]]:
    """(place, field, value) of what the fields are carried on to."""
    yield "provider.region", REGION, mapping(config, "provider").get("region")
    for name, kind in mapping(config, "available_node_types").items():
        node, place = mapping(kind, "node_config"), f"available_node_types.{name}.node_config"
        yield f"{place}.ImageId", IMAGE, node.get("ImageId")
        for key, field in (("SubnetIds", SUBNET), ("SecurityGroupIds", GROUP)):
            values = node.get(key)
            for value in values if isinstance(values, list) and values else [None]:
                yield f"{place}.{key}", field, value
        yield f"{place}.IamInstanceProfile", PROFILE, _profile(node)


def _profile(node: Mapping[str, Any]) -> object:
    """The name of a machine's instance profile."""
    given = mapping(node, "IamInstanceProfile")
    return given["Name"] if "Name" in given else str(given.get("Arn", "")).rpartition("/")[2]


def _about_provider(provider: Mapping[str, Any]) -> Iterator[str]:
    if "security_group" in provider:
        yield (
            "provider.security_group gets a rule for ssh from everywhere added by Ray: make the "
            "group yourself and name it in SecurityGroupIds"
        )
    if provider.get("use_internal_ips") is not True:
        yield "provider.use_internal_ips must be true: Ray would reach nodes at public addresses"


def _about_machine(node: Mapping[str, Any], place: str) -> Iterator[str]:
    for key in ("NetworkInterfaces", "LaunchTemplate"):
        if key in node:
            yield (
                f"{place}.{key} may give a public address or another group: name SubnetIds and "
                "SecurityGroupIds alone"
            )
    if _profile(node) == RAY_S_PROFILE:
        yield f"{place}.IamInstanceProfile is Ray's own, which may do anything: make one"
    options = mapping(node, "MetadataOptions")
    if options.get("HttpTokens") != "required":
        yield f"{place}.MetadataOptions.HttpTokens must be 'required' (IMDSv2)"
    if options.get("HttpPutResponseHopLimit") != 1:
        yield (
            f"{place}.MetadataOptions.HttpPutResponseHopLimit must be 1: credentials are for the "
            "machine, not for what it passes packets on to"
        )
