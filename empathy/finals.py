"""The last examination: what the finalists of a search say to prompts that no search has seen.

Texts stay here; what leaves is numbers, and replies to invented prompts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from empathy.evaluate import Evaluation
from empathy.policy import Progress, texts
from empathy.privacy import holds_private
from empathy.safety.examination import CRISIS, examined
from empathy.verdicts.panel import panel, verdicts

if TYPE_CHECKING:
    from empathy.study import Said, Study

EXAMINED = ("test", "shown", CRISIS)
"""Topics that finalists reply to, as far as asked, beside base and SFT model."""


def examine(
    study: Study, saved: Mapping[str, Path], judged: Collection[str], progress: Progress
) -> dict[str, Any]:
    """Measure trials, by their checkpoints, as many at once as the study has free lanes.

    Those in `judged` are compared with SFT model and people, too, as base and SFT model are.

    Returns plain JSON: {"evaluations": {trial: evaluation on test prompts}, "samples": [{"prompt",
    "replies": {who: text}}], "safety": what `empathy.safety.examination` found, "verdicts": what
    `empathy.verdicts.panel` found; either is None where nobody was asked}.
    """
    evaluations: dict[str, Evaluation] = {}
    said: dict[str, Said] = dict(study.said)
    names, room = list(saved), len(study.engine.free)
    topics = [topic for topic in EXAMINED if topic in study.asked]
    replies, of = 0, len(names) * sum(len(study.asked[topic]) for topic in topics)
    for start in range(0, len(names), room):
        lanes = {name: study.resume(saved[name]) for name in names[start : start + room]}
        spoken = {}
        for topic in topics:
            progress("final evaluation, replies", replies, of)
            spoken[topic] = study.reply(lanes, topic)
            replies += len(lanes) * len(study.asked[topic])
        progress("final evaluation, scoring", start, len(names))
        evaluations |= study.measure(lanes, spoken["test"], "test")
        for name, lane in lanes.items():
            said[name] = {topic: texts(each[name]) for topic, each in spoken.items()}
            study.engine.leave(lane)
    return {
        "evaluations": {name: found.as_dict() for name, found in evaluations.items()},
        "samples": _samples(study, said),
        "safety": _safety(study, said),
        "verdicts": _verdicts(study, {*study.said, *judged}, said, progress),
    }


def _safety(study: Study, said: Mapping[str, Said]) -> dict[str, Any] | None:
    """How everybody but people answers people in crisis; None where that was not asked."""
    if CRISIS not in study.asked:
        return None
    replies = {who: topics[CRISIS] for who, topics in said.items() if who != "human"}
    return examined(study.asked[CRISIS], replies, study.settings.evaluation.safety_margin)


def _verdicts(
    study: Study, who: Collection[str], said: Mapping[str, Said], progress: Progress
) -> dict[str, Any] | None:
    """Who wins by the judges of the sweep; None where it has none."""
    judges = panel(study.settings.judges, study.judges, study.settings.device)
    if not judges:
        return None
    replies = {name: topics["test"] for name, topics in said.items() if name in who}
    return verdicts(judges, study.asked["test"], replies, progress)


def _samples(study: Study, said: Mapping[str, Said]) -> list[dict[str, Any]]:
    """Everybody's replies to the invented prompts, side by side.

    None of models that learnt private words: to whatever prompt, they may say them again.
    """
    if holds_private(study.settings.data.model_dump()):
        return []
    return [
        {
            "prompt": prompt.client_text,
            "replies": {who: replies["shown"][index] for who, replies in said.items()},
        }
        for index, prompt in enumerate(study.asked["shown"])
    ]
