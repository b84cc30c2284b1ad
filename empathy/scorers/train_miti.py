"""`python -m empathy train-miti`: the scorer of MITI labels, and the card that judges it.

Two runs of one recipe: over four fifths of the groups, judged on the fifth that is held out, beside
TF-IDF with settings chosen there; and over everything, which is what is shipped and judged on the
gold test sentences. Those choose nothing. A run whose data and settings have not changed is read
from `--out`, not trained again.
"""

from __future__ import annotations

import json
import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from empathy.cache import content_key, file_sha256, write_atomically
from empathy.corpora import mi
from empathy.errors import UserError
from empathy.fetch.downloads import data_folder

if TYPE_CHECKING:
    from empathy.scorers.miti_examples import Example
    from empathy.scorers.miti_training import Recipe

METADATA = {"licence": "CC BY-NC-SA 3.0, as the MI data it was trained on; see NOTICE"}
SEED = 0


def arguments(parser: ArgumentParser) -> None:
    """The options of `train-miti`."""
    parser.add_argument("--data", type=Path, help="folder that holds mi/ (or EMPATHY_DATA)")
    parser.add_argument(
        "--gold", type=Path, help="the experts' file 'MI Dataset.csv' [mi/MI Dataset.csv, if there]"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("results/miti"), help="folder to write [%(default)s]"
    )
    parser.add_argument("--epochs", type=int, help="times that sentences are drawn [3]")
    parser.add_argument(
        "--install", action="store_true", help="also replace the scorer and card of this package"
    )


def run(options: Namespace) -> int:
    """Trains, judges on the gold test sentences, writes weights and card; 0 when all is done."""
    # Imported here so that `--help` answers at once.
    from empathy.metrics.miti import WEIGHTS
    from empathy.scorers import miti_card
    from empathy.scorers.miti_examples import collect

    data = options.data or data_folder()
    recipe = _recipe(options.epochs)
    found = collect(data, gold_file(data, options.gold))
    learnt = [example for example in found.examples if not example.held_out]
    whole = trained(found.examples, recipe, options.out / "runs")
    partial = trained(learnt, recipe, options.out / "runs")
    write_atomically(options.out / WEIGHTS, _copier(whole))
    card = miti_card.build(data, found, miti_card.Weights(partial, options.out / WEIGHTS))
    card |= {"recipe": asdict(recipe), "sha256": file_sha256(options.out / WEIGHTS)}
    texts = {"miti.json": json.dumps(card, indent=1) + "\n", "MITI.md": miti_card.render(card)}
    for name, text in texts.items():
        write_atomically(options.out / name, _writer(text))
    if options.install:
        for name in (WEIGHTS, *texts):
            write_atomically(miti_card.FOLDER / name, _copier(options.out / name))
    print(f"the scorer and its card are in {options.out}")
    return 0


def gold_file(data: Path, named: Path | None) -> Path | None:
    """The experts' file: the one that was named, else the one in the data folder if any.

    Raises `UserError` when the named one is not there.
    """
    if named is not None and not named.is_file():
        raise UserError(f"--gold {named} is no file; name 'MI Dataset.csv' or leave --gold out")
    usual = data / mi.GOLD
    return named or (usual if usual.is_file() else None)


def trained(examples: Sequence[Example], recipe: Recipe, folder: Path) -> Path:
    """The file of weights learnt from these examples, trained unless it is there already."""
    from rich.progress import Progress
    from safetensors.torch import save_file

    from empathy.scorers.miti_training import train

    key = content_key("miti", json.dumps([asdict(recipe), *examples]), SEED)
    path = folder / f"{key}.safetensors"
    if not path.is_file():
        with Progress(transient=True) as progress:
            task = progress.add_task(f"{len(examples)} sentences")

            def report(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            state = train(examples, recipe, SEED, report)
        write_atomically(path, lambda file: save_file(state, file, METADATA))
    return path


def _recipe(epochs: int | None) -> Recipe:
    from empathy.scorers.miti_training import Recipe

    if epochs is not None and epochs < 1:
        raise UserError(f"--epochs is {epochs}; it must be at least 1")
    return Recipe() if epochs is None else Recipe(epochs=epochs)


def _writer(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")


def _copier(source: Path) -> Callable[[Path], object]:
    return lambda path: shutil.copyfile(source, path)
