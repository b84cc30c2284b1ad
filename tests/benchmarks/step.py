"""How fast a training step is: one and four lanes against real TRL `DPOTrainer` runs.

    .venv/bin/python tests/benchmarks/step.py --model smollm2 gemma

All contenders train the same random pairs with the same LoRA targets, rank, batch size and number
format. Each run has a process of its own, and the contenders take turns, so that a busy machine
slows all of them. Not counted are a run's first step and what comes before it (loading, reference
log-probabilities), which is `setup_seconds`. Four lanes are four trials: their pairs are counted
together, and TRL would need four runs one after another for as many. TRL is timed as it comes, with
all that it computes and logs beside the loss.

Prompts have 80 to 140 random tokens, replies 34 to 100, both uniform. Other lengths give other
figures, and none of them says anything about the quality of what is trained.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from contenders import LANES, MODELS, PROMPT, RANK, REPLY, TRL, Job, Run, quiet, run
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from empathy.cache import write_atomically

RESULTS = Path("results/bench")
LOG = RESULTS / "log.txt"  # what libraries print meanwhile
SPAWN = multiprocessing.get_context("spawn")
PACKAGES = ("torch", "transformers", "trl", "peft")
console = Console()


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description="Time training steps of lanes and of TRL.")
    options.add_argument("--steps", type=_positive, default=3, help="counted steps of a run [3]")
    options.add_argument("--pairs", type=_positive, default=4, help="pairs in a step [4]")
    options.add_argument("--repeats", type=_positive, default=3, help="runs of each [3]")
    options.add_argument("--model", choices=MODELS, nargs="+", default=["smollm2"])
    options.add_argument("--skip-trl", action="store_true", help="time the lanes alone")
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number


def main(arguments: Sequence[str] | None = None) -> None:
    """Race, print a table per model, and keep the figures."""
    options = parser().parse_args(arguments)
    RESULTS.mkdir(parents=True, exist_ok=True)
    for model in options.model:
        runs = race(model, options)
        device = next(iter(runs.values()))[0].device
        console.print(table(model, runs))
        path = RESULTS / f"{re.sub('[^a-z0-9]+', '-', device.lower()).strip('-')}.json"
        keep(path, model, record(options, runs))
        console.print(f"{path}\n")


def race(model: str, options: argparse.Namespace) -> dict[str, list[Run]]:
    """Runs by contender; in every round each has its turn, in a new process."""
    names = [*LANES, *([] if options.skip_trl else TRL)]
    runs: dict[str, list[Run]] = {name: [] for name in names}
    for number in range(options.repeats):
        for name in names:
            job = Job(name, model, options.steps, options.pairs)
            with ProcessPoolExecutor(1, SPAWN, initializer=quiet, initargs=(LOG,)) as process:
                found = process.submit(run, job).result()
            runs[name].append(found)
            console.print(
                f"{model}, round {number + 1} of {options.repeats}, {name}: "
                f"{found.pairs_per_second:.3g} pairs/s"
            )
    return runs


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median, least and most, and the values behind them."""
    return {
        "median": median(values),
        "min": min(values),
        "max": max(values),
        "runs": list(values),
    }


def peak(runs: Sequence[Run]) -> int | None:
    """Most memory of any run: of the process, on a GPU of its tensors there; None if unknown."""
    return max((run.peak_bytes for run in runs if run.peak_bytes is not None), default=None)


def record(options: argparse.Namespace, runs: dict[str, list[Run]]) -> dict[str, Any]:
    """What is kept of a race."""
    first = next(iter(runs.values()))[0]
    return {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": first.device,
        "dtype": first.dtype,
        "threads": first.threads,
        "packages": {name: version(name) for name in PACKAGES},
        "pairs_per_step": options.pairs,
        "counted_steps": options.steps,
        "prompt_tokens": list(PROMPT),
        "reply_tokens": list(REPLY),
        "lora_rank": RANK,
        "contenders": {
            name: {
                "pairs_per_second": spread([each.pairs_per_second for each in found]),
                "setup_seconds": spread([each.setup_seconds for each in found]),
                "peak_bytes": peak(found),
            }
            for name, found in runs.items()
        },
    }


def keep(path: Path, model: str, found: dict[str, Any]) -> None:
    """Write the record under its model, beside what the file has of other models."""
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    text = json.dumps({**known, model: found}, indent=2) + "\n"
    write_atomically(path, lambda temporary: temporary.write_text(text, "utf-8"))


def table(model: str, runs: dict[str, list[Run]]) -> Table:
    """Pairs a second, and how many times as many as the first TRL contender, or as one lane."""
    first = next(iter(runs.values()))[0]
    unit = next((name for name in runs if name in TRL), next(iter(runs)))
    base = median(each.pairs_per_second for each in runs[unit])
    title = f"{model} on {first.device}, {first.dtype}, {first.threads} threads; pairs a second"
    shown = Table(title=title, box=SIMPLE)
    for heading in ("", "median", "min to max", "ratio", "peak, GiB"):
        shown.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for name, found in runs.items():
        speeds = [each.pairs_per_second for each in found]
        most = peak(found)
        shown.add_row(
            name,
            f"{median(speeds):.3g}",
            f"{min(speeds):.3g} to {max(speeds):.3g}",
            f"{median(speeds) / base:.2f}",
            f"{most / 2**30:.2f}" if most else "-",
        )
    return shown


if __name__ == "__main__":
    main()
