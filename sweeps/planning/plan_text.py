"""A plan as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import wrap

from empathy.records import SPLITS
from sweeps.planning.outlay import Outlay, Span, size
from sweeps.planning.plan import Plan
from sweeps.record.wording import duration
from sweeps.sweepfile.space import Scalar

WIDTH = 96
EXAMPLES = 6  # trials that are told; the JSON has all that are known


def as_text(plan: Plan) -> str:
    """The plan as lines of `what  it is`."""
    return "\n".join(f"{label:<12}{text}" for label, text in _lines(plan))


def _lines(plan: Plan) -> list[tuple[str, str]]:
    halved = f", about {plan.steps_halved} with early stopping" if plan.steps_halved else ""
    rungs = f", judged at {', '.join(map(str, plan.rungs))}" if plan.rungs else ""
    trials = f"{plan.trials} trials"
    if plan.repeated:
        trials += f", and {plan.repeated} trainings of finalists with other seeds"
    lines = [
        ("sweep", f"{plan.sweep}: {plan.description}"),
        ("search", f"{plan.method}, {plan.metric}, {trials}"),
        *(("", f"{name}: {text}") for name, text in plan.parameters.items()),
        *_first_trials(plan),
        ("objective", plan.objective),
        ("steps", f"at most {plan.steps_at_most}{halved}{rungs}"),
        ("replies", f"at most {plan.replies_at_most} generated"),
        *(line for text in plan.judges for line in _wrapped("judge", text)),
        *_wrapped("engine", f"{plan.engine}: {plan.engine_reason}"),
        ("device", f"{plan.device} ({plan.device_reason}), {_together(plan)}"),
        *(_wrapped("lanes", f"{plan.lanes}: {plan.lanes_reason}") if plan.workers is None else ()),
        ("hosts", plan.hosts),
        *(line for label, text in _outlay(plan.outlay) for line in _wrapped(label, text)),
        ("weights", plan.weights),
        ("tracking", plan.tracking),
    ]
    if plan.data is not None:
        used = (f"{plan.data.used[s]} of {plan.data.prompts[s]} {s}" for s in SPLITS)
        lines.append(("data", f"{plan.data.dialogues} dialogues; prompts: {', '.join(used)}"))
        lines += [("", f"left out: {n}, {why}") for why, n in plan.data.left_out.items()]
    for each in plan.preflight:
        lines += _wrapped(each.level, f"{each.about}: {each.told}")
    return lines + [("missing", text) for text in plan.missing or ["nothing"]]


def _together(plan: Plan) -> str:
    if plan.workers is None:
        return f"{plan.lanes} trials at a time"
    return f"{plan.workers} of them to a trial"


def _first_trials(plan: Plan) -> Iterator[tuple[str, str]]:
    """The trials that are known, and how the others will be found."""
    for number, example in enumerate(plan.examples[:EXAMPLES]):
        yield ("trials" if number == 0 else ""), f"t{number:03d}: {_settings(example)}"
    hidden, later = len(plan.examples) - EXAMPLES, plan.trials - len(plan.examples)
    if hidden > 0:
        yield "", f"and {hidden} more that are known by now (--json tells them)"
    if later > 0:
        yield "", f"and {later} more, each sampled once the results before it are in"


def _outlay(found: Outlay) -> Iterator[tuple[str, str]]:
    if found.memory_bytes is None:
        yield "memory", "not known until the weights are here"
    else:
        there = f", of {size(found.device_bytes)}" if found.device_bytes else ""
        yield (
            "memory",
            f"at most {size(found.memory_bytes)} a device{there}; {size(found.weights_bytes or 0)} "
            "are the base model; predicted from shapes, on the longest pairs allowed",
        )
    if found.hours is None or found.device_hours is None:
        yield "time", found.hours_source
    else:
        devices = f"{_span(found.device_hours, _hours)} of devices"
        told = _span(found.hours, lambda hours: duration(3600 * hours))
        yield "time", f"{told}; {devices}; {found.hours_source}"
    if found.price_per_hour is not None:
        price = f"at {found.price_per_hour:g} an hour of a device"
        cost = "not known" if found.cost is None else _span(found.cost, lambda cost: f"{cost:.2f}")
        yield "cost", f"{cost}, {price}"
    if found.disk_bytes is None:
        yield "disk", f"{size(found.disk_free_bytes)} are free"
    else:
        yield "disk", f"at most {size(found.disk_bytes)}, {size(found.disk_free_bytes)} are free"


def _span(span: Span, said: Callable[[float], str]) -> str:
    about = "" if span.about is None else f"about {said(span.about)}, "
    return f"{about}at most {said(span.at_most)}"


def _hours(hours: float) -> str:
    return f"{hours:.2g} h"


def _wrapped(label: str, text: str) -> list[tuple[str, str]]:
    first, *more = wrap(text, WIDTH)
    return [(label, first), *(("", rest) for rest in more)]


def _settings(example: dict[str, Scalar]) -> str:
    short = {k: f"{v:.3g}" if isinstance(v, float) else str(v) for k, v in example.items()}
    return ", ".join(f"{name} {text}" for name, text in short.items())
