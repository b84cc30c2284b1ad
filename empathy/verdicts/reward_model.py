"""A reward model as judge: any Hugging Face sequence classifier that reads prompt and reply.

The reward is the checkpoint's one logit. With two labels it is the log odds of the last one, which
is where "chosen" or "good" usually stands; with more, or where it stands elsewhere, name the label.
A tokenizer with a chat template is given a conversation of one question and one answer, any other
one "prompt, newline, reply". Only safetensors are loaded, and no code of the checkpoint's is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from empathy.checkpoints.unreadable import refused_if_unreadable
from empathy.device import choose
from empathy.errors import UserError
from empathy.verdicts.reward_folder import fetched, local
from empathy.verdicts.scored import Said, ScoredJudge
from empathy.verdicts.verdict import Comparison, Verdicts

MAX_TOKENS: Final = 2048
BATCH_TOKENS: Final = 8192  # in one forward pass, padding included
OFFSET_POSITIONS: Final = ("roberta", "xlm-roberta", "camembert")
"""These count positions from behind the padding token's id on."""


class RewardModel:
    """A loaded reward model; `truncated` counts the texts, over all calls, cut to fit it."""

    def __init__(
        self, name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, label: int
    ) -> None:
        self.name, self.truncated = name, 0
        self._model, self._tokenizer, self._label = model.eval(), tokenizer, label
        self._limit = _longest(model, tokenizer)

    @classmethod
    def load(cls, checkpoint: str, label: str | None = None, device: str = "auto") -> RewardModel:
        """The model of a hub id (`owner/name` or `owner/name@revision`) or of a local folder.

        Raises UserError for a checkpoint that cannot be had, is no sequence classifier, lacks
        weights of its head (they would be random), or leaves open which label is the reward.
        """
        folder = fetched(checkpoint)
        where = choose(device)
        read: Any = AutoModelForSequenceClassification  # annotated as if it gave a model alone
        try:
            with refused_if_unreadable(checkpoint):
                model, found = read.from_pretrained(
                    folder,
                    dtype=where.dtype,
                    use_safetensors=True,
                    trust_remote_code=False,
                    output_loading_info=True,
                )
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        except (ValueError, OSError) as error:
            raise UserError(
                f"{checkpoint} cannot be loaded as a sequence classifier in safetensors without "
                "code of its own; give another reward model"
            ) from error
        wrong = sorted({*found["missing_keys"], *(key for key, *_ in found["mismatched_keys"])})
        if wrong:
            raise UserError(
                f"{checkpoint} lacks {len(wrong)} of the classifier's weights, {wrong[0]} among "
                "them, which would be random; give a checkpoint trained as a reward model"
            )
        model.requires_grad_(False).to(where.device)
        # The hub's cache names a snapshot by its commit, which the results then tell.
        hub_id = None if local(checkpoint) else checkpoint.partition("@")[0]
        name = f"{hub_id}@{folder.name}" if hub_id else checkpoint
        return cls(name, model, tokenizer, reward_label(checkpoint, model, label))

    def judge(self, comparisons: Sequence[Comparison]) -> Verdicts:
        """A win for the reply of the higher reward; `counts` tells how many texts were cut."""
        before = self.truncated
        found = ScoredJudge(f"reward_model:{self.name}", self.rewards).judge(comparisons)
        cut = {"truncated texts": self.truncated - before} if self.truncated > before else {}
        return Verdicts(found.judge, found.verdicts, {**found.counts, **cut})

    @torch.inference_mode()
    def rewards(self, said: Sequence[Said]) -> list[float | None]:
        """The reward of each (client's words, reply), batched by length."""
        rows = [self._encoded(prompt, reply) for prompt, reply in said]
        rewards: list[float | None] = [None] * len(rows)
        padding = _padding(self._model, self._tokenizer, rows)
        for chosen in _batches([len(row) for row in rows]):
            logits = self._logits([rows[index] for index in chosen], padding)
            for index, reward in zip(chosen, _reward(logits, self._label), strict=True):
                rewards[index] = reward
        return rewards

    def _encoded(self, prompt: str, reply: str) -> list[int]:
        """Token ids; too long, the oldest words go, but never the first token, which marks the
        beginning for many models."""
        if self._tokenizer.chat_template is None:
            ids: list[int] = self._tokenizer(f"{prompt}\n{reply}", verbose=False)["input_ids"]
        else:
            roles = (("user", prompt), ("assistant", reply))
            chat = [{"role": role, "content": content} for role, content in roles]
            text = self._tokenizer.apply_chat_template(chat, tokenize=False)
            ids = self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        if len(ids) <= self._limit:
            return ids
        self.truncated += 1
        return ids[:1] + ids[len(ids) - self._limit + 1 :]

    def _logits(self, rows: Sequence[Sequence[int]], padding: int) -> Tensor:
        """Logits `[n, labels]` in fp32 of rows padded on the right."""
        longest = max(map(len, rows))
        ids = torch.tensor([[*row, *[padding] * (longest - len(row))] for row in rows])
        seen = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        # A decoder's classifier finds a row's last token by looking for this id.
        self._model.config.get_text_config().pad_token_id = padding
        self._model.config.pad_token_id = padding
        device = self._model.device
        logits: Tensor = self._model(ids.to(device), attention_mask=seen.to(device)).logits
        return logits.float()


def reward_label(checkpoint: str, model: PreTrainedModel, label: str | None) -> int:
    """The index of the logit that is the reward; raises UserError where that is not clear."""
    labels: Any = model.config.id2label  # annotated as if its keys could be text, too
    names = [str(labels[index]) for index in sorted(labels)]
    if label is not None:
        if label not in names:
            raise UserError(f"{checkpoint} has no label {label!r}; known: {', '.join(names)}")
        return names.index(label)
    if len(names) > 2:
        raise UserError(
            f"{checkpoint} has {len(names)} labels; say by label which one is the better reply: "
            f"{', '.join(names)}"
        )
    return len(names) - 1


def _longest(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """Tokens that the model can read, and no more than MAX_TOKENS."""
    config = model.config.get_text_config()
    positions = getattr(config, "max_position_embeddings", None) or MAX_TOKENS
    if config.model_type in OFFSET_POSITIONS:
        positions -= config.pad_token_id + 1
    return min(MAX_TOKENS, positions, tokenizer.model_max_length)


def _padding(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, rows: Sequence[Sequence[int]]
) -> int:
    """The padding token's id. Where the tokenizer has none it is an id that no row holds: with the
    end token in its place a decoder would take the token before the end for the last one."""
    if tokenizer.pad_token_id is not None:
        return int(tokenizer.pad_token_id)
    used = {token for row in rows for token in row}
    return next(token for token in range(len(used) + 1) if token not in used)


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Indices by length, each batch at most BATCH_TOKENS with its padding, and one row at least."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batches and (len(batches[-1]) + 1) * lengths[index] <= BATCH_TOKENS:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def _reward(logits: Tensor, label: int) -> list[float]:
    """One logit as it is; of several, the log odds of `label` against all others. `[n]`."""
    if logits.shape[1] == 1:
        return logits[:, 0].tolist()
    others = [index for index in range(logits.shape[1]) if index != label]
    return (logits[:, label] - logits[:, others].logsumexp(1)).tolist()
