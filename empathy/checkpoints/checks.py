"""What a checkpoint's configuration and tokenizer say of its fitness; no weights are read.

The model is built on torch's meta device, which has shapes and no numbers. The sentences that are
tokenised are invented, so that findings can be shown to anybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedConfig
from transformers import PreTrainedTokenizerBase as Tokenizer

from empathy.checkpoints.chat_tokenizer import chat_ready
from empathy.errors import UserError
from empathy.families import Family, family_named
from empathy.lanes.adapters import adapt
from empathy.lanes.rows import Example, pack
from empathy.records import Prompt, Turn
from empathy.settings import StudySettings, TrainingSettings
from empathy.weights import configuration

Told = tuple[Literal["ok", "warning", "error"], str, str]
"""How bad it is, what was looked at, and a sentence."""

TURNS = (
    Turn("client", "I failed the exam again and I cannot tell my parents."),
    Turn("counsellor", "That sounds lonely."),
    Turn("client", "It is. I keep it all to myself."),
)
REPLIES = ("You carry this alone, and it weighs on you.", "Tell them.")
OFTEN = 0.1  # a share of texts cut that is worth a warning
WIDE = 1 << 20  # tokens: more than the invented prompt has


def check_checkpoint(
    folder: Path, source: str, settings: StudySettings, prompts: Sequence[Prompt]
) -> list[Told]:
    """Everything that can be said of the checkpoint in `folder`, called `source` in sentences.

    `prompts` are some of the train prompts, which are held against the limits of length.
    """
    family = family_named(settings.family)
    try:
        config, _ = configuration(folder, family, source)
        tokenizer = chat_ready(
            AutoTokenizer.from_pretrained(folder, trust_remote_code=False), family
        )
    except (UserError, OSError, ValueError) as error:
        return [("error", "checkpoint", " ".join(str(error).split()))]
    return [
        ("ok", "architecture", f"a model of type {config.model_type}, as the family takes"),
        *_context(config, settings),
        *_targets(config, family, settings.max_rank),
        *_chat(tokenizer, family),
        *_lengths(tokenizer, family, settings.training, prompts),
    ]


def _context(config: PreTrainedConfig, settings: StudySettings) -> Iterator[Told]:
    """Do trained and generated texts fit the positions that the model knows?"""
    known = getattr(config, "max_position_embeddings", None)
    if known is None:
        yield "warning", "context", "the configuration does not say how long a text may be"
        return
    length = settings.training.max_length
    spoken = settings.training.max_prompt_tokens + settings.evaluation.max_new_tokens
    if length > known:
        told = f"training.max_length is {length}, but the model knows {known} positions; lower it"
        yield "error", "context", told
    if spoken > known:
        yield (
            "error",
            "context",
            f"training.max_prompt_tokens and evaluation.max_new_tokens are {spoken} together, but "
            f"the model knows {known} positions; lower one of them",
        )
    if max(length, spoken) <= known:
        yield "ok", "context", f"{max(length, spoken)} tokens at most, of {known} positions"


def _targets(config: PreTrainedConfig, family: Family, rank: int) -> Iterator[Told]:
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    try:
        layout = adapt(model, family.lora_targets, rank)
    except ValueError as error:
        told = f"{error}, which family {family.name} adapts; choose another family"
        yield "error", "LoRA targets", told
        return
    kinds = Counter(name.rpartition(".")[2] for name in layout.layers)
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    size = f"{layout.size:,} numbers at rank {rank}"
    yield "ok", "LoRA targets", f"{told} are adapted, {size}"


def _chat(tokenizer: Tokenizer, family: Family) -> Iterator[Told]:
    prompt = Prompt("invented", "invented", "train", TURNS, REPLIES[0])
    try:
        ids = family.encode_prompt(tokenizer, prompt, WIDE).ids
        replies = tuple(tuple(family.encode_reply(tokenizer, text)) for text in REPLIES)
    except Exception as error:  # templates are programs of strangers
        told = f"the chat template fails: {type(error).__name__}: {' '.join(str(error).split())}"
        yield "error", "chat template", told
        return
    yield _template(tokenizer, family, ids)
    yield _opening(tokenizer, family, ids)
    yield _mask(tokenizer, family, Example(tuple(ids), replies))
    yield _ending(tokenizer, family, replies)


def _lengths(
    tokenizer: Tokenizer, family: Family, limits: TrainingSettings, prompts: Sequence[Prompt]
) -> Iterator[Told]:
    """How many of some train prompts, and of the human replies to them, the limits cut."""
    if not prompts:
        return
    try:
        encoded = [
            family.encode_prompt(tokenizer, each, limits.max_prompt_tokens) for each in prompts
        ]
    except UserError as error:
        yield "error", "lengths", str(error)
        return
    replies = [len(family.encode_reply(tokenizer, each.human_reply)) for each in prompts]
    cut = sum(prompt.truncated for prompt in encoded)
    longer = sum(
        len(prompt.ids) + reply > limits.max_length
        for prompt, reply in zip(encoded, replies, strict=True)
    )
    yield (
        "warning" if max(cut, longer) > OFTEN * len(prompts) else "ok",
        "lengths",
        f"of {len(prompts)} train prompts {cut} lose their oldest words to "
        f"training.max_prompt_tokens, {limits.max_prompt_tokens}, and {longer} human replies their "
        f"end to training.max_length, {limits.max_length}",
    )


def _template(tokenizer: Tokenizer, family: Family, ids: list[int]) -> Told:
    """Instruction and every turn stand in the prompt, once and in order; the last word is open."""
    text, at = _bare(str(tokenizer.decode(ids))), 0
    for part in (family.instruction, *(turn.text for turn in TURNS)):
        if text.count(_bare(part)) != 1 or text.find(_bare(part)) < at:
            told = (
                "the instruction, as a system role or in the first turn,"
                if part == family.instruction
                else "a turn of the dialogue"
            )
            return "error", "chat template", f"{told} is lost, doubled or moved by the template"
        at = text.find(_bare(part))
    way = "its system role" if family.system_role else "the first user turn"
    return "ok", "chat template", f"every turn is written once, the instruction in {way}"


def _opening(tokenizer: Tokenizer, family: Family, ids: list[int]) -> Told:
    begin = family.begin_id(tokenizer)
    if begin is None:
        return "ok", "opening token", "the tokenizer has none, so that none is written"
    token, count = tokenizer.convert_ids_to_tokens(begin), ids.count(begin)
    if count == 1 and ids[0] == begin:
        return "ok", "opening token", f"{token} stands once, at the start"
    where = "and not at the start" if ids[0] != begin else "and must be there once"
    return "error", "opening token", f"{token} stands {count} times in an encoded prompt, {where}"


def _mask(tokenizer: Tokenizer, family: Family, pair: Example) -> Told:
    """What the loss sees of a packed pair are both replies: every token, and no other."""
    rows = pack([[pair]])
    seen = [tuple(rows.targets[rows.owners == reply].tolist()) for reply in range(rows.sequences)]
    if seen != list(pair.replies):
        return "error", "label mask", f"the loss would see {seen} instead of {pair.replies}"
    said = [family.decode_reply(tokenizer, tokens) for tokens in seen]
    if [_bare(text) for text in said] != [_bare(text) for text in REPLIES]:
        told = f"the loss sees the replies' tokens, but '{REPLIES[0]}' is read back as '{said[0]}'"
        return "warning", "label mask", told
    tokens = sum(map(len, seen))
    return "ok", "label mask", f"it covers the two replies of a pair exactly, {tokens} tokens"


def _ending(tokenizer: Tokenizer, family: Family, replies: tuple[tuple[int, ...], ...]) -> Told:
    """Each reply is taught to end, by the token at which generation stops."""
    end = family.end_id(tokenizer)
    token = tokenizer.convert_ids_to_tokens(end)
    if all(reply[-1] == end and reply.count(end) == 1 for reply in replies):
        return "ok", "end of reply", f"{token} ends each reply and stops generation"
    return "error", "end of reply", f"{token} does not stand once, at the end of an encoded reply"


def _bare(text: str) -> str:
    """Without blanks, which some tokenizers do not keep, and in one case."""
    return "".join(text.split()).lower()
