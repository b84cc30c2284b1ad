"""A half's scorer made ready to be shipped: its temperatures, and what the card tells beside
accuracy.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from empathy.cache import write_atomically
from empathy.corpora.epitome import MECHANISMS, Example
from empathy.metrics.epitome import ABOUT, EmpathyScorer, about
from empathy.scorers import calibration, prompt_swap
from empathy.scorers.calibration import Fit

Floats = NDArray[np.float64]


class Shipped(NamedTuple):
    """What the card says of one shipped file, JSON-able."""

    calibration: dict[str, Any]
    """`fits` per mechanism (on validation), and the test pairs `before` and `after`."""
    prompt: dict[str, Any]
    """How much it looks at the post (`prompt_swap.measure`)."""


def ship(
    source: Path, target: Path, validation: Sequence[Example], test: Sequence[Example]
) -> Shipped:
    """Writes the scorer in `source` with temperatures fitted on validation pairs to `target`, and
    measures it on test pairs. Temperatures that `source` has already count for nothing."""
    scorer = EmpathyScorer.from_file(source)
    fits = fitted(raw_logits(scorer, validation), validation)
    temperature = torch.tensor([fit.temperature for fit in fits], dtype=torch.float32)
    if torch.equal(temperature, scorer.temperature):
        write_atomically(target, lambda path: shutil.copyfile(source, path))
    else:
        metadata = {ABOUT: json.dumps(about(source), sort_keys=True)}
        tensors = {**load_file(source), "temperature": temperature}
        write_atomically(target, lambda path: save_file(tensors, path, metadata))
    logits = raw_logits(scorer, test)
    told = {
        "fits": {name: fit._asdict() for name, fit in zip(MECHANISMS, fits, strict=True)},
        "before": calibration.judge(logits, test),
        "after": calibration.judge(logits / temperature.double().numpy()[:, None], test),
    }
    return Shipped(told, prompt_swap.measure(levels_by(EmpathyScorer.from_file(target)), test))


def fitted(logits: Floats, validation: Sequence[Example]) -> list[Fit]:
    """Each mechanism's fit to logits `[n, mechanisms, levels]`."""
    groups = [example.post_id for example in validation]
    return [
        calibration.fit(logits[:, k], np.array([e.levels[k] for e in validation]), groups)
        for k in range(len(MECHANISMS))
    ]


def raw_logits(scorer: EmpathyScorer, pairs: Sequence[Example]) -> Floats:
    """The scorer's logits before any temperature, `[n, mechanisms, levels]`."""
    logits = scorer.logits([e.post for e in pairs], [e.response for e in pairs])
    return np.asarray((logits * scorer.temperature[:, None]).double().numpy())


def levels_by(scorer: EmpathyScorer) -> prompt_swap.Levels:
    """The scorer as a function from posts and replies to expected levels `[n, mechanisms]`."""

    def levels(posts: Sequence[str], replies: Sequence[str]) -> Floats:
        return calibration.expected(scorer.logits(posts, replies).double().numpy())

    return levels
