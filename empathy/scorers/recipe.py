"""How each part's scorer is trained. No torch."""

from __future__ import annotations

from dataclasses import dataclass

from empathy.scorers.material import Part


@dataclass(frozen=True)
class Recipe:
    """How one scorer is trained; no value was chosen on test posts."""

    epochs: int
    """Passes over the training posts."""
    batch_size: int = 32
    rank: int = 8
    learning_rate: float = 1e-3
    """Of all that is trained; warm-up over a tenth of the steps, then cosine to nothing."""
    weight_decay: float = 0.01
    dropout: float = 0.1
    """On hidden states of the encoder and on the pooled vectors; attention has none."""
    evidence: float = 1.0
    """Weight of the loss that draws attention to evidence, beside the levels' loss."""
    spliced: float = 0.25
    """Fresh splices in every epoch, per training pair."""
    longest: int = 160
    """Tokens of post and reply together while training; 85 % of the pairs fit. What is scored may
    be longer."""
    averaged: float = 0.0
    """The share of steps, from the last one back, whose weights are averaged in the end."""
    encoder: str = "minilm"
    """What reads; `empathy.checkpoints.encoder` knows the names."""


RECIPES: dict[Part, Recipe] = {
    # A half has half the steps per pass, so it goes over its posts more often.
    "rank": Recipe(epochs=7),
    "evaluate": Recipe(epochs=7),
    "full": Recipe(epochs=5),
    "row": Recipe(epochs=5),
}
