"""The data card: what the data step made of the corpora, counted before anything is trained.

Dialogues, exchanges and prompts by split; each scheme's pairs, their lengths in the sweep's own
tokens and what the sweep's limits cut of them; words that stand in two corpora; and how far rules
get that see no model. It holds counts and no word of any dialogue.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from empathy.data_cautions import cautions
from empathy.families import Family
from empathy.pairs import PairSet, plain
from empathy.preference_baselines import SOLVED, baselines, solved
from empathy.records import Prompt, Split, same_words
from empathy.selection import Material, Selected
from empathy.settings import TrainingSettings
from empathy.splits import LONG

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

PAIR = ("chosen", "rejected")
WHOLE = 10**9  # a limit in tokens that nothing meets
Asked = tuple[Prompt, Sequence[str]]  # with the replies to it
Made = Mapping[Split, Mapping[str, PairSet]]
"""Every scheme's pairs by split; a split of which none were made is not there."""


@dataclass(frozen=True)
class Ruler:
    """Measures texts in the tokens of one model, under one sweep's limits."""

    family: Family
    tokenizer: PreTrainedTokenizerBase
    limits: TrainingSettings

    def measure(self, asked: Sequence[Asked], names: Sequence[str]) -> dict[str, Any]:
        """Tokens of prompts and of their replies (whole), and how many of either are cut.

        `names` says what the replies are: ("chosen", "rejected").
        """
        lengths: dict[str, list[int]] = {name: [] for name in ("prompt", *names)}
        prompts_cut = replies_cut = 0
        known: dict[object, tuple[int, int]] = {}  # thousands of pairs may share one prompt
        for prompt, replies in asked:
            if prompt.turns not in known:
                known[prompt.turns] = self._prompt(prompt)
            kept, whole = known[prompt.turns]
            told = [len(self.family.encode_reply(self.tokenizer, text)) for text in replies]
            for name, length in zip(lengths, (whole, *told), strict=True):
                lengths[name].append(length)
            prompts_cut += whole > kept
            replies_cut += sum(length > self.limits.max_length - kept for length in told)
        spread = {name: _quantiles(each) for name, each in lengths.items()}
        return {"tokens": spread, "prompts_cut": prompts_cut, "replies_cut": replies_cut}

    def _prompt(self, prompt: Prompt) -> tuple[int, int]:
        """Tokens of the prompt as it is trained on, and of the whole of it."""
        ids, cut = self.family.encode_prompt(self.tokenizer, prompt, self.limits.max_prompt_tokens)
        whole = self.family.encode_prompt(self.tokenizer, prompt, WHOLE).ids if cut else ids
        return len(ids), len(whole)


def data_card(
    selected: Selected,
    made: Made,
    ruler: Ruler,
    used: Mapping[Split, Mapping[str, int]] | None = None,
) -> dict[str, Any]:
    """The whole card as plain JSON.

    `used` is how many pairs of each scheme the mix takes; None while that is not known.
    """
    names = list(dict.fromkeys(name for sets in made.values() for name in sets))
    schemes = {name: _scheme(name, made, ruler, used) for name in names}
    splits = {split: _split(part, ruler) for split, part in selected.parts.items()}
    found = {name: _judged(name, made) for name in names}
    return {
        "limits": {
            "max_prompt_tokens": ruler.limits.max_prompt_tokens,
            "max_length": ruler.limits.max_length,
        },
        "reading": {name: dict(counts) for name, counts in selected.reading.items()},
        "splits": splits,
        "schemes": schemes,
        "overlap": overlap(selected.parts.values()),
        "baselines": {
            name: {rule: estimate.as_dict() for rule, estimate in rules.items()}
            for name, rules in found.items()
        },
        "cautions": [
            _caution(name, rule, estimate.value, estimate.low)
            for name, rules in found.items()
            for rule, estimate in rules.items()
            if solved(estimate)
        ]
        + cautions(selected.reading, splits, schemes),
    }


def overlap(parts: Iterable[Material]) -> dict[str, int]:
    """How many different long texts stand in two corpora, as {"annomi and mi": 0, ...}.

    A text is a turn, or a sentence of a rephrasing, of at least `splits.LONG` words, compared as
    `records.same_words` does. Two splits that share a turn are refused before a card is made.
    """
    texts: dict[str, set[str]] = defaultdict(set)
    for part in parts:
        for dialogue in part.dialogues:
            texts[dialogue.corpus] |= {same_words(t.text) for t in dialogue.turns if _long(t.text)}
        for contrast in part.contrasts:
            both = (contrast.better, contrast.worse)
            texts[f"{contrast.corpus} rephrasings"] |= {same_words(t) for t in both if _long(t)}
    return {f"{a} and {b}": len(texts[a] & texts[b]) for a, b in combinations(texts, 2)}


def _long(text: str) -> bool:
    return len(text.split()) >= LONG


def _split(part: Material, ruler: Ruler) -> dict[str, Any]:
    turns = Counter(dialogue.turns for dialogue in part.dialogues)
    return {
        "dialogues": dict(Counter(dialogue.corpus for dialogue in part.dialogues)),
        "groups": len({dialogue.group for dialogue in part.dialogues}),
        "dialogues_twice": sum(turns.values()) - len(turns),
        "rephrasings": len(part.contrasts),
        "exchanges": part.found.exchanges,
        "left_out": part.found.left_out,
        "prompts": part.selection.available,
        "prompts_used": len(part.prompts),
        **ruler.measure([(p, (p.human_reply,)) for p in part.prompts], ("human reply",)),
    }


def _scheme(
    name: str, made: Made, ruler: Ruler, used: Mapping[Split, Mapping[str, int]] | None
) -> dict[Split, Any]:
    """By split: how many pairs, why not more, how long, what is cut, how often replies recur."""
    told: dict[Split, Any] = {}
    learnt = made["train"][name].pairs if "train" in made else ()
    seen = {plain(text) for pair in learnt for text in (pair.chosen, pair.rejected)}
    for split, sets in made.items():
        pairs = sets[name].pairs
        again = sum(plain(p.chosen) in seen or plain(p.rejected) in seen for p in pairs)
        told[split] = {
            "pairs": len(pairs),
            "used": None if used is None else used[split][name],
            "from": sets[name].prompts,
            "prompts": len({pair.prompt.turns for pair in pairs}),
            "groups": len({pair.prompt.group for pair in pairs}),
            "different_chosen": len({plain(pair.chosen) for pair in pairs}),
            "different_rejected": len({plain(pair.rejected) for pair in pairs}),
            "reply_in_train": None if split == "train" else again,
            "skipped": sets[name].skipped,
            "ignored": sets[name].ignored,
            **ruler.measure([(p.prompt, (p.chosen, p.rejected)) for p in pairs], PAIR),
        }
    return told


def _judged(name: str, made: Made) -> dict[str, Any]:
    """The rules, learnt on all train pairs and judged on those of validation and test together."""
    train = made["train"][name].pairs if "train" in made else ()
    held_out = [p for split, sets in made.items() if split != "train" for p in sets[name].pairs]
    return dict(baselines(train, held_out))


def _caution(name: str, rule: str, value: float, low: float | None) -> str:
    return (
        f"The pairs of '{name}' can be told apart without a model: \"{rule}\" is right on "
        f"{100 * value:.0f} % of the held-out pairs, surely more than {100 * SOLVED:.0f} % "
        f"(at least {100 * (low or 0):.0f} %). What is learnt from them may be that alone."
    )


def _quantiles(lengths: Sequence[int]) -> dict[str, int] | None:
    """Median, 95th percentile (both as lengths that occur) and maximum; None of nothing."""
    if not lengths:
        return None
    p50, p95 = np.quantile(lengths, [0.5, 0.95], method="inverted_cdf").tolist()
    return {"p50": int(p50), "p95": int(p95), "max": max(lengths)}
