"""Base and adapter as one checkpoint, which plain transformers and any server load.

PEFT adds the product of the low-rank matrices to the base's own in 32 bits. Afterwards both models
read the same chat, and the largest difference between their logits is kept beside the weights.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from empathy.cache import file_sha256, write_atomically
from empathy.checkpoints.packaged import Progress
from empathy.errors import UserError
from empathy.families import Family
from empathy.records import Turn
from empathy.winner import merged_card
from empathy.winner.folder import MANIFEST, WEIGHTS, Winner, base_weights, family_of_winner
from empathy.winner.merge_command import FACTS

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

SAME = 3e-4
"""Of the largest logit: in 32 bits, what differs by more comes of a mistake, not of rounding."""
SAID = "I have not slept since the funeral, and nobody asks."


class Merged(NamedTuple):
    """The result, and how far its logits lie from those of base and adapter at most."""

    folder: Path
    difference: float


def check_out(out: Path) -> None:
    """Raises UserError where a merged model may not be written: over anything that is none."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise UserError(f"--out {out} is a file or a link; name a new folder")
    if out.is_dir() and any(out.iterdir()) and not (out / FACTS).is_file():
        raise UserError(f"--out {out} holds files that are no merged model; name a new folder")


def merge(winner: Winner, out: Path, dtype: str, progress: Progress) -> Merged:
    """Write the winner's base with its adapter merged into `out`, atomically.

    Raises UserError where the base cannot be had, is not the one that the adapter was made for, or
    `out` may not be written.
    """
    import torch

    check_out(out)
    family = family_of_winner(winner, progress)
    found = base_weights(winner, family, progress)
    changes = {} if winner.own_base else family.config_changes
    model, tokenizer, ids = _with_adapter(winner, found.folder, family, changes)
    wanted = _logits(model, ids)
    merged = model.merge_and_unload(safe_merge=True).to(getattr(torch, dtype))
    difference = float((_logits(merged, ids) - wanted).abs().max())
    if dtype == "float32" and not difference <= SAME * float(wanted.abs().max()):
        raise UserError(
            f"the merged weights give other logits than base and adapter, by {difference:.2g}; "
            "nothing was written, and the adapter can be used as it is"
        )
    _generation(merged, tokenizer, family, winner)
    facts = {
        "base": winner.base_name,
        "base_sha256": found.sha256,
        "adapter_sha256": file_sha256(winner.folder / WEIGHTS),
        "dtype": dtype,
        "largest_logit_difference": difference,
    }

    def write(temporary: Path) -> None:
        merged.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        (temporary / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        for name in (MANIFEST, "NOTICE"):
            if (winner.folder / name).is_file():
                shutil.copyfile(winner.folder / name, temporary / name)
        merged_card.write(winner.folder, temporary, difference)
        if out.is_dir():  # an empty one, or an earlier merged model
            shutil.rmtree(out)

    progress("writing the merged weights", 0.0)
    write_atomically(out, write)
    progress("writing the merged weights", 1.0)
    return Merged(out, difference)


def _with_adapter(
    winner: Winner, base: Path, family: Family, changes: Any
) -> tuple[Any, PreTrainedTokenizerBase, Tensor]:
    """PEFT's model in 32 bits as anybody loads it, the tokenizer, and a chat in tokens `(1, n)`."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    if not sys.stderr.isatty():
        disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(winner.folder, trust_remote_code=False)
    model = AutoModelForCausalLM.from_pretrained(
        base, dtype=torch.float32, trust_remote_code=False, **changes
    )
    chat = tokenizer.apply_chat_template(
        family.messages([Turn("client", SAID)]), add_generation_prompt=True, tokenize=False
    )
    ids = tokenizer(chat, add_special_tokens=False, return_tensors="pt")["input_ids"]
    return PeftModel.from_pretrained(model, str(winner.folder)).eval(), tokenizer, ids


def _logits(model: Any, ids: Tensor) -> Tensor:
    import torch

    with torch.no_grad():
        logits: Tensor = model(input_ids=ids).logits.float()
    return logits


def _generation(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    family: Family,
    winner: Winner,
) -> None:
    """Ends, padding, and the decoding under which the winner was measured, where that is known."""
    rules = model.generation_config
    if rules is None:
        return
    ends = {family.end_id(tokenizer), tokenizer.eos_token_id}
    rules.eos_token_id = sorted(end for end in ends if isinstance(end, int))
    rules.pad_token_id = tokenizer.pad_token_id
    rules.bos_token_id = family.begin_id(tokenizer)
    rules._from_model_config = False  # else readers may take the configuration's word instead
    measured = winner.settings.get("evaluation")
    if measured is None:
        return
    sampled = measured["temperature"] > 0
    rules.do_sample = sampled
    rules.temperature = measured["temperature"] if sampled else None
    rules.top_k, rules.top_p = (0, 1.0) if sampled else (None, None)
    rules.max_new_tokens = measured["max_new_tokens"]
