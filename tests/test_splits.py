"""Splits by group, planted leaks, and the choice of few prompts from many groups."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from empathy.errors import UserError
from empathy.records import Contrast, Dialogue, Prompt, Split, Turn
from empathy.splits import by_split, check_no_leak, select, split_of


def dialogue(number: int, group: str, words: str | None = None) -> Dialogue:
    turns = (Turn("client", words or f"Words {number}."), Turn("counsellor", "I see."))
    return Dialogue(f"d-{number}", group, "toy", turns)


def prompt(number: int, group: str) -> Prompt:
    return Prompt(f"p-{number}", group, "toy", (Turn("client", "Hello."),), "Hi.")


def groups_of(split: str, n: int) -> list[str]:
    return [g for g in (f"g{i}" for i in range(1000)) if split_of(g) == split][:n]


def test_a_split_is_the_same_in_every_process() -> None:
    # By hand: the first 64 bits of sha256("split\0g0") as a fraction, against 0.70 and 0.85.
    for group in ("g0", "https://video.example/é"):
        digest = hashlib.sha256(b"split\x00" + group.encode()).digest()
        place = int.from_bytes(digest[:8], "big") / 2**64
        expected = "train" if place < 0.70 else "validation" if place < 0.85 else "test"
        assert split_of(group) == expected
    # What a later version must still say, or published test sets would leak into training.
    assert [split_of(f"sample-{i:03d}") for i in (1, 2, 3)] == ["test", "train", "train"]


def test_fractions_are_70_15_15() -> None:
    counts = Counter(split_of(f"group {i}") for i in range(10_000))
    # Three standard errors: sqrt(.7 * .3 / 10,000) = .0046 and sqrt(.15 * .85 / 10,000) = .0036.
    assert counts["train"] / 10_000 == pytest.approx(0.70, abs=0.014)
    assert counts["validation"] / 10_000 == pytest.approx(0.15, abs=0.011)
    assert counts["test"] / 10_000 == pytest.approx(0.15, abs=0.011)


def test_by_split_keeps_a_group_together_and_the_order() -> None:
    dialogues = [dialogue(i, f"g{i % 50}") for i in range(200)]
    parts = by_split(dialogues)
    assert list(parts) == ["train", "validation", "test"]
    assert sum(map(len, parts.values())) == 200
    for split, part in parts.items():
        assert part == [d for d in dialogues if split_of(d.group) == split]


def test_a_dialogue_under_two_groups_is_refused() -> None:
    (train,), (test,) = groups_of("train", 1), groups_of("test", 1)
    with pytest.raises(UserError, match=r"d-1 leaks: its id is in the splits train and test"):
        by_split([dialogue(1, train), dialogue(1, test, "Other words.")])


def test_the_same_words_under_two_ids_are_refused() -> None:
    (train,), (test,) = groups_of("train", 1), groups_of("test", 1)
    with pytest.raises(UserError, match=r"d-2 leaks: its text is in the splits train and test"):
        by_split([dialogue(1, train, "Twice."), dialogue(2, test, "Twice.")])


@pytest.mark.parametrize("make", [dialogue, prompt])
def test_a_planted_group_is_refused(make: Callable[[int, str], Dialogue | Prompt]) -> None:
    clean: dict[Split, list[Dialogue | Prompt]] = {
        "train": [make(1, "a"), make(2, "a")],
        "test": [make(3, "b")],
    }
    check_no_leak(clean)
    with pytest.raises(UserError, match="4 leaks: its group is in the splits train and test"):
        check_no_leak({**clean, "test": [make(3, "b"), make(4, "a")]})


def test_prompts_in_the_same_short_words_are_no_leak() -> None:
    check_no_leak({"train": [prompt(1, "a")], "test": [prompt(2, "b")]})


LONG = "I lost my job in spring and since then I drink every night alone."  # fourteen words
SHORT = "I lost my job in spring and since then I drink"  # eleven


@pytest.mark.parametrize("corpus", ["toy", "other"])
def test_a_long_turn_in_two_splits_is_refused_across_corpora(corpus: str) -> None:
    (train,), (test,) = groups_of("train", 1), groups_of("test", 1)
    reply = Turn("counsellor", "Another answer.")
    again = Dialogue("x-2", test, corpus, (Turn("client", f"  {LONG.upper()}\n"), reply))
    with pytest.raises(UserError, match=r"x-2 leaks: its long turn .* first in d-1") as caught:
        by_split([dialogue(1, train, LONG), again])
    assert "job" not in str(caught.value)
    short = Dialogue("x-2", test, corpus, (Turn("client", SHORT), reply))
    by_split([dialogue(1, train, SHORT), short])  # may be chance
    same = groups_of("train", 2)
    assert len(by_split([dialogue(1, same[0], LONG), replace(again, group=same[1])])["train"]) == 2
    said = Dialogue("x-3", test, corpus, (Turn("counsellor", LONG), Turn("client", "Yes.")))
    with pytest.raises(UserError, match=r"x-3 leaks: its long turn"):  # whoever says it
        by_split([dialogue(1, train, LONG), said])


def test_punctuation_hides_no_leak() -> None:
    (train,), (test,) = groups_of("train", 1), groups_of("test", 1)
    marked = LONG.replace("spring and", "spring \u2013 and,").replace(".", "\u2026")
    asked = Dialogue("d-2", test, "toy", (Turn("client", marked), Turn("counsellor", "Oh?")))
    with pytest.raises(UserError, match="d-2 leaks: its long turn"):
        by_split([dialogue(1, train, LONG), asked])
    with pytest.raises(UserError, match="d-2 leaks: its text"):
        by_split([dialogue(1, train, "Well, twice."), dialogue(2, test, "Well twice!")])


def test_a_long_reply_in_two_splits_is_refused() -> None:
    def answered(number: int) -> Prompt:
        return replace(prompt(number, f"g-{number}"), human_reply=LONG)

    with pytest.raises(UserError, match="p-2 leaks: its long turn"):
        check_no_leak({"train": [answered(1)], "test": [answered(2)]})


def test_a_long_prompt_in_two_splits_is_refused() -> None:
    def asked(number: int, words: str) -> Prompt:
        return Prompt(f"p-{number}", f"g-{number}", "toy", (Turn("client", words),), "Hi.")

    check_no_leak({"train": [asked(1, SHORT)], "test": [asked(2, SHORT)]})
    with pytest.raises(UserError, match="p-2 leaks: its long turn is in the splits train and"):
        check_no_leak({"train": [asked(1, LONG)], "test": [asked(2, LONG)]})


def test_a_split_that_the_corpus_fixed_is_kept_and_one_group_has_one() -> None:
    (train,) = groups_of("train", 1)
    parts = by_split([replace(dialogue(1, train), split="test")])
    assert [len(part) for part in parts.values()] == [0, 0, 1]
    with pytest.raises(UserError, match=r"leaks: its group .* train and test"):
        by_split([replace(dialogue(1, train), split="test"), dialogue(2, train)])


def test_contrasts_are_split_by_group_and_checked() -> None:
    (train,), (test,) = groups_of("train", 1), groups_of("test", 1)
    first = Contrast("c-1", train, "toy", "You may want to go.", "Go.")
    second = Contrast("c-2", test, "toy", "You may want to stay.", "Stay.")
    assert by_split([first, second]) == {"train": [first], "validation": [], "test": [second]}
    with pytest.raises(UserError, match=r"c-2 leaks: its sentence .* first in c-1"):
        by_split([first, replace(second, worse="go.")])


def test_select_goes_round_the_groups() -> None:
    # Group a has 10 prompts, b 2 and c 1: seven are 1 + 1 + 1, then 1 + 1, then two more of a.
    many = [prompt(i, "a" if i < 10 else "b" if i < 12 else "c") for i in range(13)]
    chosen = select(many, 7, "test")
    assert [len({p.group for p in chosen.prompts[:k]}) for k in (1, 2, 3)] == [1, 2, 3]
    assert Counter(p.group for p in chosen.prompts) == {"a": 4, "b": 2, "c": 1}
    assert chosen.notice is None


def test_select_is_stable_nested_and_salted() -> None:
    many = [prompt(i, f"g{i % 7}") for i in range(70)]
    chosen = select(many, 20, "test").prompts
    assert select(many[::-1], 20, "test").prompts == chosen
    assert select(many, 12, "test").prompts == chosen[:12]
    assert set(select(many, 20, "train").prompts) != set(chosen)


def test_a_large_group_is_not_chosen_first_more_often() -> None:
    many = [prompt(i, "large") for i in range(50)] + [prompt(50, "small")]
    first = Counter(select(many, 1, f"salt {i}").prompts[0].group for i in range(200))
    # A fair coin: 100 +- 3 * sqrt(200 / 4). One prompt in 51, drawn blindly, would give about 4.
    assert first["small"] == pytest.approx(100, abs=21)


def test_select_says_when_there_are_fewer() -> None:
    chosen = select([prompt(1, "a"), prompt(2, "b")], 5, "test")
    assert (len(chosen.prompts), chosen.available) == (2, 2)
    assert chosen.notice == "5 prompts were asked for, only 2 exist: all are used"
    assert select([], 5, "test").notice == "5 prompts were asked for, only 0 exist: all are used"


def test_select_none_takes_all_without_a_notice() -> None:
    chosen = select([prompt(1, "a"), prompt(2, "b")], None, "train")
    assert (len(chosen.prompts), chosen.notice) == (2, None)
