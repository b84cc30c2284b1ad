"""`python -m empathy train-scorer`: the scorers that the project ships, and the card that judges
them.

A run is a part of the posts and a seed (`empathy.scorers.runs`). Of a half's seeds the best on the
validation posts is shipped, with temperatures fitted there; the runs on all posts and on the
paper's rows are for the card alone. Test posts choose nothing. Parts that are not trained keep the
numbers of the card in this package.
"""

from __future__ import annotations

import json
import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from empathy.cache import file_sha256, write_atomically
from empathy.corpora.epitome import HALVES, LEVELS, Epitome, load
from empathy.errors import UserError
from empathy.scorers.material import PARTS, Part, material
from empathy.scorers.recipe import RECIPES, Recipe

if TYPE_CHECKING:
    from empathy.scorers.card import Card

OVERRIDES = (("epochs", 1, 1000), ("longest", 16, 384), ("averaged", 0, 1))
"""Options that change the recipes of all parts that are trained, with their ranges."""
INSTALLED = Path(__file__).parent.parent / "metrics" / "weights"


def arguments(parser: ArgumentParser) -> None:
    """The options of `train-scorer`."""
    parser.add_argument("--data", type=Path, help="folder that holds epitome/ (or EMPATHY_DATA)")
    parser.add_argument(
        "--out", type=Path, default=Path("results/scorer"), help="folder to write [%(default)s]"
    )
    parser.add_argument("--seeds", default="0-4", help="a seed, or first-last [%(default)s]")
    parser.add_argument(
        "--parts",
        default=",".join(PARTS),
        help="what to train, or none; the others keep this package's numbers [%(default)s]",
    )
    parser.add_argument("--epochs", type=int, help="passes over the posts [5; 7 over a half]")
    parser.add_argument("--longest", type=int, help="tokens of a pair while training [160]")
    parser.add_argument(
        "--averaged", type=float, help="share of last steps whose weights are averaged [0]"
    )
    parser.add_argument(
        "--encoder",
        default="minilm",
        help="what reads: minilm, a hub id (roberta-base), a folder, package:NAME [%(default)s]",
    )
    parser.add_argument(
        "--install", action="store_true", help="also replace the scorers and card of this package"
    )


def run(options: Namespace) -> int:
    """Trains what is missing under `--out`, then writes weights and card; 0 when all is done."""
    # Imported here so that `--help` answers at once.
    from empathy.scorers import card as scorer_card
    from empathy.scorers import card_text
    from empathy.scorers.runs import train_all

    seeds, parts = parse_seeds(options.seeds), parse_parts(options.parts)
    recipes = {part: _recipe(part, options) for part in parts}
    _check(options, parts)
    corpus = load(options.data)
    kept = scorer_card.kept(_installed_card(), corpus, parts)
    runs = train_all(corpus, options.out, seeds, recipes)
    settings = {part: asdict(recipe) for part, recipe in recipes.items()}
    card = scorer_card.build(corpus, runs, settings, kept)
    _ship(card, corpus, options.out, parts)
    card_text.write(card, options.out)
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


def parse_parts(text: str) -> tuple[Part, ...]:
    """`full,row` as parts in the order of PARTS, `none` as none; else raises UserError."""
    named = set() if text == "none" else {name.strip() for name in text.split(",")}
    if not named <= set(PARTS):
        unknown, known = ", ".join(sorted(named - set(PARTS))), ", ".join(PARTS)
        raise UserError(f"--parts: there is no part {unknown!r}; known: {known}, or none")
    return tuple(part for part in PARTS if part in named)


def install(out: Path) -> None:
    """Puts weights and card where the package looks for them."""
    for name in (*(f"{half}.safetensors" for half in HALVES), "card.json", "CARD.md"):
        write_atomically(INSTALLED / name, _copier(out / name))


def _recipe(part: Part, options: Namespace) -> Recipe:
    """The part's recipe with what the options change of it; UserError for what cannot be."""
    for name, lowest, highest in OVERRIDES:
        given = getattr(options, name)
        if given is not None and not lowest <= given <= highest:
            raise UserError(f"--{name} is {given}; it must be from {lowest} to {highest}")
    changed = {name: getattr(options, name) for name, *_ in OVERRIDES}
    told = {name: given for name, given in changed.items() if given is not None}
    return replace(RECIPES[part], encoder=options.encoder, **told)


def _check(options: Namespace, parts: Sequence[Part]) -> None:
    """Numbers of MiniLM never stand beside another encoder's, nor its weights in this package."""
    from empathy.checkpoints.encoder import MINILM_NAMES

    if options.encoder in MINILM_NAMES:
        return
    if options.install:
        raise UserError(f"only minilm can be installed, not {options.encoder}; leave --install out")
    if set(parts) != set(PARTS):
        raise UserError(
            f"--parts {options.parts} would keep minilm's numbers beside --encoder"
            f" {options.encoder}'s; leave --parts out"
        )


def _installed_card() -> Card:
    card: Card = json.loads((INSTALLED / "card.json").read_text(encoding="utf-8"))
    return card


def _ship(card: Card, corpus: Epitome, out: Path, parts: Sequence[Part]) -> None:
    """Writes both halves' files and what the card says of them; and of the n-gram referee."""
    from empathy.scorers import prompt_swap
    from empathy.scorers.runs import RunKey, paths
    from empathy.scorers.shipping import ship
    from empathy.verdicts.ngrams import NgramScorer

    given = material(corpus, "full")
    for half in HALVES:
        trained = paths(out, RunKey(half, card["shipped"][half]["seed"]))[0]
        source = trained if half in parts else INSTALLED / f"{half}.safetensors"
        target = out / f"{half}.safetensors"
        card["shipped"][half] |= ship(source, target, given.validation, given.test)._asdict()
        card["shipped"][half]["sha256"] = file_sha256(target)
    referee = NgramScorer.load()

    def levels(posts: Sequence[str], replies: Sequence[str]) -> Any:
        return referee.probabilities(replies) @ np.arange(LEVELS)

    card["referee"] = {"prompt": prompt_swap.measure(levels, given.test)}


def _copier(source: Path) -> Callable[[Path], object]:
    return lambda path: shutil.copyfile(source, path)
