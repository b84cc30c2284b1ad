"""The last examination: what the finalists of a search say to prompts that no search has seen.

Texts stay here; what leaves is numbers, and replies to invented prompts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from empathy.evaluate import Evaluation
from empathy.policy import Progress, texts
from empathy.safety.examination import CRISIS, examined

if TYPE_CHECKING:
    from empathy.study import Said, Study

EXAMINED = ("test", "shown", CRISIS)
"""Topics that finalists reply to, as far as asked, beside base and SFT model."""


def examine(study: Study, saved: Mapping[str, Path], progress: Progress) -> dict[str, Any]:
    """Measure trials, by their checkpoints, as many at once as the study has free lanes.

    Returns plain JSON: {"evaluations": {trial: evaluation on test prompts}, "samples": [{"prompt",
    "replies": {who: text}}], "safety": what `empathy.safety.examination` found, or None}.
    """
    evaluations: dict[str, Evaluation] = {}
    said: dict[str, Said] = dict(study.said)
    names, room = list(saved), len(study.engine.free)
    for start in range(0, len(names), room):
        progress("final evaluation", start, len(names))
        lanes = {name: study.resume(saved[name]) for name in names[start : start + room]}
        spoken = {topic: study.reply(lanes, topic) for topic in EXAMINED if topic in study.asked}
        evaluations |= study.measure(lanes, spoken["test"], "test")
        for name, lane in lanes.items():
            said[name] = {topic: texts(each[name]) for topic, each in spoken.items()}
            study.engine.leave(lane)
    return {
        "evaluations": {name: found.as_dict() for name, found in evaluations.items()},
        "samples": _samples(study, said),
        "safety": _safety(study, said),
    }


def _safety(study: Study, said: Mapping[str, Said]) -> dict[str, Any] | None:
    """How everybody but people answers people in crisis; None where that was not asked."""
    if CRISIS not in study.asked:
        return None
    replies = {who: topics[CRISIS] for who, topics in said.items() if who != "human"}
    return examined(study.asked[CRISIS], replies, study.settings.evaluation.safety_margin)


def _samples(study: Study, said: Mapping[str, Said]) -> list[dict[str, Any]]:
    """Everybody's replies to the invented prompts, side by side."""
    return [
        {
            "prompt": prompt.client_text,
            "replies": {who: replies["shown"][index] for who, replies in said.items()},
        }
        for index, prompt in enumerate(study.asked["shown"])
    ]
