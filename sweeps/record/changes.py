"""What may differ between a sweep and its resumption, and what would mix two sweeps into one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from empathy.errors import UserError
from sweeps.record.resumption import Earlier
from sweeps.sweepfile.reading import shown
from sweeps.sweepfile.spec import SweepSpec

MAY_CHANGE = {
    "description": "words",
    "run_cap": "more or fewer trials; those that were begun stay",
    "finalists": "chosen when the search is over",
    "judges": "asked when the search is over",
    "resources": "where it runs; another precision shows in the weights below",
    "engine": "the same losses; a checkpoint of one goes on in the other",
    "zero": "over how many devices; a checkpoint knows nothing of them",
    "tracking.mode": "results are on disk whoever else hears of them",
    "data.folder": "where the corpora lie; what they hold is compared below",
    "data.file": "where your own dialogues lie; what they are is compared below",
}
"""Settings, or groups of them, that a resumed sweep may have other than before, and why."""

SAME_WEIGHTS = ("name", "revision", "sha256", "head", "dtype", "quantization")
"""What of the manifest's `weights` must be the same. The folder they lie in may not."""


class Difference(NamedTuple):
    """A setting or fact that is not what it was; `ABSENT` where it is on one side alone."""

    key: str
    before: object
    now: object

    def __str__(self) -> str:
        return f"{self.key} was {_word(self.before)}, is {_word(self.now)}"


ABSENT = object()


def differences(before: object, now: object, key: str = "") -> Iterator[Difference]:
    """Leaf by leaf, by dotted name; a list is a leaf."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys([*before, *now]):
            inner = f"{key}.{name}" if key else str(name)
            yield from differences(before.get(name, ABSENT), now.get(name, ABSENT), inner)
    elif before != now:
        yield Difference(key, before, now)


def changed_settings(earlier: Earlier, spec: SweepSpec) -> list[Difference]:
    """All settings that differ from those that the sweep was started with."""
    return list(differences(earlier.manifest["settings"], spec.model_dump(mode="json")))


def check_settings(earlier: Earlier, spec: SweepSpec) -> None:
    """Raises `UserError` with the list of differences, unless all of them may be."""
    refused = [each for each in changed_settings(earlier, spec) if not _may(each.key)]
    if refused:
        raise UserError(
            "--resume goes on with the settings that the sweep was started with, and these differ; "
            f"take them back, or start another sweep in another --out:{_listed(refused)}"
        )


def check_facts(earlier: Earlier, facts: Mapping[str, Any]) -> None:
    """Raises `UserError` where data or weights are not those of the trials that there are.

    `facts` are the prepared study's. A sweep that was cut off before it noted any may have others.
    """
    refused = other_facts(earlier.manifest, facts)
    if refused:
        raise UserError(
            "--resume goes on with the data and the base model of the trials that there are, and "
            f"these differ; bring them back, or start another sweep in another --out:"
            f"{_listed(refused)}"
        )


def other_facts(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """Where data or weights of a study are not those of another; `before` may lack them."""
    found: list[Difference] = []
    for name in ("data", "weights"):
        if name in before:
            then, here = before[name], now.get(name, {})
            if name == "weights":
                then, here = ({key: of.get(key) for key in SAME_WEIGHTS} for of in (then, here))
            found += differences(then, here, name)
    return found


def _may(key: str) -> bool:
    return any(key == name or key.startswith(f"{name}.") for name in MAY_CHANGE)


def _listed(found: list[Difference]) -> str:
    return "".join(f"\n  {each}" for each in found)


def _word(value: object) -> str:
    return "absent" if value is ABSENT else shown(value)
