"""One split's material to pairs, with judges whose every number is known.

python -m pytest tests/test_pairing.py
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from empathy.judges import Judges
from empathy.pairing import Sampled, pair_up
from empathy.prompts import prompts
from empathy.records import Contrast, Dialogue, Turn
from empathy.selection import Material
from empathy.settings import DataSettings
from empathy.splits import select


class Counting:
    """A scorer by the number of exclamation marks; it only reads English."""

    languages = frozenset({"en"})

    def __init__(self) -> None:
        self.seen: list[str] = []

    def score(self, posts: Sequence[str], replies: Sequence[str]) -> list[Any]:
        self.seen += replies
        return [SimpleNamespace(total=float(text.count("!"))) for text in replies]


class Flat:
    """Every text has the same vector; each that was asked for is in `seen`."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str]) -> Tensor:
        self.seen += texts
        return torch.tensor([[1.0, 0.0]]).expand(len(texts), 2)


class Silent:
    """The judge that evaluates: pairs must never ask it."""

    def score(self, posts: Sequence[str], replies: Sequence[str]) -> list[Any]:
        raise AssertionError("the evaluating scorer saw a pair")


def judges() -> Judges:
    return Judges(Silent(), Counting(), Flat(), Silent())


def dialogue(name: str, corpus: str, reply: str = "Tell me.", **metadata: str) -> Dialogue:
    turns = (Turn("client", f"I am {name}."), Turn("counsellor", reply))
    return Dialogue(name, f"g-{name}", corpus, turns, metadata=metadata)


def material(*dialogues: Dialogue, contrasts: Sequence[Contrast] = ()) -> Material:
    found = prompts(dialogues, DataSettings(min_words=1))
    return Material(dialogues, tuple(contrasts), found, select(found.prompts, None, "train"))


def settings(**schemes: float) -> DataSettings:
    return DataSettings(schemes=schemes, min_words=1, candidates=2)


def test_both_sampled_schemes_share_one_sampling() -> None:
    part = material(dialogue("low", "sample"), dialogue("lost", "sample"))
    samples = [["Oh.", f"{prompt.client_text}!!"] for prompt in part.prompts]
    asked = judges()
    found = pair_up(part, Sampled(part.prompts, samples), asked, settings(generated=1, ranked=1))
    assert [(p.chosen, p.rejected) for p in found.used["generated"]] == [("Tell me.", "Oh.")] * 2
    assert [p.rejected for p in found.used["ranked"]] == ["Oh."] * 2
    assert {p.chosen for p in found.used["ranked"]} == {"I am low.!!", "I am lost.!!"}
    assert isinstance(asked.ranking, Counting)
    assert sorted(asked.ranking.seen) == sorted(text for row in samples for text in row)


@pytest.mark.parametrize(
    ("penalty", "chosen", "rejected"),
    # The scorer counts exclamation marks: 4, 3, 1. With 2 off for each tell: 2, 3 - 2 * 2, 1.
    [(0.0, "Me too!!!!", "Oh!"), (2.0, "Me too!!!!", "Why? How? When?!!!"), (4.0, "Oh!", "Why?")],
)
def test_a_tell_costs_a_candidate_its_place(penalty: float, chosen: str, rejected: str) -> None:
    part = material(dialogue("low", "sample"))
    samples = [["Me too!!!!", "Why? How? When?!!!", "Oh!"]]
    data = DataSettings(min_words=1, candidates=3, style_penalty=penalty)
    (pair,) = pair_up(part, Sampled(part.prompts, samples), judges(), data).used["ranked"]
    assert pair.chosen == chosen
    assert pair.rejected.startswith(rejected)


def test_candidates_in_a_language_that_no_judge_reads_have_no_rank() -> None:
    turns = (Turn("client", "Estou triste."), Turn("counsellor", "Conte mais."))
    part = material(Dialogue("d", "g", "ufjf", turns, language="pt"))
    asked = judges()
    found = pair_up(part, Sampled(part.prompts, [["Ah!", "Oh."]]), asked, settings(ranked=1))
    assert str(found) == (
        "ranked: 0 pairs from 1 prompts (1 skipped: fewer than two candidates)"
        "; 2 unscorable candidates ignored"
    )
    assert isinstance(asked.ranking, Counting)
    assert asked.ranking.seen == []


def test_each_constructed_scheme_gets_its_own_corpus() -> None:
    counts = {"sentences": "2", "adherent": "2", "non_adherent": "0"}
    against = {"sentences": "2", "adherent": "0", "non_adherent": "2"}
    strong = {"levels": "2 0 0", "without_evidence": "Go on."}
    asked = Turn("client", "Why?")
    answers = [
        Dialogue(name, "q", "mi", (asked, Turn("counsellor", f"{name}.")), metadata=labels)
        for name, labels in (("Kind", counts), ("Stern", against))
    ]
    part = material(
        *answers,
        dialogue("sad", "epitome", "So sorry. Go on.", **strong),
        dialogue("tired", "annomi", "What helps?", mi_quality="high", topic="sleep"),
        dialogue("awake", "annomi", "Sleep more.", mi_quality="low", topic="sleep"),
        dialogue("out", "sample", "So sorry. Go on.", **strong),
        contrasts=[Contrast("c", "g", "mi", "If you like, rest.", "Rest.")],
    )
    wanted = settings(adherence=1, rephrase=1, matched=1, deleted=1)
    found = pair_up(part, Sampled((), ()), judges(), wanted)
    assert {name: [(p.chosen, p.rejected) for p in some] for name, some in found.used.items()} == {
        "adherence": [("Kind.", "Stern.")],
        "rephrase": [("If you like, rest.", "Rest.")],
        "matched": [("What helps?", "Sleep more.")],
        "deleted": [("So sorry. Go on.", "Go on.")],
    }


def test_only_matched_asks_the_encoder_and_a_limit_bounds_the_mix() -> None:
    strong = {"levels": "2 0 0", "without_evidence": "Go on."}
    part = material(*(dialogue(f"sad {i}", "epitome", "Oh no. Go on.", **strong) for i in range(9)))
    asked = judges()
    found = pair_up(part, Sampled((), ()), asked, settings(deleted=1), at_most=4)
    assert (len(found.pairs), len(found.made[0].pairs)) == (4, 9)
    assert isinstance(asked.encoder, Flat)
    assert asked.encoder.seen == []


@pytest.mark.parametrize("scheme", ["ranked", "generated"])
def test_no_prompt_was_sampled_for_gives_no_pair(scheme: str) -> None:
    found = pair_up(material(), Sampled((), ()), judges(), settings(**{scheme: 1}))
    assert found.pairs == ()
