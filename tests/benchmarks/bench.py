"""What the lanes gain over TRL on this device, in one run: steps, generation, start-up, sweep.

    make bench
    .venv/bin/python tests/benchmarks/bench.py --only step --model gemma-270m --pairs annomi
    .venv/bin/python tests/benchmarks/bench.py --quick
    .venv/bin/python tests/benchmarks/bench.py --show results/bench/cpu.json

Figures go to `results/bench/<device>.json`, every comparison under `ratio_vs_trl_...`. How they are
measured, and what they do not say, is in the README beside this file.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import generation_race
import growth
import kept
import start_up
import step_race
import sweep_race
import tables
from annomi_pairs import annomi_pairs
from rich.console import Console
from shapes import SHAPES
from turns import FailedError, apart

from empathy.errors import UserError

PARTS = ("step", "generation", "start", "sweep", "growth")
REAL = ("step", "generation", "growth")
"""Parts that race the models named; the others search with the first one, see `searched`."""
WITH_TOKENIZER = f"take {', '.join(name for name, each in SHAPES.items() if each.weights)}"
DEFAULT_MODELS = {"cpu": ["gemma-270m"], "cuda": ["gemma-270m", "llama-1b", "llama-8b"]}
SEARCHED = {"cpu": "tiny", "cuda": "gemma-270m"}
"""On a CPU a tiny one: the start is that of the software, and a sweep takes minutes, not hours."""
MINUTES = {
    "cpu": {"step": 23.0, "generation": 6.0, "start": 1.5, "sweep": 4.0, "growth": 3.0},
    "cuda": {"step": 9.0, "generation": 1.0, "start": 2.0, "sweep": 8.0, "growth": 2.0},
}
"""Guesses for a part with its defaults: on two quiet cores; on a GPU, where `step` is per model."""
STEPS, REPEATS = {"cpu": 1, "cuda": 20}, {"cpu": 2, "cuda": 2}
console = Console(width=None if sys.stdout.isatty() else 150)


def parser() -> argparse.ArgumentParser:
    """All options there are."""
    options = argparse.ArgumentParser(description="Measure lanes against TRL on this device.")
    options.add_argument("--only", type=_parts, default=PARTS, metavar="PART,...",
                         help=f"of {','.join(PARTS)} [all]")  # fmt: skip
    options.add_argument("--model", choices=SHAPES, nargs="+",
                         help="models of step, generation and growth; of start and sweep, the first"
                         " one [gemma-270m, and tiny; on a GPU Llamas as well]")  # fmt: skip
    options.add_argument("--pairs", choices=("random", "annomi"), default="random",
                         help="what step trains; annomi needs EMPATHY_DATA [random]")  # fmt: skip
    options.add_argument("--steps", type=_positive, help="timed steps of a run [CPU 1, GPU 20]")
    options.add_argument("--batch", type=_positive, default=8, help="pairs in a step [8]")
    options.add_argument(
        "--repeats", type=_positive, help="rounds of each race; half as many of sweeps [2]"
    )
    options.add_argument("--lanes", type=_positive, nargs="+",
                         help="numbers of lanes to race [CPU 1 4, GPU by model]")  # fmt: skip
    options.add_argument("--processes", type=int, nargs="*",
                         help="numbers of TRL processes beside one [CPU 2, GPU 2 4 8]")  # fmt: skip
    options.add_argument("--quick", action="store_true",
                         help="tiny models, one round: to see that all works")  # fmt: skip
    options.add_argument("--show", type=Path, metavar="FILE",
                         help="print an earlier run's tables as Markdown, and stop")  # fmt: skip
    return options


def _parts(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    for part in chosen:
        if part not in PARTS:
            raise argparse.ArgumentTypeError(f"{part!r} is none of {', '.join(PARTS)}")
    return chosen


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; print tables and keep the figures. Returns the exit code."""
    options = parser().parse_args(arguments)
    if options.show:
        show(options.show)
        return 0
    try:
        measure(options)
    except (UserError, FailedError) as error:
        print(f"bench.py: {error}", file=sys.stderr)
        return 2
    return 0


def show(path: Path) -> None:
    """Print all tables of a file as Markdown."""
    known = json.loads(path.read_text("utf-8"))
    for part in PARTS:
        for name, found in known.get(part, {}).items():
            for table in tables.tables(part, name, found):
                print(tables.as_markdown(table))


def measure(options: argparse.Namespace) -> None:
    """All parts in turn; each is kept as soon as it is there."""
    name = apart(kept.device_name)
    device = "cpu" if name == "cpu" else "cuda"
    filled(options, device)
    console.print(estimate(options, device))
    path = kept.path_of(name)
    for part in options.only:
        for model in options.model if part in REAL else [searched(options, device)]:
            begun, where = time.monotonic(), kept.circumstances(name)
            found = WORK[part](model, options, device)
            found = {**where, **found, "took_seconds": round(time.monotonic() - begun)}
            key = f"{model}, AnnoMI" if part == "step" and options.pairs == "annomi" else model
            kept.keep(path, part, key, found)
            for table in tables.tables(part, key, found):
                console.print(tables.in_terminal(table))
            console.print(f"{path}: {part}, {key}, {found['took_seconds']} s\n")


def filled(options: argparse.Namespace, device: str) -> None:
    """Put this device's defaults where nothing was given."""
    if options.quick:
        options.model = options.model or ["tiny"]
        options.steps, options.repeats = options.steps or 1, options.repeats or 1
    options.chosen = options.model
    options.model = options.model or DEFAULT_MODELS[device]
    options.steps = options.steps or STEPS[device]
    options.repeats = options.repeats or REPEATS[device]
    if options.processes is None:
        options.processes = [2] if device == "cpu" else [2, 4, 8]


def searched(options: argparse.Namespace, device: str) -> str:
    """The model of the searches. Raises UserError for one without a tokenizer."""
    name: str = options.chosen[0] if options.chosen else SEARCHED[device]
    if SHAPES[name].weights is None:
        raise UserError(f"{name} has no tokenizer, which start and sweep need; {WITH_TOKENIZER}")
    return name


def estimate(options: argparse.Namespace, device: str) -> str:
    """About how long it will take, before it begins."""
    if options.quick:
        return "A quick run with tiny models, about two minutes. Its figures say nothing."
    parts = [
        MINUTES[device][part]
        * (len(options.model) if part in REAL and device == "cuda" else 1)
        * (1 if part in {"generation", "growth"} else options.repeats / REPEATS[device])
        * (options.steps / STEPS[device] if part == "step" and device == "cpu" else 1)
        for part in options.only
    ]
    return f"{', '.join(options.only)} on this {device}: about {sum(parts):.0f} minutes if quiet"


def _step(model: str, options: argparse.Namespace, device: str) -> dict[str, Any]:
    lanes = options.lanes or ((1, 4) if device == "cpu" else SHAPES[model].lanes)
    real = None
    if options.pairs == "annomi":
        if SHAPES[model].weights is None:
            raise UserError(f"{model} has no tokenizer for --pairs annomi; {WITH_TOKENIZER}")
        real = apart(annomi_pairs, model)
    plan = step_race.Plan(
        model, options.steps, options.batch, options.repeats, tuple(lanes),
        tuple(n for n in options.processes if n > 1), device, real,
    )  # fmt: skip
    return step_race.race(plan, console.print)


def _generation(model: str, options: argparse.Namespace, device: str) -> dict[str, Any]:
    return generation_race.race(model, quick=options.quick, device=device)


def _start(model: str, options: argparse.Namespace, device: str) -> dict[str, Any]:
    trials = 6 if options.quick else 16
    return start_up.race(model, trials, device, options.repeats, console.print)


def _sweep(model: str, options: argparse.Namespace, device: str) -> dict[str, Any]:
    size = sweep_race.SIZES["quick" if options.quick else device]
    rounds = max(1, options.repeats // 2)  # one round is minutes of TRL
    return sweep_race.race(model, size, device, rounds, console.print)


def _growth(model: str, options: argparse.Namespace, device: str) -> dict[str, Any]:
    return growth.grow(model, 1 if options.quick else max(2, options.steps), console.print)


WORK = {
    "step": _step,
    "generation": _generation,
    "start": _start,
    "sweep": _sweep,
    "growth": _growth,
}

if __name__ == "__main__":
    sys.exit(main())
