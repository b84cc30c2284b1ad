"""The `guards` of a sweep file: bounds that a trial's other numbers should keep while it scores.

guards:
  enforce: false
  limits:
    relevance: {min_minus_sft: 0}              # not under the SFT model's
    shared_experience: {max_minus_human: 0.10} # at most ten points over the counsellors'
    questions: {max: 1}
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING, Annotated, Literal, cast

from pydantic import Field

from empathy.metrics import METRICS
from empathy.settings import Section
from sweeps.sweepfile.reading import SettingError, nearest

if TYPE_CHECKING:
    from sweeps.sweepfile.spec import SweepSpec

Number = Annotated[float, Field(allow_inf_nan=False)]
Side = Literal["min", "max"]
Rival = Literal["sft", "human"]
Form = Literal["min", "max", "min_minus_sft", "max_minus_sft", "min_minus_human", "max_minus_human"]


class Limit(Section):
    """How small and how large one number may be; shares between 0 and 1."""

    min: Number | None = None
    """At least this."""
    max: Number | None = None
    """At most this."""
    min_minus_sft: Number | None = None
    """The number minus the SFT model's on the same prompts: at least this; 0 is SFT's own."""
    max_minus_sft: Number | None = None
    """The same: at most this."""
    min_minus_human: Number | None = None
    """The number minus the human replies' to the same prompts: at least this."""
    max_minus_human: Number | None = None
    """The same: at most this."""

    @property
    def given(self) -> dict[Form, float]:
        """The bounds that are set, by their form."""
        return {cast(Form, name): value for name, value in self if value is not None}


LIMITS = {
    "relevance": Limit(min_minus_sft=0.0),
    "log_ratio": Limit(max=15.0),
    "common_opener": Limit(max=0.10),
    "questions": Limit(max=1.0),
    "shared_experience": Limit(max_minus_human=0.10),
    "apologies": Limit(max_minus_human=0.10),
    "repetition": Limit(max_minus_human=0.10),
}
"""Bounds beyond which a first experiment of 116 trials saw gaming more than empathy; the last two
are set by analogy."""


class Guards(Section):
    """Numbers that are watched beside the one that is searched."""

    enforce: bool = False
    """true: the search keeps away from settings that break a guard, and none of them can win."""
    limits: dict[str, Limit] = LIMITS
    """By metric; kept or broken on validation prompts in the search, on test prompts after it."""


ABSENT: dict[Rival, tuple[str, ...]] = {
    "sft": ("win_rate_sft", "log_ratio", "length_ratio", "pair_accuracy", "chosen_logp_change"),
    "human": (
        *("win_rate_sft", "win_rate_human", "log_ratio", "length_ratio", "unfinished"),
        *("pair_accuracy", "chosen_logp_change"),
    ),
}
"""Numbers that nobody measures of these rivals, so that nothing can be bound to them."""


def side(form: Form) -> Side:
    """Whether a bound is a least or a most."""
    return cast(Side, form.partition("_")[0])


def rival(form: Form) -> Rival | None:
    """Whose number a bound is relative to; None for an absolute one."""
    return cast(Rival, form.rpartition("_")[2]) if "_minus_" in form else None


def check_guards(spec: SweepSpec) -> None:
    """Raises `SettingError` for a guard on a number that is not there or cannot be bound so."""
    for name, limit in spec.guards.limits.items():
        for problem in _problems(name, limit, spec.guards.enforce):
            raise SettingError(f"guards.limits.{name}", problem)


def _problems(name: str, limit: Limit, enforced: bool) -> Iterator[str]:
    known = [each.name for each in METRICS.values() if not each.curve]
    if name not in METRICS:
        yield f"is no number that is measured; {nearest(name, known)}"
        return
    if METRICS[name].curve:
        yield f"is a training curve, which says nothing of replies; known: {', '.join(known)}"
    if enforced and name in REFEREED:
        yield (
            "is the referee's to judge, which must not steer the search; leave it out, or set "
            "guards.enforce to false"
        )
    if not limit.given:
        yield f"is empty; give one or more of {', '.join(Limit.model_fields)}"
    for low, high in ENDS:
        least, most = limit.given.get(low), limit.given.get(high)
        if least is not None and most is not None and least > most:
            yield f"goes from {low} {least} to {high} {most}; {low} must not be larger than {high}"
    for form, value in limit.given.items():
        yield from _misfits(name, form, value)


def _misfits(name: str, form: Form, value: float) -> Iterator[str]:
    of = rival(form)
    if of is not None and name in ABSENT[of]:
        yield f"has {form}, but the {OWNERS[of]} no number of that name; use min or max"
    low, high = SCALES.get(METRICS[name].unit, (-inf, inf))
    least, most = (low, high) if of is None else (low - high, high - low)
    if not least <= value <= most:
        told = "it is never under 0" if high == inf else f"its scale is {low:g} to {high:g}"
        if METRICS[name].unit == "share":
            told = "it is a share: 1 is all replies, 0.1 a tenth of them"
        yield f"has {form} {value}, but {told}"


ENDS: tuple[tuple[Form, Form], ...] = (
    ("min", "max"),
    ("min_minus_sft", "max_minus_sft"),
    ("min_minus_human", "max_minus_human"),
)
SCALES = {
    "share": (0.0, 1.0),
    "0 to 6": (0.0, 6.0),
    "0 to 2": (0.0, 2.0),
    **dict.fromkeys(("words", "per reply", "per question", "times SFT's"), (0.0, inf)),
}
"""By the catalogue's unit, the least and the most that a number can be; nats may be any."""
OWNERS: dict[Rival, str] = {"sft": "SFT model has", "human": "human replies have"}
REFEREED = ("empathy_referee", "win_rate_sft", "win_rate_human")
"""What the referee judges, which may drive no search."""
