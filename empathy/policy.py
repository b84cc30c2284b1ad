"""One base model as a speaker: prompts in, replies out, for the bare model or for lanes of it."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from empathy.cache import alone, cache_folder, content_key, write_atomically
from empathy.lanes.engine import measure
from empathy.lanes.generate import Decoding, Generated, Request, generate
from empathy.lanes.rows import Example
from empathy.records import PreferencePair, Prompt, Reply
from empathy.settings import EvaluationSettings, TrainingSettings
from empathy.weights import Base

Progress = Callable[[str, int, int | None], None]
"""What is being done, how much of it is done, and of how much (None: unknown)."""
Heard = Callable[[int, int], None]
"""How much of something is done, and of how much."""
TOLD_EVERY = 256  # examples: a line for each would be work of its own

log = logging.getLogger(__name__)


class Encoded(NamedTuple):
    """Tokenised examples, and how many lost part of their prompt or of a reply to the limits."""

    examples: list[Example]
    prompts_cut: int
    replies_cut: int


class Spoken(NamedTuple):
    """A policy's replies to prompts, as text and as tokens with their log-probabilities."""

    replies: list[Reply]
    generated: list[Generated]


def texts(spoken: Spoken) -> list[str]:
    """The words of the replies."""
    return [reply.text for reply in spoken.replies]


class Speaker:
    """Encodes for a base model, and lets it (or lanes of it) reply under fixed decoding rules."""

    def __init__(self, base: Base, training: TrainingSettings, rules: EvaluationSettings) -> None:
        self.base, self.training, self.rules = base, training, rules
        self.decoding = Decoding(
            rules.temperature,
            rules.max_new_tokens,
            frozenset({base.end_id, base.tokenizer.eos_token_id}),
            base.tokenizer.pad_token_id,
        )

    def prompt(self, prompt: Prompt) -> tuple[tuple[int, ...], bool]:
        """Token ids up to where the reply begins, and whether the oldest words were cut."""
        ids, cut = self.base.family.encode_prompt(
            self.base.tokenizer, prompt, self.training.max_prompt_tokens
        )
        return tuple(ids), cut

    def encode(
        self,
        prompts: Sequence[Prompt],
        replies: Sequence[Sequence[str]],
        heard: Heard | None = None,
    ) -> Encoded:
        """Each prompt with its replies as one example within the training limits.

        `heard` is told now and then how many there are so far, of how many.
        """
        examples: list[Example] = []
        prompts_cut = replies_cut = 0
        for prompt, texts in zip(prompts, replies, strict=True):
            if heard is not None and len(examples) % TOLD_EVERY == 0:
                heard(len(examples), len(prompts))
            ids, cut = self.prompt(prompt)
            whole = Example(
                ids,
                tuple(
                    tuple(self.base.family.encode_reply(self.base.tokenizer, text))
                    for text in texts
                ),
            )
            example = whole.truncated(self.training.max_length)
            examples.append(example)
            prompts_cut += cut
            replies_cut += sum(a != b for a, b in zip(whole.replies, example.replies, strict=True))
        if heard is not None and examples:
            heard(len(examples), len(examples))
        return Encoded(examples, prompts_cut, replies_cut)

    def pairs(self, pairs: Sequence[PreferencePair], heard: Heard | None = None) -> Encoded:
        """Preference pairs as examples of (chosen, rejected)."""
        replies = [(p.chosen, p.rejected) for p in pairs]
        return self.encode([p.prompt for p in pairs], replies, heard)

    def reply(
        self,
        prompts: Sequence[Prompt],
        lanes: int = 1,
        sample: int = 0,
        heard: Heard | None = None,
    ) -> list[Spoken]:
        """Each lane's reply to each prompt; `sample` tells several draws for one prompt apart.

        The caller chooses the lanes, see `generate`. `heard` is told how many prompts are done.
        """
        requests = self._requests(prompts, sample)
        rows = generate(self.base.model, requests, lanes, self.decoding, heard)
        return [self._spoken(prompts, row) for row in rows]

    def sample(
        self,
        prompts: Sequence[Prompt],
        count: int,
        key: str,
        heard: Heard | None = None,
    ) -> list[list[str]]:
        """`count` different draws per prompt of the bare model, `[prompt][draw]`.

        Kept in the cache under `key`, which must say what the model is. `heard` is told how many
        have been drawn.
        """
        requests = [request for i in range(count) for request in self._requests(prompts, i)]
        drawn_how = [self.rules.temperature, self.rules.max_new_tokens]
        name = content_key(key, [[r.prompt, r.seed] for r in requests], drawn_how)
        path = cache_folder() / "samples" / f"{name}.json"
        with alone(path):  # another host on this machine may be drawing them just now
            flat = _kept_texts(path, len(requests))
            if flat is None:
                (drawn,) = generate(self.base.model, requests, 1, self.decoding, heard)
                flat = [self._text(each) for each in drawn]
                text = json.dumps(flat)
                write_atomically(path, lambda temporary: temporary.write_text(text))
        return [flat[i :: len(prompts)] for i in range(len(prompts))]

    def log_ratios(self, prompts: Sequence[Prompt], spoken: Sequence[Spoken]) -> list[list[float]]:
        """log pi(y|x) - log ref(y|x) in nats of each lane's own replies; ref is the bare model.

        To be called outside of the lanes.
        """
        ids = [self.prompt(prompt)[0] for prompt in prompts]
        batches = [
            [Example(i, (g.tokens,)) for i, g in zip(ids, lane.generated, strict=True)]
            for lane in spoken
        ]
        flat = [example for batch in batches for example in batch]
        reference = measure(self.base.model, [flat])[0, :, 0].tolist()
        policy = [g.logp for lane in spoken for g in lane.generated]
        ratios = [p - r for p, r in zip(policy, reference, strict=True)]
        return [ratios[i : i + len(ids)] for i in range(0, len(ratios), len(ids))]

    def _requests(self, prompts: Sequence[Prompt], sample: int) -> list[Request]:
        return [
            Request(self.prompt(p)[0], _seed(self.rules.seed, p.prompt_id, sample)) for p in prompts
        ]

    def _spoken(self, prompts: Sequence[Prompt], generated: list[Generated]) -> Spoken:
        replies = [
            Reply(prompt.prompt_id, self._text(each), len(each.tokens), each.finished)
            for prompt, each in zip(prompts, generated, strict=True)
        ]
        return Spoken(replies, generated)

    def _text(self, generated: Generated) -> str:
        return self.base.family.decode_reply(self.base.tokenizer, generated.tokens)


def _seed(seed: int, prompt_id: str, sample: int) -> int:
    """A seed for one draw for one prompt, the same in every process."""
    digest = hashlib.sha256(f"{seed}\0{prompt_id}\0{sample}".encode()).digest()
    return int.from_bytes(digest[:7], "big")


def _kept_texts(path: Path, count: int) -> list[str] | None:
    """So many texts in a cache file; None if there is none, or only a damaged one."""
    if not path.exists():
        return None
    try:
        texts = json.loads(path.read_text("utf-8"))
    except ValueError:
        texts = None
    if isinstance(texts, list) and len(texts) == count and all(isinstance(t, str) for t in texts):
        return texts
    log.warning("%s is damaged and is made again", path)
    return None
