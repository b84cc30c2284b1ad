"""What the MITI scorer learns from: no gold test sentence, every wording once.

python -m pytest tests/test_miti_examples.py
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from invented_mi import write_gold, write_mi

from empathy.corpora.mi import Labelled
from empathy.reading.miti import LABELS, gold_test
from empathy.records import same_words
from empathy.scorers.miti_examples import Example, collect, commonest, judging, once, seeds


def test_sentences_of_every_source(tmp_path: Path) -> None:
    found = collect(write_mi(tmp_path), None)
    own = [e for e in found.examples if e.source == "weak"]
    assert [(e.text, e.label) for e in own] == [
        ("You have been patient.", "Affirm"),
        ("Call him.", "Advise without Permission"),
    ]  # "I am here for you." is among the invented ones
    assert found.counts["weak, repeated"] == 1
    assert own[0].group == own[1].group  # one question, two answers
    pp = [(e.text, e.label) for e in found.examples if e.source == "PP"]
    assert ("Sell the car.", "Advise without Permission") in pp
    assert ("An option would be to sell the car.", "Advise with Permission") in pp
    assert found.counts["rephrasings, with a gold test sentence"] == 2


def test_a_gold_file_comes_first(tmp_path: Path) -> None:
    found = collect(write_mi(tmp_path), write_gold(tmp_path))
    first, second, *_ = found.examples
    assert (first.text, first.label) == ("What keeps you up?", "Open Question")
    assert first.source == second.source == "gold"
    assert (second.text, second.label, second.group) == ("Stop it.", "Confront", first.group)
    assert "Stop it." not in [e.text for e in found.examples[2:]]  # also invented, and left out


def test_no_gold_test_sentence_is_learnt_from(tmp_path: Path) -> None:
    folder = write_mi(tmp_path)
    tested = {same_words(sentence.text) for sentence in gold_test(folder)}
    assert not tested & {same_words(e.text) for e in collect(folder, None).examples}
    said = [Labelled(text, "Direct", "g") for text in ("NEVER, test on this", "Go.")]
    found = once({"weak": said}, ["Never test on this."])
    assert [e.text for e in found.examples] == ["Go."]
    assert found.counts == {"weak, in the gold test file": 1, "weak, kept": 1}


def test_a_wording_counts_where_it_stands_first() -> None:
    sources = {
        "gold": [Labelled("Go on!", "Direct", "a")],
        "weak": [Labelled("go on", "Other", "b"), Labelled("Yes.", "Other", "b")],
    }
    found = once(sources, [])
    assert found.examples == (
        Example("Go on!", "Direct", "a", "gold"),
        Example("Yes.", "Other", "b", "weak"),
    )
    assert found.counts == {"gold, kept": 1, "weak, repeated": 1, "weak, kept": 1}


def test_a_wording_has_the_label_that_most_gave_it() -> None:
    said = [Labelled("So.", label, "g") for label in ("Other", "Direct", "Direct")]
    assert [each.label for each in commonest(said)] == ["Direct"] * 3


def test_invented_sentences_help_every_label() -> None:
    counts = Counter(each.label for each in seeds())
    assert set(counts) == set(LABELS)
    assert min(counts.values()) >= 20
    words = [same_words(each.text) for each in seeds()]
    assert len(set(words)) == len(words)


def test_about_a_fifth_is_held_out_by_group() -> None:
    sources = ["weak", "weak", "weak", "PPA"] * 1000
    some = [Example("x", "Other", f"g{i // 2}", each) for i, each in enumerate(sources)]
    assert 600 < sum(each.held_out for each in some) < 1000
    assert all(some[i].held_out == some[i + 1].held_out for i in range(0, 4000, 2))
    assert {each.source for each in judging(some)} == {"weak"}
