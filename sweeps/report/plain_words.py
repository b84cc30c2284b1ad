"""The report for a reader who trains no models: the result in one line, and what the words mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweeps.record.observers import of_search
from sweeps.record.wording import counted, named
from sweeps.report.findings import Outcome, judged

SETTINGS = {
    "beta": "How tightly a trial is held to the model it started from: small lets replies change "
    "more, for better or worse.",
    "label_smoothing": "The share of preference pairs that training takes to be labelled the wrong "
    "way round.",
    "learning_rate": "How far each training step moves the model: too small learns little, too "
    "large spoils what it knew.",
    "lora_rank": "How many numbers of the model a trial may change: more can learn more, and "
    "forget more.",
    "lora_alpha": "A factor by which what a trial has learnt is added to the model.",
    "weight_decay": "How strongly what is learnt is pulled back towards nothing.",
    "warmup_steps": "Training steps over which the learning rate rises from 0.",
    "schedule": "How the learning rate falls while a trial trains.",
    "max_grad_norm": "The most that a single training step may move the model.",
    "seed": "The number that fixes what is left to chance: another one gives another run.",
}
"""Each setting that can be searched, see `empathy.settings.TrialSettings`."""


def headline(found: Outcome) -> str:
    """Who won against whom, without a number; "" where `answer` is one such sentence already."""
    if found.best is None or (change := found.differences.get(found.metric)) is None:
        return ""
    better = {
        "better": "is better than the SFT model that it started from",
        "worse": "is worse than the SFT model that it started from",
        "not separable": "was not shown to differ from the SFT model that it started from",
    }.get(judged(found.metric, change))
    if better is None:
        return ""
    told = f"In {named(found.metric)}, the best setting ({found.best}) {better}"
    return f"{told}{_beside_base(found)}."


def _beside_base(found: Outcome) -> str:
    if found.base_difference is None:
        return ""
    return {
        "better": ", and better than the untrained base model",
        "worse": ", and worse than the untrained base model",
        "not separable": "; that it beats the untrained base model was not shown",
    }.get(judged(found.metric, found.base_difference), "")


def done(found: Outcome, manifest: Mapping[str, Any]) -> list[str]:
    """What this sweep did, step by step, for somebody who has never run one."""
    trials = counted(sum(map(of_search, found.trials)), "trial")
    learnt = {
        "dpo": "from pairs of replies to the same message, of which one counts as better (DPO)",
        "sft": "by imitating more human replies (supervised fine-tuning)",
    }[found.objective]
    test = found.trials["sft"].test.get(found.metric) if "sft" in found.trials else None
    prompts = counted(test.n, "message") if test and test.n else "messages"
    return [
        _start(manifest),
        f"{trials} went on from there, {learnt}. "
        "They differ in nothing but the settings in the leaderboard.",
        f"Programs then rated the replies, for {named(found.metric)} above all. Ratings of one set "
        f"of messages (validation) steered the search; the best few trials then answered {prompts} "
        "that no search had seen (test).",
    ]


def _start(manifest: Mapping[str, Any]) -> str:
    if manifest["settings"].get("warm_start", {}).get("steps") == 0:
        return "Every trial starts from the untrained base; the SFT model is no other one here."
    return (
        "A language model learnt to imitate human replies to people who tell of something hard. "
        "That is the SFT model, where every trial starts; before it stands the untrained base."
    )


def glossary(found: Outcome) -> list[tuple[str, str]]:
    """Words of this page and what they mean, those alone that it uses."""
    words = {
        "trial": "One training with one choice of settings.",
        "base": "The language model before any training here.",
        "SFT": "Supervised fine-tuning: the base after it learnt to imitate human replies.",
        "interval": "2.0 [1.5, 2.4] reads: 2.0 over the messages that were tried, and over all "
        "such messages probably between 1.5 and 2.4 (95 % confidence). Wide means unsure.",
        "difference": "Taken message by message between two models' replies. If its interval "
        "includes 0, the two were not told apart, which is not to say that they are equal.",
        "validation, test": "Validation messages chose the winner, so its number on them flatters. "
        "Test messages were kept back: believe those.",
        "tied": "Not shown to be worse than the winner: as good a choice, as far as is known.",
        "stopped": "Ended early because it fell behind, so that its number is of less training.",
        "guard": "A limit on another number, to notice a score that was won at a price.",
        "-": "Not measured.",
    }
    if found.objective == "dpo":
        words["DPO"] = "Direct preference optimization: training on pairs of a better and a worse "
        words["DPO"] += "reply to the same message."
    kept = {
        "tied": bool(found.tied),
        "stopped": any(trial.state == "stopped" for trial in found.trials.values()),
        "guard": bool(found.guarded.limits),
    }
    settings = {named(name): SETTINGS[name] for name in found.searched if name in SETTINGS}
    return [(word, text) for word, text in {**words, **settings}.items() if kept.get(word, True)]
