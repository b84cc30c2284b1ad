"""Which dialogues train, which steer the search, which judge; how few prompts stand for many.

A split is a property of the group (video, question, post, patient) and of nothing else, unless the
corpus has fixed it: adding a corpus or a dialogue never moves another one. That is why equal words
under two groups are not merged but refused when their splits differ. Among the public corpora there
are none: they share phrases, no whole turn of twelve words.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from empathy.errors import UserError
from empathy.records import SPLITS, Contrast, Dialogue, Prompt, Split, same_words

# Upper ends on the unit interval: 70 % of the groups train, 15 % validate, 15 % test.
ENDS: dict[Split, float] = {"train": 0.70, "validation": 0.85, "test": 1.0}

LONG = 12
"""Words from which on two people are not taken to say the same by chance."""
Item = Dialogue | Prompt | Contrast
T = TypeVar("T", Dialogue, Contrast)


@dataclass(frozen=True, slots=True)
class Selection:
    """The prompts chosen out of those there are; `asked` is None when all were wanted."""

    prompts: tuple[Prompt, ...]
    asked: int | None
    available: int

    @property
    def notice(self) -> str | None:
        """One sentence if there were fewer prompts than asked for, else None."""
        if self.asked is None or self.available >= self.asked:
            return None
        return f"{self.asked} prompts were asked for, only {self.available} exist: all are used"


def split_of(group: str) -> Split:
    """The split of a group: a stable hash, the same on every machine and in every run."""
    place = int(_digest("split", group)[:16], 16) / 16**16
    return next(split for split in SPLITS if place < ENDS[split])


def by_split(items: Iterable[T]) -> dict[Split, list[T]]:
    """Dialogues, or contrasts, by split, in their given order.

    Raises `UserError` as `check_no_leak` does.
    """
    parts: dict[Split, list[T]] = {split: [] for split in SPLITS}
    for item in items:
        fixed = item.split if isinstance(item, Dialogue) else None
        parts[fixed or split_of(item.group)].append(item)
    check_no_leak(parts)
    return parts


def check_no_leak(parts: Mapping[Split, Iterable[Item]]) -> None:
    """Raises `UserError` if two splits share a group, an id, the words of a dialogue, a turn of
    at least `LONG` words (whoever says it), or a contrast's sentence.

    Words are compared whatever the group and the corpus, as `records.same_words` does. Of a prompt
    only the turn to be answered and the human reply count, and short turns never do: two people
    may well say the same short thing. The message names ids and no words.

    Replies of pairs are not looked at: a rephrasing's better sentence and a rule's stock phrases
    may stand in several splits. The data card counts such pairs and warns of many.
    """
    home: dict[tuple[str, object], tuple[Split, str]] = {}
    for split, items in parts.items():
        for item in items:
            for trait in _traits(item):
                there, other = home.setdefault(trait, (split, _name(item)))
                if there != split:
                    raise UserError(
                        f"{_name(item)} leaks: its {trait[0]} is in the splits {there} and {split},"
                        f" first in {other}; give what belongs together one group and each its own"
                        " id, or leave one of the two out"
                    )


def select(prompts: Sequence[Prompt], n: int | None, salt: str) -> Selection:
    """At most `n` prompts (None: all) from as many groups as possible, by stable hash.

    Goes round the groups, one prompt each, until `n` are found: the first k of a selection are
    the selection of k. `salt` makes selections for different uses independent.
    """
    groups: dict[str, list[Prompt]] = defaultdict(list)
    for prompt in sorted(prompts, key=lambda p: _digest(salt, p.prompt_id)):
        groups[prompt.group].append(prompt)
    order = sorted(groups, key=lambda group: _digest(salt, group))
    longest = max(map(len, groups.values()), default=0)
    rounds = [groups[g][k] for k in range(longest) for g in order if k < len(groups[g])]
    return Selection(tuple(rounds[:n]), n, len(prompts))


def _digest(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt}\0{text}".encode()).hexdigest()


def _name(item: Item) -> str:
    if isinstance(item, Dialogue):
        return item.dialogue_id
    return item.prompt_id if isinstance(item, Prompt) else item.contrast_id


def _traits(item: Item) -> list[tuple[str, object]]:
    traits: list[tuple[str, object]] = [("group", item.group), ("id", _name(item))]
    if isinstance(item, Contrast):
        return [*traits, ("sentence", same_words(item.worse))]
    if isinstance(item, Prompt):
        return [*traits, *_long([item.client_text, item.human_reply])]
    words = tuple((turn.speaker, same_words(turn.text)) for turn in item.turns)
    return [*traits, ("text", words), *_long(turn.text for turn in item.turns)]


def _long(texts: Iterable[str]) -> list[tuple[str, object]]:
    return [("long turn", same_words(text)) for text in texts if len(text.split()) >= LONG]
