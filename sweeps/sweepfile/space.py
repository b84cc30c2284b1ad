"""One searched parameter, in Weights & Biases' words, held against the setting of that name.

    beta:          {distribution: log_uniform_values, min: 0.05, max: 0.5}
    lora_rank:     {values: [8, 16, 32]}
    weight_decay:  {value: 0.01}          # not searched, only set

Without `distribution`, `value` is constant, `values` categorical, and `min`/`max` uniform: over
whole numbers if the setting is a whole number.
"""

from __future__ import annotations

from typing import Annotated, Literal, cast, get_origin

from pydantic import Field, ValidationError

from empathy.settings import Section, TrialSettings
from sweeps.sweepfile.reading import SettingError, nearest, shown

Scalar = bool | int | float | str
Distribution = Literal["uniform", "log_uniform_values", "int_uniform", "categorical", "constant"]
FORMS = "one of `value`, `values`, or `min` with `max`"
FORM_OF: dict[Distribution, str] = {
    "constant": "value",
    "categorical": "values",
    "uniform": "min and max",
    "log_uniform_values": "min and max",
    "int_uniform": "min and max",
}


class Parameter(Section):
    """Where the values of one searched setting come from."""

    distribution: Distribution | None = None
    """How values between `min` and `max` are drawn; None: see the top of this file."""
    value: Scalar | None = None
    """The one value of a parameter that is not searched."""
    values: Annotated[tuple[Scalar, ...], Field(min_length=1)] | None = None
    """The values to choose from."""
    min: int | float | None = None
    """Lower end, included."""
    max: int | float | None = None
    """Upper end, included."""

    @property
    def form(self) -> str | None:
        """The keys that say where values come from; None if there are too few or too many."""
        forms = {("value",): "value", ("values",): "values", ("min", "max"): "min and max"}
        return forms.get(self.given)

    @property
    def given(self) -> tuple[str, ...]:
        """Those of the four keys that hold something."""
        keys = ("value", "values", "min", "max")
        return tuple(key for key in keys if getattr(self, key) is not None)

    @property
    def choices(self) -> tuple[Scalar, ...] | None:
        """All values there are, or None for a range."""
        if self.value is not None:
            return (self.value,)
        return self.values

    @property
    def ends(self) -> tuple[Scalar, ...]:
        """All values there are, or the two ends of the range."""
        if self.choices is not None:
            return self.choices
        return tuple(end for end in (self.min, self.max) if end is not None)

    @property
    def searched(self) -> bool:
        """Whether trials can differ in it."""
        return self.choices is None or len(self.choices) > 1


def kind(name: str) -> Literal["whole", "number", "word"]:
    """What values the trial setting `name` takes."""
    annotation = TrialSettings.model_fields[name].annotation
    if annotation is int:
        return "whole"
    return "word" if get_origin(annotation) is Literal else "number"


def distribution(name: str, parameter: Parameter) -> Distribution:
    """The distribution that is given, or the one that is meant."""
    if parameter.distribution is not None:
        return parameter.distribution
    if parameter.choices is not None:
        return "constant" if parameter.value is not None else "categorical"
    return "int_uniform" if kind(name) == "whole" else "uniform"


def continuous(name: str, parameter: Parameter) -> bool:
    """Whether there are more values than one could list."""
    return parameter.choices is None and distribution(name, parameter) != "int_uniform"


def check(name: str, parameter: Parameter) -> None:
    """Raises `SettingError` unless each value of the parameter is one its setting can have."""
    field = f"parameters.{name}"
    if name not in TrialSettings.model_fields:
        raise SettingError(
            field, f"is no setting of a trial; {nearest(name, TrialSettings.model_fields)}"
        )
    if parameter.form is None:
        raise SettingError(
            field,
            f"needs {FORMS}, and has {' and '.join(parameter.given) or 'none'}; "
            f"or --set 'parameters.{name}={{values: [...]}}' replaces it whole",
        )
    drawn = distribution(name, parameter)
    if FORM_OF[drawn] != parameter.form:
        raise SettingError(
            f"{field}.distribution",
            f"is '{drawn}', which needs {FORM_OF[drawn]}, but {parameter.form} is given",
        )
    if parameter.choices is None:
        _check_range(name, parameter, drawn)
    else:
        _check_choices(name, parameter.choices, f"{field}.{parameter.form}")


def _check_range(name: str, parameter: Parameter, drawn: Distribution) -> None:
    field = f"parameters.{name}"
    low, high = cast(float, parameter.min), cast(float, parameter.max)
    if kind(name) == "word" or (kind(name) == "whole" and drawn != "int_uniform"):
        allowed = "`values`" if kind(name) == "word" else "`values` or int_uniform"
        raise SettingError(
            field,
            f"is a range of type {drawn}, but {name} is a {kind(name)}"
            f"{' number' if kind(name) == 'whole' else ''}; use {allowed}",
        )
    if drawn == "int_uniform" and not (isinstance(low, int) and isinstance(high, int)):
        raise SettingError(field, f"goes from {low} to {high}; int_uniform needs whole numbers")
    if low >= high:
        raise SettingError(
            field,
            f"goes from min {low} to max {high}; min must be smaller than max "
            f"(for a single value use `value`)",
        )
    if drawn == "log_uniform_values" and low <= 0:
        raise SettingError(f"{field}.min", f"is {low}; a log range must start above 0")
    for end, number in (("min", low), ("max", high)):
        _check_value(name, number, f"{field}.{end}")


def _check_choices(name: str, choices: tuple[Scalar, ...], field: str) -> None:
    repeated = [choice for index, choice in enumerate(choices) if choice in choices[:index]]
    if repeated:
        raise SettingError(field, f"holds {shown(repeated[0])} twice; name each value once")
    for choice in choices:
        _check_value(name, choice, field)


def _check_value(name: str, value: Scalar, field: str) -> None:
    try:
        TrialSettings.model_validate({name: value}, strict=True)
    except ValidationError as error:
        complaint = error.errors()[0]["msg"].removeprefix("Input should be ")
        complaint = complaint.replace("a valid integer", "a whole number").replace("a valid ", "a ")
        raise SettingError(field, f"holds {shown(value)}; {name} must be {complaint}") from error
