"""Sweep files as plain mappings: YAML without its traps, `--set key=value`, complaints in words.

YAML 1.1 as PyYAML reads it turns `5e-5` into text, `no` into false, `010` into 8, `12:30` into 750,
and lets the second of two equal keys win. Here a number is what Python would read as one, `true`
and `false` are the only truth values, a repeated key is an error, and so is an alias (a short file
of aliases can unfold into gigabytes). This file knows no setting by name.
"""

from __future__ import annotations

import copy
import difflib
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from empathy.errors import UserError

Tree = dict[str, object]


class SettingError(ValueError):
    """A setting that cannot be used: its dotted name, and the rest of the sentence about it."""

    def __init__(self, field: str, complaint: str) -> None:
        super().__init__(f"{field} {complaint}")
        self.field, self.complaint = field, complaint


class StrictLoader(yaml.SafeLoader):
    """YAML's data types and nothing else: text, numbers, true, false, null, lists, mappings."""

    # PyYAML's table of what plain text means: emptied for this class, and filled below. It is the
    # library's own class attribute, so no annotation of ours belongs here.
    yaml_implicit_resolvers = {}  # noqa: RUF012  # PyYAML's own attribute

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            # the stubs of PyYAML leave this method without annotations
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML is untyped
            raise yaml.constructor.ConstructorError(None, None, "aliases are not supported", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                self._refuse(key_node, f"the key {key!r} is not text")
            if key in seen:
                self._refuse(key_node, f"the key '{key}' stands there twice")
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        text = str(node.value)
        number = int(text) if re.fullmatch(r"[-+]?[0-9]{1,18}", text) else float(text)
        if not math.isfinite(number):
            self._refuse(node, f"{text} is too large for a number")
        return number

    def _refuse(self, node: yaml.Node, problem: str) -> None:
        raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$")
TAG = "tag:yaml.org,2002:"
StrictLoader.add_implicit_resolver("!number", NUMBER, list("-+.0123456789"))
StrictLoader.add_implicit_resolver(f"{TAG}bool", re.compile("(?:true|false)$"), ["t", "f"])
StrictLoader.add_implicit_resolver(f"{TAG}null", re.compile("(?:~|null|)$"), ["~", "n", ""])
StrictLoader.yaml_constructors = {
    "!number": StrictLoader.construct_number,
    f"{TAG}bool": StrictLoader.construct_yaml_bool,
    f"{TAG}null": StrictLoader.construct_yaml_null,
    f"{TAG}str": StrictLoader.construct_yaml_str,
    f"{TAG}seq": StrictLoader.construct_yaml_seq,
    f"{TAG}map": StrictLoader.construct_yaml_map,
    None: StrictLoader.construct_undefined,
}


def parse(text: str, source: str) -> object:
    """The value that a YAML text writes down. Raises `UserError` that names `source` and line."""
    try:
        return yaml.load(text, StrictLoader)
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}:" if error.problem_mark else ""
        raise UserError(f"{source}:{line} {one_line(error.problem or error.context)}") from error
    except RecursionError as error:
        raise UserError(f"{source}: nested too deeply to be settings") from error
    except (yaml.YAMLError, LookupError, ValueError, TypeError) as error:
        # Characters that YAML forbids, or an explicit tag with nonsense such as `!!bool 3`.
        raise UserError(f"{source}: not YAML that can be read: {one_line(error)}") from error


def read(path: Path, source: str) -> Tree:
    """The settings in a file. Raises `UserError` if it cannot be read or holds something else."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{source}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except OSError as error:
        raise UserError(f"{source}: cannot be read: {error.strerror or error}") from error
    tree = parse(text, source)
    if not isinstance(tree, dict):
        raise UserError(
            f"{source}: holds {shown(tree)}; a sweep file is made of `key: value` lines"
        )
    return tree


def overridden(tree: Tree, overrides: Sequence[str]) -> tuple[Tree, dict[str, str]]:
    """A copy of `tree` with each `key=value` applied in turn, and its "--set ..." by its key.

    Keys are dotted paths, values are YAML: `data.corpora=[annomi]`, `parameters.beta.max=0.3`.
    Groups that are not there yet are made. Raises `UserError` for what cannot be applied.
    """
    changed, by_key = copy.deepcopy(tree), {}
    for text in overrides:
        key, equals, value = text.partition("=")
        pieces, source = key.strip().split("."), f"--set {one_line(text)[:80]}"
        if not equals or not all(pieces):
            raise UserError(f"{source}: not of the form key=value, such as training.max_steps=4")
        _put(changed, pieces, parse(value, source), source)
        by_key[".".join(pieces)] = source
    return changed, by_key


def _put(tree: Tree, pieces: Sequence[str], value: object, source: str) -> None:
    *groups, last = pieces
    for depth, name in enumerate(groups, start=1):
        inner = tree.get(name)
        if inner is None:
            inner = tree[name] = {}
        if not isinstance(inner, dict):
            place = ".".join(groups[:depth])
            raise UserError(f"{source}: {place} is {shown(inner)} and has no '{pieces[depth]}'")
        tree = inner
    tree[last] = value


def origin(field: str, source: str, by_key: dict[str, str]) -> str:
    """Who wrote a setting: the last --set that touches it, or else the file."""
    for key, override in reversed(by_key.items()):
        if f"{field}.".startswith(f"{key}.") or f"{key}.".startswith(f"{field}."):
            return override
    return source


def nearest(name: str, known: Iterable[str]) -> str:
    """The words "did you mean 'x'? known: x, y, z" for a name that is not among the known."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return (f"did you mean '{close[0]}'? " if close else "") + f"known: {', '.join(names)}"


def shown(value: object) -> str:
    """A value as a message shows it: short, and in YAML's words for null, true and false."""
    words = {None: "null", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return words[value]
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def one_line(message: object) -> str:
    """A message without its line breaks."""
    return " ".join(str(message).split())
