"""A step of lanes side by side, or one after the other where they do not get through together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from statistics import fmean
from typing import Any


def together_or_alone(
    step: Callable[[Sequence[int]], Sequence[Any]], lanes: Sequence[int]
) -> list[Any]:
    """The report of each lane's step, or the error that it met by itself.

    An engine's step that raises has moved nobody (see `LaneEngine.step`). So where several lanes
    meet an error, such as too little memory even for the smallest pass, each tries alone, and only
    those fail that cannot be trained on this device at all. Raises the error of a single lane.
    """
    try:
        return list(step(lanes))
    except Exception:
        if len(lanes) == 1:
            raise
    return [_alone(step, lane) for lane in lanes]


def _alone(step: Callable[[Sequence[int]], Sequence[Any]], lane: int) -> Any:
    try:
        return step([lane])[0]
    except Exception as error:
        return error


def means(curves: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Of each training curve over some steps; of none without a step."""
    return {name: fmean(each[name] for each in curves) for name in (curves[0] if curves else ())}


def measured(evaluation: Any) -> dict[str, Any]:
    """What a report says of an `empathy.evaluate.Evaluation`."""
    metrics = {name: estimate.as_dict() for name, estimate in evaluation.metrics.items()}
    return {"metrics": metrics, "evaluation": evaluation.as_dict()}


def told(error: Exception) -> str:
    """An error as the reason why a trial has failed. A ValueError of ours says it in words."""
    return str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"


def settle(job: Callable[[], Any], done: Future[Any]) -> None:
    """Run a job and hand its result, or its exception, to the one who waits."""
    try:
        done.set_result(job())
    except Exception as error:
        done.set_exception(error)
