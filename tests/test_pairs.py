"""Hand-written dialogues to expected prompts, and candidates to expected pairs."""

from __future__ import annotations

import math

import pytest

from empathy.pairs import (
    PairSet,
    generated,
    generated_pairs,
    prompts,
    rank_pairs,
    ranked,
)
from empathy.records import Dialogue, Prompt, Speaker, Turn
from empathy.settings import DataSettings

C: Speaker = "client"
T: Speaker = "counsellor"
ASKED = Prompt("p", "g", "toy", (Turn(C, "I feel low."),), "That sounds hard.")


def said(*turns: tuple[Speaker, str], dialogue_id: str = "d", quality: str = "high") -> Dialogue:
    parts = tuple(Turn(speaker, text) for speaker, text in turns)
    return Dialogue(dialogue_id, "g", "toy", parts, metadata={"mi_quality": quality})


def settings(context_turns: int = 3, min_words: int = 1) -> DataSettings:
    return DataSettings(context_turns=context_turns, min_words=min_words)


def test_a_prompt_per_exchange_with_its_context() -> None:
    talk = said((T, "Hi."), (C, "A one."), (T, "B two."), (C, "C three."), (T, "D four."))
    first, second = prompts([talk], settings()).prompts
    assert first.turns == (Turn(T, "Hi."), Turn(C, "A one."))
    assert first.human_reply == "B two."
    assert second.turns == (Turn(C, "A one."), Turn(T, "B two."), Turn(C, "C three."))
    assert (second.client_text, second.human_reply) == ("C three.", "D four.")
    assert (first.prompt_id, second.prompt_id) == ("d-002", "d-004")


def test_prompt_ids_do_not_change_with_the_context_or_the_filter() -> None:
    talk = said((C, "A."), (T, "B."), (C, "C c."), (T, "D d."))
    (kept,) = prompts([talk], settings(context_turns=1, min_words=2)).prompts
    assert kept.prompt_id == "d-003"
    assert kept.turns == (Turn(C, "C c."),)


def test_neighbours_of_one_speaker_are_one_turn() -> None:
    talk = said((C, "I"), (C, "smoke."), (T, "You do."), (T, "Often?"), (C, "Yes."))
    (prompt,) = prompts([talk], settings()).prompts
    assert prompt.turns == (Turn(C, "I smoke."),)
    assert prompt.human_reply == "You do. Often?"


def test_a_turn_without_words_is_no_exchange_and_not_shown() -> None:
    talk = said((C, "One."), (T, "Two."), (C, ""), (T, "Three."), (C, "Four."), (T, "Five."))
    made = prompts([talk], settings(context_turns=3))
    assert made.left_out == {"client's turn under 1 words": 1}
    assert made.prompts[1].turns == (Turn(C, "One."), Turn(T, "Two. Three."), Turn(C, "Four."))


def test_every_exchange_left_out_is_counted_by_its_reason() -> None:
    good = said((C, "I am so tired."), (T, "You sound worn out."))
    dialogues = [
        good,
        said(*((t.speaker, t.text) for t in good.turns), dialogue_id="copy"),
        said((C, "I am tired too."), (T, "Well, stop that now."), quality="low"),
        said((C, "Yes."), (T, "You sound worn out.")),
        said((C, "I am so tired."), (T, "Mm-hmm.")),
        said((T, "Nobody asked me."), (C, "No, they did not.")),  # no exchange at all
    ]
    made = prompts(dialogues, settings(min_words=4))
    assert [prompt.prompt_id for prompt in made.prompts] == ["d-001"]
    assert made.left_out == {
        "said before in the same words": 1,
        "low-quality counsellor": 1,
        "client's turn under 4 words": 1,
        "human reply under 4 words": 1,
    }
    assert str(made).startswith("1 prompts from 5 exchanges (4 left out: 1 said before in")


def test_a_corpus_without_quality_labels_is_all_used() -> None:
    talk = Dialogue("d", "g", "toy", (Turn(C, "Hello."), Turn(T, "Hi.")))
    assert len(prompts([talk], settings()).prompts) == 1


def test_relevance_changes_who_is_best_and_worst() -> None:
    # empathy + 0 * similarity: 3, 2, 1.   empathy + 4 * similarity: 3 - 4, 2 + 2, 1 + 0.4.
    texts, kind, near = ["a", "b", "c"], [3.0, 2.0, 1.0], [-1.0, 0.5, 0.1]
    without = ranked(ASKED, texts, kind, near, relevance=0.0)
    assert without is not None
    assert (without.chosen, without.rejected, without.scheme) == ("a", "c", "ranked")
    weighted = ranked(ASKED, texts, kind, near, relevance=4.0)
    assert weighted is not None
    assert (weighted.chosen, weighted.rejected) == ("b", "a")


def test_blank_and_unscored_candidates_never_win_or_lose() -> None:
    pair = ranked(ASKED, ["", "a", " ", "b", "c"], [9, 1, 0, 2, None], [0, 0, 0, 0, 0], 4.0)
    assert pair is not None
    assert (pair.chosen, pair.rejected) == ("b", "a")


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        ([], []),
        (["a"], [1.0]),
        (["a", ""], [1.0, 0.0]),
        (["a", "b", "c"], [1.0, 1.0, 1.0]),  # tie
        (["same  words", "same words"], [1.0, 0.5]),  # one text, two scores
    ],
)
def test_no_pair_without_a_difference(texts: list[str], kind: list[float]) -> None:
    assert ranked(ASKED, texts, kind, [0.0] * len(texts), 4.0) is None


def test_at_equal_scores_the_earlier_candidate_is_taken() -> None:
    pair = ranked(ASKED, ["a", "b", "c", "d"], [2.0, 2.0, 1.0, 1.0], [0.0] * 4, 4.0)
    assert pair is not None
    assert (pair.chosen, pair.rejected) == ("a", "c")


def test_wrong_lengths_and_nan_are_bugs_not_data() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ranked(ASKED, ["a", "b"], [1.0], [0.0, 0.0], 4.0)
    with pytest.raises(ValueError, match="scores nan"):
        ranked(ASKED, ["a", "b"], [1.0, math.nan], [0.0, 0.0], 4.0)


def test_generated_prefers_the_counsellor() -> None:
    pair = generated(ASKED, "Cheer up.")
    assert pair is not None
    assert (pair.chosen, pair.rejected, pair.scheme) == (
        "That sounds hard.",
        "Cheer up.",
        "generated",
    )
    assert generated(ASKED, " ") is None
    assert generated(ASKED, "That sounds  hard.\n") is None


def asked(*ids: str) -> list[Prompt]:
    return [Prompt(name, name, "toy", (Turn(C, "Hello."),), "Hi there.") for name in ids]


def test_rank_pairs_reports_every_prompt() -> None:
    made = rank_pairs(
        asked("good", "tie", "one", "none"),
        {"good": ["a", "b", ""], "tie": ["a", "b"], "one": ["a", " "]},
        {"good": [2.0, 1.0, None], "tie": [1.0, 1.0], "one": [1.0, None]},
        {"good": [0.1, 0.1, None], "tie": [0.2, 0.2], "one": [0.3, None]},
        relevance=4.0,
    )
    assert [(pair.prompt.prompt_id, pair.chosen) for pair in made.pairs] == [("good", "a")]
    assert made.skipped == {"candidates tie": 1, "fewer than two candidates": 2}
    assert str(made) == (
        "ranked: 1 pairs from 4 prompts (3 skipped: 1 candidates tie, 2 fewer than two candidates)"
        "; 2 unscorable candidates ignored"
    )


def test_generated_pairs_reports_every_prompt() -> None:
    made = generated_pairs(asked("a", "b", "c", "d"), {"a": "Hm.", "b": "Hi there.", "c": ""})
    assert [pair.rejected for pair in made.pairs] == ["Hm."]
    assert made.skipped == {"sample equals the human reply": 1, "no sample": 2}


def test_the_report_is_one_line() -> None:
    (prompt,) = asked("a")
    pair = generated(prompt, "Hm.")
    assert pair is not None
    report = str(PairSet("ranked", (pair,) * 143, 150, {"candidates tie": 7}))
    assert report == "ranked: 143 pairs from 150 prompts (7 skipped: candidates tie)"
    assert str(PairSet("ranked", (pair,), 1, {})) == "ranked: 1 pairs from 1 prompts"
