"""The preference pairs of one study: sampled and made, counted, and turned into tokens."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from empathy.data_card import Ruler, data_card
from empathy.errors import UserError
from empathy.judges import Judges
from empathy.lanes.rows import Example
from empathy.pairing import Sampled, pair_up
from empathy.policy import Encoded, Progress, Speaker
from empathy.records import SPLITS, Split
from empathy.schemes import draws
from empathy.schemes.mixing import Mix
from empathy.selection import Material, Selected
from empathy.settings import DataSettings


class Encodings(NamedTuple):
    """Pairs as examples of (chosen, rejected), and the group of each."""

    examples: list[Example]
    groups: tuple[str, ...]


class Preferences:
    """Makes pairs, split by split, and remembers what came of it."""

    def __init__(
        self, speaker: Speaker, judges: Judges, data: DataSettings, key: str, progress: Progress
    ) -> None:
        """`speaker` is sampled as it stands when pairs are made; `key` says what model that is."""
        self._speaker, self._judges, self._data = speaker, judges, data
        self._key, self._progress = key, progress
        self._mixes: dict[Split, Mix] = {}
        self._cut: dict[Split, dict[str, dict[str, int]]] = {}

    def train(self, material: Material) -> Encodings:
        """All train pairs. Raises UserError where a scheme that was asked for adds none."""
        encodings = self._make("train", material, None)
        mix = self._mixes["train"]
        for name, line in mix.lines().items():
            if not mix.used[name]:
                raise UserError(
                    f"data.schemes names '{name}', which gave no train pair ({line}); leave it out,"
                    " or give it other corpora or looser settings"
                )
        return encodings

    def held_out(self, split: Split, material: Material) -> Encodings:
        """At most `data.held_out_pairs` pairs, and none at all where no scheme gives one."""
        return self._make(split, material, self._data.held_out_pairs)

    def _make(self, split: Split, material: Material, at_most: int | None) -> Encodings:
        count = draws(self._data)
        asked = material.prompts[:at_most] if count else ()
        replies: list[list[str]] = []
        if asked:
            heard = partial(self._progress, f"sampling replies for {split} pairs")
            heard(0, len(asked) * count)
            replies = self._speaker.sample(asked, count, self._key, heard)
        self._progress(f"making {split} pairs", 0, None)
        mix = pair_up(material, Sampled(asked, replies), self._judges, self._data, at_most)
        self._mixes[split] = mix
        encoded = {
            name: self._speaker.pairs(
                pairs, partial(self._progress, f"tokenising {name} pairs of {split}")
            )
            for name, pairs in mix.used.items()
        }
        self._cut[split] = {name: _cut(each) for name, each in encoded.items()}
        examples = [example for each in encoded.values() for example in each.examples]
        return Encodings(examples, tuple(pair.prompt.group for pair in mix.pairs))

    def facts(self) -> dict[str, Any]:
        """By split and scheme: the line of what was made, and what the limits cut of it."""
        lines = {split: mix.lines() for split, mix in self._mixes.items()}
        return {"pairs": lines, "pairs_truncated": self._cut}

    def card(self, selected: Selected) -> dict[str, Any]:
        """The data card of all pairs made so far, sampled ones included."""
        self._progress("counting the data", 0, None)
        mixes = {split: self._mixes[split] for split in SPLITS if split in self._mixes}
        base = self._speaker.base
        card = data_card(
            selected,
            {split: {each.scheme: each for each in mix.made} for split, mix in mixes.items()},
            Ruler(base.family, base.tokenizer, self._speaker.training),
            {split: {n: len(some) for n, some in mix.used.items()} for split, mix in mixes.items()},
        )
        return {"tokenizer": base.weights.source, **card}


def _cut(encoded: Encoded) -> dict[str, int]:
    return {
        "of": len(encoded.examples),
        "prompts": encoded.prompts_cut,
        "replies": encoded.replies_cut,
    }
