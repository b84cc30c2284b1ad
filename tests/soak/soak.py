"""Ten minutes of faults, then to the end: every trial once, and as if nothing had happened.

    make soak
    .venv/bin/python tests/soak/soak.py --minutes 10 --seed 0

A sweep of the tiny family, a fixed grid without early stopping, runs on a Ray of three nodes on
this machine. Every 20 to 40 seconds something is killed for real: a trial's client, a lane host, a
node, the driver, or the W&B server. Then the sweep is resumed until it ends, and its trials are
held against those of the same sweep that nobody disturbed. Exit code 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from accounts import Memory, marked, same_trials  # noqa: E402  # found by the line above
from faults import FAULTS, Stage  # noqa: E402  # as said above

from empathy.cache import write_atomically  # noqa: E402  # as said above

PAUSE = (20.0, 40.0)  # seconds between two faults
TRIALS_PER_MINUTE = 12
ENDING = 1800.0  # seconds that the undisturbed end may take


def sweep_of(trials: int) -> list[str]:
    """The words that follow `launch.py`, without folder and address."""
    from tiny_sweep import arguments

    betas = [round(0.05 + 0.05 * number, 2) for number in range(-(-trials // 4))]
    return arguments(
        "method=grid",
        f"parameters={{beta: {{values: {betas}}},"
        " learning_rate: {values: [3e-3, 5e-3, 1e-2, 2e-2]}}",
        f"run_cap={4 * len(betas)}",
        "early_terminate=null",
        "training.max_steps=12",
        "evaluation={report_every: 2, validation_prompts: 6, test_prompts: 6, crisis_prompts: 0,"
        " max_new_tokens: 6}",
        "finalists={top: 1, seeds: 1}",
        "resources={device: cpu, lanes: 2, hosts: 2}",
        "tracking={mode: online, project: soak}",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs both sweeps and compares them; 0 where they are the same."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0, help="of faults [%(default)s]")
    options.add_argument("--seed", type=int, default=0, help="which faults, when [%(default)s]")
    options.add_argument("--out", type=Path, default=Path("results/soak"), help="[%(default)s]")
    given = options.parse_args(arguments)
    out: Path = given.out.resolve()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    mark = f"soak-{uuid.uuid4().hex}"
    os.environ["EMPATHY_SOAK"] = mark  # whatever is started below inherits it
    words = sweep_of(round(TRIALS_PER_MINUTE * given.minutes))
    report = soak(words, out, given.minutes * 60, random.Random(given.seed), mark)
    text = json.dumps(report, indent=2) + "\n"
    write_atomically(out / "soak.json", lambda path: path.write_text(text, encoding="utf-8"))
    print(text)
    return int(bool(report["wrong"]))


def soak(
    words: list[str], out: Path, seconds: float, draw: random.Random, mark: str
) -> dict[str, Any]:
    """What happened, and what is wrong with it: nothing, if all is well."""
    stage = Stage(words, out)
    began = time.monotonic()
    undisturbed = stage.undisturbed()
    print(f"undisturbed: exit code {undisturbed}, {time.monotonic() - began:.0f} s", flush=True)
    memory, log = Memory(mark), list[dict[str, Any]]()
    stage.open()
    try:
        memory.start()
        begun = time.monotonic()
        over = begun + seconds
        kinds: list[str] = []
        while time.monotonic() + PAUSE[0] < over and not stage.ended():
            stage.wait(draw.uniform(*PAUSE))
            kinds = kinds or draw.sample(sorted(FAULTS), len(FAULTS))  # each before any again
            kind = kinds.pop()
            found = FAULTS[kind](stage, draw)
            log.append({"at": round(time.monotonic() - begun), "fault": kind, "victim": found})
            print(log[-1], flush=True)
        faulty = time.monotonic() - begun
        code = stage.to_the_end(ENDING)
        memory.stop()
    finally:
        stage.close()
    orphans = marked(mark)
    wrong, compared = same_trials(out / "undisturbed", out / "soaked")
    if code != 0:
        wrong.append(f"the sweep ended with exit code {code}")
    if orphans:
        wrong.append(f"{len(orphans)} processes are left: {orphans}")
    wrong += memory.wrong()
    return {
        "seconds_of_faults": round(faulty),
        "faults": dict(Counter(each["fault"] for each in log if each["victim"])),
        "drivers": stage.drivers,
        **compared,
        "orphans": len(orphans),
        "memory": memory.told(),
        "wrong": wrong,
        "log": log,
    }


if __name__ == "__main__":
    raise SystemExit(main())
