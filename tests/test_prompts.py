"""Hand-written dialogues to expected prompts.

python -m pytest tests/test_prompts.py
"""

from __future__ import annotations

from empathy.prompts import prompts
from empathy.records import Dialogue, Speaker, Turn
from empathy.settings import DataSettings

C: Speaker = "client"
T: Speaker = "counsellor"


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
