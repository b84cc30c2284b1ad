"""`python -m empathy train-judge`: the n-gram judge, which no search sees, and the card that judges
it.

A minute on one CPU core. Features and inference are `empathy.verdicts.ngrams`; scikit-learn (extra
`dev`) only fits the regressions. How strongly each is regularised and whether rare levels weigh
more is chosen on the validation posts; test posts choose nothing.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from empathy.cache import file_sha256, write_atomically
from empathy.corpora.epitome import LEVELS, MECHANISMS, Example, load, select
from empathy.errors import UserError
from empathy.scorers import judge_card
from empathy.scorers.classification import selection_score
from empathy.verdicts.ngrams import BINS, WEIGHTS, NgramScorer, Row, counted, weighted

# One entry, since safetensors writes several in any order: the same weights are the same file.
METADATA = {"licence": "EPITOME: academic, non-commercial use only; see NOTICE"}
STRENGTHS = (0.3, 1.0, 3.0, 10.0)
Tensors = dict[str, NDArray[np.floating[Any]]]


class Trained(NamedTuple):
    """The tensors of the file, and per mechanism the settings that validation chose."""

    tensors: Tensors
    chosen: dict[str, dict[str, Any]]


def arguments(parser: ArgumentParser) -> None:
    """The options of `train-judge`."""
    parser.add_argument("--data", type=Path, help="folder that holds epitome/ (or EMPATHY_DATA)")
    parser.add_argument(
        "--out", type=Path, default=Path("results/judge"), help="folder to write [%(default)s]"
    )
    parser.add_argument(
        "--install", action="store_true", help="also replace the judge and card of this package"
    )


def run(options: Namespace) -> int:
    """Trains, judges on the test posts, writes weights and card; 0 when all is done."""
    from safetensors.numpy import save_file

    corpus = load(options.data)
    trained = train(corpus.examples)
    path = options.out / WEIGHTS
    write_atomically(path, lambda file: save_file(trained.tensors, file, METADATA))
    scorer = NgramScorer.from_file(path)
    card = judge_card.build(corpus.examples, scorer, trained.chosen, file_sha256(path))
    texts = {"ngrams.json": json.dumps(card, indent=1) + "\n", "NGRAMS.md": judge_card.render(card)}
    for name, text in texts.items():
        _write(options.out / name, text)
    if options.install:
        for name in (WEIGHTS, *texts):
            _copy(options.out / name, judge_card.FOLDER / name)
    print(f"the judge and its card are in {options.out}")
    return 0


def train(examples: Sequence[Example]) -> Trained:
    """The judge's tensors from the training posts, its settings from the validation posts.

    Raises UserError without scikit-learn, and when there is nothing to train or to choose by.
    """
    if importlib.util.find_spec("sklearn") is None:
        raise UserError("training the judge needs scikit-learn; run `pip install -e '.[dev]'`")
    parts = {name: select(examples, name) for name in ("train", "validation")}
    if not all(parts.values()):
        sizes = " and ".join(f"{len(some)} {name} pairs" for name, some in parts.items())
        raise UserError(f"there are {sizes}; check that the data folder holds the whole of EPITOME")
    rows = {name: [counted(e.response) for e in some] for name, some in parts.items()}
    idf = inverse_frequency(rows["train"]).astype(np.float16)  # as the file will have it
    matrices = {
        name: _sparse([weighted(row, idf.astype(np.float64)) for row in some])
        for name, some in rows.items()
    }
    gold = {name: np.array([e.levels for e in some]) for name, some in parts.items()}
    found = [_fitted(matrices, {name: y[:, k] for name, y in gold.items()}) for k in range(3)]
    tensors: Tensors = {
        "idf": idf,
        "weights": np.stack([weights for weights, _, _ in found]).astype(np.float16),
        "biases": np.stack([biases for _, biases, _ in found]).astype(np.float32),
    }
    return Trained(tensors, {name: found[k][2] for k, name in enumerate(MECHANISMS)})


def inverse_frequency(rows: Sequence[Row]) -> NDArray[np.float64]:
    """log((1 + n) / (1 + texts with the bin)) + 1, `[2 * BINS]`: scikit-learn's smoothed form."""
    seen = np.zeros(2 * BINS)
    for row in rows:
        seen[row.bins] += 1
    idf: NDArray[np.float64] = np.log((1 + len(rows)) / (1 + seen)) + 1
    return idf


def _sparse(rows: Sequence[Row]) -> Any:
    """The texts as a scipy matrix `[texts, 2 * BINS]`."""
    from scipy.sparse import csr_array

    ends = np.cumsum([0, *(len(row.bins) for row in rows)])
    bins = np.concatenate([row.bins for row in rows])
    values = np.concatenate([row.values for row in rows])
    return csr_array((values, bins, ends), shape=(len(rows), 2 * BINS))


def _fitted(
    matrices: Mapping[str, Any], gold: Mapping[str, NDArray[np.int64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[str, Any]]:
    """Weights `[levels, 2 * BINS]`, biases `[levels]` and settings of one mechanism."""
    from sklearn.linear_model import LogisticRegression

    best, kept, chosen = -1.0, None, {}
    for strength in STRENGTHS:
        for weight in (None, "balanced"):
            model = LogisticRegression(C=strength, class_weight=weight, max_iter=1000, tol=1e-3)
            model.fit(matrices["train"], gold["train"])
            guess = model.predict(matrices["validation"])
            score = selection_score(gold["validation"][:, None].tolist(), guess[:, None].tolist())
            if score > best:
                best, kept = score, model
                chosen = {"C": strength, "class_weight": weight, "validation": score}
    assert kept is not None
    weights, biases = np.zeros((LEVELS, 2 * BINS)), np.full(LEVELS, -30.0)
    if len(kept.classes_) == 2:  # one logit stands for two levels; the third never occurred
        weights[kept.classes_[1]], biases[kept.classes_] = kept.coef_[0], (0.0, kept.intercept_[0])
    else:
        weights[kept.classes_], biases[kept.classes_] = kept.coef_, kept.intercept_
    return weights, biases, chosen


def _write(path: Path, text: str) -> None:
    write_atomically(path, lambda file: file.write_text(text, encoding="utf-8"))


def _copy(source: Path, target: Path) -> None:
    write_atomically(target, lambda file: shutil.copyfile(source, file))
