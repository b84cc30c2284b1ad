"""Which dialogues train, which steer the search, which judge; how few prompts stand for many.

A split is a property of the group (video, question, patient) and of nothing else: adding a corpus
or a dialogue never moves another one.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from empathy.errors import UserError
from empathy.records import SPLITS, Contrast, Dialogue, Prompt, Split

# Upper ends on the unit interval: 70 % of the groups train, 15 % validate, 15 % test.
ENDS: dict[Split, float] = {"train": 0.70, "validation": 0.85, "test": 1.0}
Item = Dialogue | Contrast | Prompt


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


def by_split(dialogues: Iterable[Dialogue]) -> dict[Split, list[Dialogue]]:
    """Dialogues by split, in their given order. Raises `UserError` as `check_no_leak` does."""
    parts: dict[Split, list[Dialogue]] = {split: [] for split in SPLITS}
    for dialogue in dialogues:
        parts[dialogue.split or split_of(dialogue.group)].append(dialogue)
    check_no_leak(parts)
    return parts


def check_no_leak(parts: Mapping[Split, Iterable[Item]]) -> None:
    """Raises `UserError` if a group, an id or the very words of a dialogue are in two splits.

    Of a rephrasing the words are the sentence that was rephrased; one better sentence may stand
    for many. Prompts are compared by group and id only: two people may say the same short thing.
    """
    home: dict[tuple[str, object], Split] = {}
    for split, items in parts.items():
        for item in items:
            for trait in _traits(item):
                if home.setdefault(trait, split) != split:
                    raise UserError(
                        f"{_name(item)} leaks: its {trait[0]} is in the splits {home[trait]} and "
                        f"{split}; give dialogues that belong together one group, each one id"
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
    return item.contrast_id if isinstance(item, Contrast) else item.prompt_id


def _traits(item: Item) -> list[tuple[str, object]]:
    traits: list[tuple[str, object]] = [("group", item.group), ("id", _name(item))]
    if isinstance(item, Prompt):
        return traits
    return [*traits, ("text", item.turns if isinstance(item, Dialogue) else item.worse)]
