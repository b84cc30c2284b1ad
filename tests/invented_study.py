"""Finished sweeps of a study that never ran: results folders with differences that are known.

Prompt i of every policy has the same luck, and a little of its own that sums to nothing, so that
means, and differences of means, are exactly what was asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import numpy as np

from empathy.evaluate import Evaluation
from empathy.uncertainty import mean_interval
from sweeps.comparison.folders import Sweep, read
from sweeps.record.ledger import Ledger
from sweeps.record.observers import BASELINES, SweepInfo
from sweeps.sweepfile import spec
from sweeps.sweepfile.manifest import write_json
from sweeps.verdict.summary import summarise

PROMPTS = 40
BEST = "t001"
WEIGHTS = {
    "gemma": "google/gemma-3-270m-it",
    "llama": "meta-llama/Llama-3.2-1B-Instruct",
    "biobert": "dmis-lab/biobert-base-cased-v1.2",
}
HUMAN = {"empathy": {"value": 1.5}, "relevance": {"value": 0.9}, "words": {"value": 24.0}}
PROMPT = "I keep <b>putting off</b> the call."


def scores(policy: str, mean: float, noise: float = 0.2, count: int = PROMPTS) -> tuple[float, ...]:
    """Numbers with exactly this mean: luck that all policies share, and a little of their own."""
    common = np.random.default_rng(count).normal(0, 0.5, count)
    own = np.random.default_rng(crc32(policy.encode())).normal(0, noise, count)
    shared = mean + (common - common.mean()) + (own - own.mean())
    return tuple(float(each) for each in shared)


def evaluation(
    policy: str, columns: Mapping[str, Sequence[float | None]], groups: int | None = None
) -> Evaluation:
    """One policy on test prompts, each a dialogue of its own unless `groups` says how many."""
    count = len(next(iter(columns.values())))
    ids = tuple(f"p{i}" for i in range(count))
    among = tuple(f"g{i % (groups or count)}" for i in range(count))
    kept = {name: tuple(column) for name, column in columns.items()}
    metrics = {name: mean_interval(column, among) for name, column in kept.items()}
    return Evaluation(policy, "test", metrics, kept, ids, among, {}, 50)


def measured(policy: str, mean: float, referee: float | None = None, **plan: Any) -> Evaluation:
    """A policy with this mean empathy; its referee's number follows unless it is given."""
    noise, count = plan.get("noise", 0.2), plan.get("count", PROMPTS)
    seen = mean if referee is None else referee
    columns = {
        "empathy": scores(policy, mean, noise, count),
        "empathy_referee": scores(policy + "'", seen, noise, count),
        "relevance": (0.8,) * count,
        "words": tuple(20.0 + i % 5 for i in range(count)),
    }
    return evaluation(policy, columns, plan.get("groups"))


def write(
    out: Path,
    name: str,
    means: tuple[float, float, float | None],
    *overrides: str,
    weights: Mapping[str, Any] | None = None,
    referee: float | None = None,
    **plan: Any,
) -> Path:
    """Write the sweep `name` whose base, SFT and winner have these means; returns its folder.

    A winner of None was never trained to the end. `referee` is what the referee gives the winner.
    """
    sweep = spec.load(name, overrides)
    base, sft, best = means
    # A family is part of the seed: two families are not lucky together.
    tests = {
        "base": measured(f"base {sweep.family}", base, **plan),
        "sft": measured(f"sft {sweep.family}", sft, **plan),
    }
    if best is not None:
        tests[BEST] = measured(f"{sweep.objective} {sweep.family}", best, referee, **plan)
    _play(out, sweep, tests, weights)
    return out


def _play(
    out: Path,
    sweep: spec.SweepSpec,
    tests: Mapping[str, Evaluation],
    weights: Mapping[str, Any] | None,
) -> None:
    """The files that a sweep leaves, by those who write them."""
    found = {trial: each.as_dict() for trial, each in tests.items()}
    ledger = Ledger(["launch.py", "--sweep", sweep.name], seed=0)
    started = datetime(2030, 1, 2, 3, 4, sum(map(ord, out.name)) % 60, tzinfo=UTC)
    settings = sweep.model_dump(mode="json")
    ledger.sweep_started(
        SweepInfo(sweep.name, sweep.metric.name, sweep.metric.goal, settings, sweep.run_cap,
                  sweep.training.max_steps, out, started,
                  given=sweep.model_dump(mode="json", exclude_unset=True))
    )  # fmt: skip
    steps = sweep.training.max_steps
    for trial, state in [*((each, "completed") for each in found), ("t002", "stopped")]:
        parameters = {} if trial in BASELINES else {"learning_rate": 3e-4, "lora_rank": 16}
        step = {"completed": steps, "stopped": 50}[state] if parameters else 0
        ledger.trial_started(trial, parameters)
        metrics = found.get(trial, found["sft"])["metrics"]
        seconds = 2.0 * step if parameters else None
        ledger.trial_reported({"trial_id": trial, "step": step, "seconds": seconds,
                               "metrics": metrics, "curves": {}})  # fmt: skip
        ledger.trial_ended(trial, state, None)  # type: ignore[arg-type]  # a plain word from a table
    known = {"name": WEIGHTS[sweep.family], "sha256": f"hash of {sweep.family}", "device": "cpu",
             "quantization": "none"}  # fmt: skip
    ledger.note(weights={**known, **(weights or {})}, human={"test": HUMAN})
    ledger.sweep_ended({**_summary(sweep, found), "seconds": 600.0})
    for trial, each in found.items():
        (out / "trials" / trial).mkdir(parents=True)
        (out / "trials" / trial / "test.json").write_text(json.dumps(each))
    replies = {trial: f"{sweep.family} says <i>{trial}</i>" for trial in found}
    write_json(out / "samples.json", [{"prompt": PROMPT, "replies": replies}])


def _summary(sweep: spec.SweepSpec, found: Mapping[str, Any]) -> dict[str, Any]:
    trials = {trial: each for trial, each in found.items() if trial not in BASELINES}
    outcome = SimpleNamespace(
        last=dict(found),
        curves={trial: {} for trial in found},
        states={**dict.fromkeys(found, "completed"), "t002": "stopped"},
        parameters={trial: {"learning_rate": 3e-4, "lora_rank": 16} for trial in trials},
    )
    return summarise(sweep, outcome, {name: {"test": found[name]} for name in BASELINES}, trials)


def sweep(out: Path, *arguments: Any, **settings: Any) -> Sweep:
    """The same, read again."""
    return read(write(out, *arguments, **settings))


def study(root: Path) -> list[Path]:
    """Three families by DPO, two of them with their rival; gemma is best, biobert worst."""
    return [
        write(root / "dpo_gemma", "dpo_gemma", (1.0, 1.2, 2.0)),
        write(root / "dpo_llama", "dpo_llama", (1.0, 1.3, 1.6)),
        write(root / "dpo_biobert", "dpo_biobert", (0.2, 0.8, 0.8)),
        write(root / "sft_gemma", "sft_gemma", (1.0, 1.2, 1.25)),
        write(root / "sft_llama", "sft_llama", (1.0, 1.3, 1.6)),
    ]
