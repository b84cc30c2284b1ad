"""What pydantic found wrong, as one sentence: where, what was given, what is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sweeps.sweepfile.reading import SettingError, nearest, one_line, origin, shown

# What a value should have been, by pydantic's name for the error; {limits} come with the error.
ALLOWED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "path_type": "a folder's path",
    "tuple_type": "a list, such as [a, b]",
    "list_type": "a list, such as [a, b]",
    "too_short": "one entry or more",
    "model_type": "a group of `key: value` lines",
    "dict_type": "a group of `key: value` lines",
    "greater_than": "greater than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "literal_error": "{expected}",
}


def complaint(
    error: ValidationError,
    model: type[BaseModel],
    tree: Mapping[str, object],
    source: str,
    by_key: dict[str, str],
) -> str:
    """The sentence about the first of the errors, keys that nobody knows before all others.

    `tree` is what was validated, `source` the file it is from and `by_key` each "--set ..." by
    its key: a setting that was overridden is blamed on its `--set`.
    """
    errors = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    field, rest = _sentence(errors, model, tree)
    return one_line(f"{origin(field, source, by_key)}: {field} {rest}")


def _sentence(
    errors: list[ErrorDetails], model: type[BaseModel], tree: Mapping[str, object]
) -> tuple[str, str]:
    first = errors[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, SettingError):
        return cause.field, cause.complaint
    path, given = _given(first, tree)
    field = ".".join(map(str, path))
    if first["type"] == "extra_forbidden":
        return field, f"is not a setting; {nearest(str(path[-1]), _known(model, path[:-1]))}"
    if first["type"] == "missing":
        missing = ".".join(map(str, first["loc"]))
        return missing, f"is missing; {nearest('', _known(model, first['loc'][:-1]))}"
    # A value that could have been one of several types has an error for each of them.
    alike = [other for other in errors if _given(other, tree)[0] == path]
    allowed = dict.fromkeys(_allowed(other) for other in alike)
    if "a number" in allowed:
        allowed.pop("a whole number", None)
    return field, f"is {shown(given)}; it must be {' or '.join(allowed)}"


def _given(error: ErrorDetails, tree: object) -> tuple[tuple[int | str, ...], object]:
    """The part of an error's location that stands in the file, and the value that stands there.

    pydantic's location goes on with the names of the types it tried.
    """
    path: list[int | str] = []
    for key in error["loc"]:
        inside = isinstance(tree, Mapping) and key in tree
        if not inside and not (isinstance(tree, list) and isinstance(key, int)):
            break
        tree = cast(Any, tree)[key]
        path.append(key)
    return tuple(path), tree


def _allowed(error: ErrorDetails) -> str:
    pattern = ALLOWED.get(error["type"])
    if pattern is None:
        message = error["msg"].removeprefix("Input should be ")
        return message[:1].lower() + message[1:]
    return pattern.format(**error.get("ctx", {}))


def _known(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """The keys that a file may have at `path`."""
    for key in path:
        field = model.model_fields.get(str(key))
        # What is no field is the name of a parameter: the keys are those of any parameter.
        if field is not None:
            model = next(_models(field.annotation), model)
    return [name for name in model.model_fields if name != "name" or path]


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """The groups of settings inside a type such as `dict[str, Parameter]` or `Group | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
