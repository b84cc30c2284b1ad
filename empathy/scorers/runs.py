"""One run after another: trained, judged, kept as two files, never trained twice.

A *run* is a part of the corpus and a seed. A finished run is its weights and a record under
`runs/`, so that an interrupted command goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from empathy.cache import content_key, write_atomically
from empathy.corpora.epitome import Epitome
from empathy.errors import UserError
from empathy.scorers.material import Material, Part, material
from empathy.scorers.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from empathy.scorers.training import Report, Trained

LICENCE = "EPITOME: academic, non-commercial use only; see NOTICE"


class RunKey(NamedTuple):
    """Which run: what it learns from, and its seed."""

    part: Part
    seed: int


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: levels it gave to its validation and test pairs, in the corpus's order."""

    part: Part
    seed: int
    key: str  # of data, recipe and seed
    history: list[dict[str, float]]
    validation: float  # the number that runs are chosen by
    validation_levels: list[list[int]]
    test_levels: list[list[int]]
    test_truncated: int


def train_all(
    corpus: Epitome, out: Path, seeds: Sequence[int], recipes: Mapping[Part, Recipe]
) -> list[Run]:
    """The runs of all these parts, seed by seed; those that stand under `out` are only read."""
    from rich.progress import Progress

    given = {part: material(corpus, part) for part in recipes}
    keys = [RunKey(part, seed) for seed in seeds for part in recipes]
    runs = []
    with Progress(transient=False) as progress:
        task = progress.add_task("scorers", total=len(keys))
        for number, key in enumerate(keys):

            def report(done: int, total: int, at: int = number, key: RunKey = key) -> None:
                name = f"{key.part}, seed {key.seed}"
                progress.update(task, completed=at + done / total, description=name)

            runs.append(one_run(given[key.part], out, key, recipes[key.part], report))
            progress.console.print(
                f"{number + 1} of {len(keys)}: {key.part}, seed {key.seed}:"
                f" {runs[-1].validation:.3f} on validation"
            )
        progress.update(task, completed=len(keys), description="scorers")
    return runs


def one_run(given: Material, out: Path, key: RunKey, recipe: Recipe, report: Report) -> Run:
    """Reads a finished run or trains it. A run of other data or settings raises UserError."""
    from empathy.scorers.training import train

    weights, record = paths(out, key)
    mark = run_key(given, recipe, key)
    if weights.is_file() and record.is_file():
        found = Run(**json.loads(record.read_text(encoding="utf-8")))
        if found.key != mark:
            raise UserError(
                f"{record} comes from other data or settings; name another folder by --out"
            )
        return found
    trained = train(given.train, given.validation, recipe, key.seed, report)
    _keep_weights(trained, weights, key)
    finished = _judged(given, weights, key, mark, trained.history)
    text = json.dumps(asdict(finished))
    write_atomically(record, lambda path: path.write_text(text, encoding="utf-8"))
    return finished


def run_key(given: Material, recipe: Recipe, key: RunKey) -> str:
    """The content key of a run: changes with any text, level, setting or seed."""
    texts = [json.dumps(asdict(example), sort_keys=True) for some in given for example in some]
    return content_key("scorer", *texts, json.dumps(asdict(recipe), sort_keys=True), *key)


def paths(out: Path, key: RunKey) -> tuple[Path, Path]:
    """Where a run's weights and record are."""
    stem = out / "runs" / f"{key.part}-{key.seed}"
    return stem.with_suffix(".safetensors"), stem.with_suffix(".json")


def _keep_weights(trained: Trained, weights: Path, key: RunKey) -> None:
    from safetensors.torch import save_file

    from empathy.metrics.epitome import ABOUT

    about = {"licence": LICENCE, **trained.metadata, "part": key.part, "seed": str(key.seed)}
    metadata = {ABOUT: json.dumps(about, sort_keys=True)}
    weights.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(weights, lambda path: save_file(trained.state, path, metadata))


def _judged(
    given: Material, weights: Path, key: RunKey, mark: str, history: list[dict[str, float]]
) -> Run:
    """What the file as written says to validation and test pairs: fp16 weights, merged, fp32."""
    from empathy.metrics.epitome import EmpathyScorer
    from empathy.scorers.classification import selection_score

    scorer = EmpathyScorer.from_file(weights)
    said: dict[str, Any] = {}
    for name, some in (("validation", given.validation), ("test", given.test)):
        scorer.truncated = 0
        logits = scorer.logits([e.post for e in some], [e.response for e in some])
        said[name] = logits.argmax(-1).tolist()
    number = selection_score([e.levels for e in given.validation], said["validation"])
    return Run(*key, mark, history, number, said["validation"], said["test"], scorer.truncated)
