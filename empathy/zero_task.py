"""What the processes of ZeRO trials read: one folder that all machines see, written once a sweep.

It holds the reference model, the warm start merged into it, as a checkpoint that transformers
splits while reading; and the tokenised pairs with what the reference says of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from safetensors import safe_open
from safetensors.torch import save_file
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from empathy.cache import write_atomically
from empathy.errors import UserError
from empathy.export import write_base
from empathy.lanes.engine import Task
from empathy.lanes.heads import TRANSFORMS
from empathy.lanes.rows import Example
from empathy.weights import Base

SHARED = ("loss", "max_steps", "batch_size", "gradient_accumulation", "balanced")


class Handed(NamedTuple):
    """A folder's content, but for the model, which each process loads by itself."""

    folder: Path
    task: Task
    targets: list[str]

    def load(self) -> PreTrainedModel:
        """The frozen reference model in the number format it was written in."""
        model = AutoModelForCausalLM.from_pretrained(
            self.folder / "model",
            dtype="auto",
            attn_implementation="sdpa",
            use_safetensors=True,
            trust_remote_code=False,
        )
        assert isinstance(model, PreTrainedModel)
        model.eval().requires_grad_(False)
        return model

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """TRL takes nothing but the padding token from it."""
        found: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            self.folder / "model", trust_remote_code=False
        )
        return found


def hand_over(base: Base, task: Task, folder: Path) -> None:
    """Write the folder, whole or not at all; one that is there stays.

    Raises UserError for what ZeRO trials cannot learn: see `refuse`.
    """
    refuse(base.model.config.model_type, len(task.examples[0].replies))
    notes = {name: getattr(task, name) for name in SHARED}
    notes |= {"targets": list(base.family.lora_targets), "examples": task.examples}

    def write(temporary: Path) -> None:
        temporary.mkdir()
        write_base(base, temporary / "model")
        save_file({"reference": task.reference.contiguous()}, temporary / "reference.safetensors")
        (temporary / "task.json").write_text(json.dumps(notes))

    write_atomically(folder, write)


def refuse(model_type: str, replies: int) -> None:
    """Raise UserError for an objective without pairs, or a model whose head TRL would skip."""
    if replies != 2:
        raise UserError("engine zero learns from pairs alone; take objective dpo, or engine lanes")
    if model_type in TRANSFORMS:
        raise UserError(
            f"engine zero cannot train a {model_type} model, of whose head TRL skips a part; "
            "take engine lanes"
        )


def read(folder: Path) -> Handed:
    """What `hand_over` wrote."""
    notes = json.loads((folder / "task.json").read_text())
    with safe_open(folder / "reference.safetensors", framework="pt") as file:
        reference = file.get_tensor("reference")
    examples = [
        Example(tuple(prompt), tuple(map(tuple, replies))) for prompt, replies in notes["examples"]
    ]
    task = Task(examples, reference, **{name: notes[name] for name in SHARED})
    return Handed(folder, task, notes["targets"])
