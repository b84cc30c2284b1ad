"""`python -m empathy train-scorer`: the scorers that the project ships, and the card that judges
them.

A *run* is a part of the training posts (all of them, or one of two halves) and a seed. Of a half's
seeds the best on the validation posts is shipped; the full-data runs are for the card alone. Test
posts choose nothing. A finished run is two files under `runs/` and is not trained again, so that an
interrupted command goes on where it stopped.
"""

from __future__ import annotations

import json
import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from empathy.cache import content_key, file_sha256, write_atomically
from empathy.corpora.epitome import HALVES, Epitome, Example, Half, load, select
from empathy.errors import UserError
from empathy.records import Split

if TYPE_CHECKING:
    from empathy.scorers.training import Recipe, Report

Part = Literal["full", "rank", "evaluate"]
PARTS: tuple[Part, ...] = (*HALVES, "full")
# A half has half the steps per pass, so it goes over its posts more often.
EPOCHS: dict[Part, int] = {"full": 5, "rank": 7, "evaluate": 7}
JUDGED: tuple[Split, ...] = ("validation", "test")
METADATA = {
    "licence": "EPITOME: academic, non-commercial use only; see NOTICE",
    "encoder": "sentence-transformers/all-MiniLM-L6-v2",
}


class RunKey(NamedTuple):
    """Which run: what it learns from, and its seed."""

    part: Part
    seed: int


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: levels it gave to the validation and test pairs, in the corpus's order."""

    part: Part
    seed: int
    key: str  # of data, recipe and seed
    history: list[dict[str, float]]
    validation: float  # the number that runs are chosen by
    validation_levels: list[list[int]]
    test_levels: list[list[int]]
    test_truncated: int


def arguments(parser: ArgumentParser) -> None:
    """The options of `train-scorer`."""
    parser.add_argument("--data", type=Path, help="folder that holds epitome/ (or EMPATHY_DATA)")
    parser.add_argument(
        "--out", type=Path, default=Path("results/scorer"), help="folder to write [%(default)s]"
    )
    parser.add_argument("--seeds", default="0-4", help="a seed, or first-last [%(default)s]")
    parser.add_argument("--epochs", type=int, help="passes over the posts [5; 7 over a half]")
    parser.add_argument(
        "--install", action="store_true", help="also replace the scorers and card of this package"
    )


def run(options: Namespace) -> int:
    """Trains what is missing under `--out`, then writes weights and card; 0 when all is done."""
    # Imported here so that `--help` answers at once.
    from empathy.scorers import card as scorer_card

    seeds = parse_seeds(options.seeds)
    corpus = load(options.data)
    recipes = {part: _recipe(part, options.epochs) for part in PARTS}
    runs = train_all(corpus, options.out, seeds, recipes)
    shipped = {half: best_run(runs, half) for half in HALVES}
    for half, chosen in shipped.items():
        source = _paths(options.out, RunKey(half, chosen.seed))[0]
        write_atomically(options.out / f"{half}.safetensors", _copier(source))
    card = scorer_card.build(corpus, runs, shipped, recipes)
    for half in HALVES:
        card["shipped"][half]["sha256"] = file_sha256(options.out / f"{half}.safetensors")
    scorer_card.write(card, options.out)
    if options.install:
        install(options.out)
    return 0


def parse_seeds(text: str) -> tuple[int, ...]:
    """`3` or `0-4` as a tuple of seeds; anything else raises UserError."""
    first, dash, last = text.partition("-")
    if first.isdigit() and (last.isdigit() if dash else not last):
        seeds = tuple(range(int(first), int(last or first) + 1))
        if seeds:
            return seeds
    raise UserError(f"--seeds {text!r} names no seeds; give one (3) or a range (0-4)")


def train_all(
    corpus: Epitome, out: Path, seeds: Sequence[int], recipes: dict[Part, Recipe]
) -> list[Run]:
    """All runs, seed by seed; those that stand under `out` already are read, not trained."""
    from rich.progress import Progress

    keys = [RunKey(part, seed) for seed in seeds for part in PARTS]
    runs = []
    with Progress(transient=False) as progress:
        task = progress.add_task("scorers", total=len(keys))
        for number, key in enumerate(keys):

            def report(done: int, total: int, at: int = number, key: RunKey = key) -> None:
                name = f"{key.part}, seed {key.seed}"
                progress.update(task, completed=at + done / total, description=name)

            runs.append(one_run(corpus.examples, out, key, recipes[key.part], report))
            progress.console.print(
                f"{number + 1} of {len(keys)}: {key.part}, seed {key.seed}:"
                f" {runs[-1].validation:.3f} on validation"
            )
        progress.update(task, completed=len(keys), description="scorers")
    return runs


def one_run(
    examples: Sequence[Example], out: Path, key: RunKey, recipe: Recipe, report: Report
) -> Run:
    """Reads a finished run or trains it. A run of other data or settings raises UserError."""
    weights, record = _paths(out, key)
    mark = run_key(examples, recipe, key)
    if weights.is_file() and record.is_file():
        found = Run(**json.loads(record.read_text(encoding="utf-8")))
        if found.key != mark:
            raise UserError(
                f"{record} comes from other data or settings; name another folder by --out"
            )
        return found
    return _trained(examples, (weights, record), key, recipe, report)


def run_key(examples: Sequence[Example], recipe: Recipe, key: RunKey) -> str:
    """The content key of a run: changes with any text, level, setting or seed."""
    texts = [json.dumps(asdict(example), sort_keys=True) for example in examples]
    return content_key("scorer", *texts, json.dumps(asdict(recipe), sort_keys=True), *key)


def best_run(runs: Sequence[Run], half: Half) -> Run:
    """The run of that half with the best validation number; the lowest seed of equals."""
    own = [run for run in runs if run.part == half]
    return max(own, key=lambda run: (run.validation, -run.seed))


def install(out: Path) -> None:
    """Puts weights and card where the package looks for them."""
    target = Path(__file__).parent.parent / "metrics" / "weights"
    for name in (*(f"{half}.safetensors" for half in HALVES), "card.json", "CARD.md"):
        write_atomically(target / name, _copier(out / name))


def _recipe(part: Part, epochs: int | None) -> Recipe:
    from empathy.scorers.training import Recipe

    if epochs is not None and epochs < 1:
        raise UserError(f"--epochs is {epochs}; it must be at least 1")
    return Recipe(epochs=EPOCHS[part] if epochs is None else epochs)


def _trained(
    examples: Sequence[Example],
    paths: tuple[Path, Path],
    key: RunKey,
    recipe: Recipe,
    report: Report,
) -> Run:
    from safetensors.torch import save_file

    from empathy.scorers.training import train

    weights, record = paths
    validation = select(examples, "validation")
    half = None if key.part == "full" else key.part
    state, history = train(select(examples, "train", half), validation, recipe, key.seed, report)
    metadata = {**METADATA, "part": key.part, "seed": str(key.seed)}
    weights.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(weights, lambda path: save_file(state, path, metadata))
    finished = _judged(examples, weights, key, run_key(examples, recipe, key), history)
    text = json.dumps(asdict(finished))
    write_atomically(record, lambda path: path.write_text(text, encoding="utf-8"))
    return finished


def _judged(
    examples: Sequence[Example],
    weights: Path,
    key: RunKey,
    mark: str,
    history: list[dict[str, float]],
) -> Run:
    """What the file as written says to validation and test pairs: fp16 weights, merged, fp32."""
    from empathy.metrics.epitome import EmpathyScorer
    from empathy.scorers.classification import selection_score

    scorer = EmpathyScorer.from_file(weights)
    given: dict[str, Any] = {}
    for split in JUDGED:
        scorer.truncated = 0
        some = select(examples, split)
        chances = scorer.probabilities([e.post for e in some], [e.response for e in some])
        given[split] = chances.argmax(-1).tolist()
    gold = [example.levels for example in select(examples, "validation")]
    number = selection_score(gold, given["validation"])
    return Run(*key, mark, history, number, given["validation"], given["test"], scorer.truncated)


def _paths(out: Path, key: RunKey) -> tuple[Path, Path]:
    stem = out / "runs" / f"{key.part}-{key.seed}"
    return stem.with_suffix(".safetensors"), stem.with_suffix(".json")


def _copier(source: Path) -> Callable[[Path], object]:
    return lambda path: shutil.copyfile(source, path)
