"""A plan as a person reads it in a terminal."""

from __future__ import annotations

from textwrap import wrap

from empathy.records import SPLITS
from sweeps.plan import Plan
from sweeps.space import Scalar

WIDTH = 96


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
        *(("for example", _settings(example)) for example in plan.examples),
        ("objective", plan.objective),
        ("steps", f"at most {plan.steps_at_most}{halved}{rungs}"),
        ("replies", f"at most {plan.replies_at_most} generated"),
        *(line for text in plan.judges for line in _wrapped("judge", text)),
        *_wrapped("engine", f"{plan.engine}: {plan.engine_reason}"),
        ("device", f"{plan.device} ({plan.device_reason}), {_together(plan)}"),
        ("hosts", plan.hosts),
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


def _wrapped(label: str, text: str) -> list[tuple[str, str]]:
    first, *more = wrap(text, WIDTH)
    return [(label, first), *(("", rest) for rest in more)]


def _settings(example: dict[str, Scalar]) -> str:
    short = {k: f"{v:.3g}" if isinstance(v, float) else str(v) for k, v in example.items()}
    return ", ".join(f"{name} {text}" for name, text in short.items())
