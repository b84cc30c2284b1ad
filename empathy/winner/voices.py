"""Who can be talked to: the winner, the SFT model that it started from, the untrained base.

One base model serves all that are adapters on it: the SFT model is the first ranks of the winner's
own adapter. Where the warm start trained all weights, the base beside the adapter is the SFT model,
and the untrained one is loaded beside it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from empathy.checkpoints.packaged import Progress
from empathy.errors import UserError
from empathy.records import Prompt, Turn
from empathy.settings import EvaluationSettings, TrainingSettings
from empathy.winner.folder import Winner, family_of_winner, load_base, original_weights

if TYPE_CHECKING:
    from empathy.weights import Base

Rival = Literal["sft", "base"]
WINNER = "winner"
Turns = Sequence[Turn]


@dataclass(frozen=True)
class Decoding:
    """How all of them reply."""

    temperature: float
    max_new_tokens: int
    seed: int


class Voices:
    """The winner and, if asked for, one rival; `reply` gives the words of either."""

    def __init__(
        self, winner: Winner, against: Rival | None, decoding: Decoding, progress: Progress
    ) -> None:
        """Load what is needed. Raises UserError where the rival cannot be had from this folder."""
        from empathy import device as devices
        from empathy.own_data.base_model import attach

        if against is not None:
            check_rival(winner, against)
        place = devices.choose("auto")
        base = load_base(winner, place.dtype, str(place.device), progress)
        self._model: Any = attach(base, winner.folder)
        self._decoding = decoding
        self._training = _limits(winner)
        self._speak = {WINNER: self._speaker(base)}
        self._names = {WINNER: "default"}
        if against == "base" and winner.own_base:
            self._speak["base"] = self._speaker(_untrained(winner, base, progress))
        elif against is not None:
            self._speak[against] = self._speak[WINNER]
            if against == "sft" and not winner.own_base:
                _add_warm_start(self._model, winner.warm_start_rank or 0)
                self._names["sft"] = "sft"

    def reply(self, name: str, turns: Turns, number: int) -> str:
        """What `name` says after these turns. The same number and turns give the same words."""
        prompt = Prompt(f"turn {number}", "chat", "chat", tuple(turns), "")
        with self._as(name):
            return self._speak[name](prompt)

    @contextmanager
    def _as(self, name: str) -> Iterator[None]:
        adapter = self._names.get(name)
        if adapter is None:
            with self._model.disable_adapter():
                yield
            return
        self._model.set_adapter(adapter)
        yield

    def _speaker(self, base: Base) -> Callable[[Prompt], str]:
        from empathy.policy import Speaker

        rules = EvaluationSettings(
            temperature=self._decoding.temperature,
            max_new_tokens=self._decoding.max_new_tokens,
            seed=self._decoding.seed,
        )
        speaker = Speaker(base, self._training, rules)
        return lambda prompt: speaker.reply([prompt])[0].replies[0].text


def check_rival(winner: Winner, against: Rival) -> None:
    """Raises UserError where the folder does not say enough to have this rival again."""
    if against == "base":
        return
    steps = winner.settings.get("warm_start", {}).get("steps")
    if steps == 0:
        raise UserError(
            "this sweep had no warm start, so that its SFT model is the base: take --against base"
        )
    unknown = steps is None if winner.own_base else winner.warm_start_rank is None
    if unknown:
        raise UserError(
            f"{winner.folder} does not say how its warm start was trained, so that the SFT model "
            "cannot be had from it; give the whole results folder, or take --against base"
        )
    if not winner.own_base and winner.warm_start_rank == 0:
        raise UserError(
            f"{winner.folder} holds no warm start, so that its SFT model is the base: take "
            "--against base"
        )


def context_turns(winner: Winner) -> int:
    """How many turns of a dialogue its prompts had; 1 where no manifest says so."""
    return int(winner.settings.get("data", {}).get("context_turns", 1))


def _limits(winner: Winner) -> TrainingSettings:
    """The lengths that it was trained with, as far as they are known."""
    given = winner.settings.get("training", {})
    names = ("max_prompt_tokens", "max_length")
    return TrainingSettings(**{name: given[name] for name in names if name in given})


def _untrained(winner: Winner, base: Base, progress: Progress) -> Base:
    from empathy import weights

    family = family_of_winner(winner, progress)
    return weights.load(
        original_weights(winner, family, progress),
        family,
        dtype=base.model.dtype,
        device=str(base.model.device),
        new_head=winner.settings.get("new_head"),
    )


def _add_warm_start(model: Any, rank: int) -> None:
    """Add the first ranks of the winner's adapter as an adapter "sft" of its own.

    Exact: the ranks of warm start and trial stand one behind the other, see `empathy.export`.
    """
    from peft import get_peft_model_state_dict, set_peft_model_state_dict

    config = copy.deepcopy(model.peft_config["default"])
    config.r = config.lora_alpha = rank
    # Without embeddings, or PEFT asks the hub whether their number has changed.
    whole = get_peft_model_state_dict(model, adapter_name="default", save_embedding_layers=False)
    first = {
        name: (tensor[:rank] if ".lora_A." in name else tensor[:, :rank]).clone()
        for name, tensor in whole.items()
    }
    model.add_adapter("sft", config)
    set_peft_model_state_dict(model, first, adapter_name="sft")
    model.eval()
