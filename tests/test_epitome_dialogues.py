"""EPITOME as dialogues in their scorers' splits, and broken rows.

.venv/bin/python -m pytest tests/test_epitome_dialogues.py
"""

from __future__ import annotations

from pathlib import Path

import pytest
from invented_epitome import Row, invented_rows, write_epitome

from empathy.corpora import epitome
from empathy.errors import UserError

KIND = "I am so sorry, that hurts."


def test_a_pair_is_a_dialogue_in_its_scorers_split(tmp_path: Path) -> None:
    rows: list[Row] = [
        # Levels 2, 0, 1: only the first mechanism is strong, and its words are cut.
        ("post-5", "r1", "I  failed.", f"{KIND} Go on, one step a day. Why?", (2, 0, 1)),
        ("post-5", "r2", "I  failed.", f"{KIND} Only four words left.", (2, 0, 0)),
        ("post-0", "r3", "I hid it.", "Why? Tell me when you are ready.", (0, 0, 1)),
    ]
    found = epitome.dialogues(write_epitome(tmp_path, rows))
    assert [turn.text for turn in found[0].turns] == ["I failed.", rows[0][3]]
    assert found[0].metadata == {
        "levels": "2 0 1",
        "without_evidence": "Go on, one step a day. Why?",
    }
    assert found[1].metadata == {"levels": "2 0 0"}  # four words are not enough
    assert found[2].metadata == {"levels": "0 0 1"}  # nothing is strong
    # As test_epitome.py has it: post-5 is a test post, post-0 a training one.
    assert [dialogue.split for dialogue in found] == ["test", "test", "train"]
    assert found[0].group == found[1].group != found[2].group
    assert "post-5" not in found[0].group + found[0].dialogue_id
    assert len({dialogue.dialogue_id for dialogue in found}) == 3


def test_words_are_those_of_the_file_that_kept_its_blanks(tmp_path: Path) -> None:
    said = "Sorry.  Really sorry."
    home = write_epitome(tmp_path, [("p", "r", "I failed.  Twice.", said, (1, 0, 0))]) / "epitome"
    path = home / epitome.FILES["emotional_reactions"]
    collapsed = (
        path.read_text(encoding="utf-8").replace("  ", " ").replace(",1,", ",1,Sorry. Really|")
    )
    path.write_text(collapsed, encoding="utf-8")
    (found,) = epitome.load(tmp_path).examples
    assert (found.post, found.response) == ("I failed.  Twice.", said)
    assert found.evidence == (((0, 14),), (), ())  # found in spite of the blank that it lost


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Day 1 was bad.", " ", "line 3: seeker_post is blank"),
        ("Take care.", "word " * 10_000, "line 2: response_post has 10,000 words"),
        ("Take care.", '"Take care.', "after line [12]: "),
        ("p1,", "p1,,", "line 3: a row with too few or too many cells"),
        ("Day 1", "D\udce9 1", "line 3: not UTF-8"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    home = write_epitome(tmp_path, invented_rows(3)) / "epitome"
    path = home / "interpretations-reddit.csv"
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode(errors="surrogateescape"))
    with pytest.raises(UserError, match=rf"interpretations-reddit\.csv, {says}.*EPITOME"):
        epitome.load(tmp_path)
