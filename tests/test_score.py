"""`python -m empathy score`: numbers by hand, what is compared, what is refused.

python -m pytest tests/test_score.py
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from plain_judges import plain_judges, write

from empathy.__main__ import main
from empathy.judges import Judges

LETTERS = "abcdefgh"
Row = dict[str, object]


@pytest.fixture(autouse=True)
def judged_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Judges, "shipped", plain_judges)


def scored(path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    assert main(["score", str(path), "--json", *more]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def replies(policy: str, texts: list[str], groups: int = 100) -> list[Row]:
    """A reply to each of the prompts "a", "b", ..., over and over in other groups."""
    return [
        {"policy": policy, "group": i % groups, "prompt": LETTERS[i % 8], "reply": text, "id": i}
        for i, text in enumerate(texts)
    ]


def test_numbers_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"prompt": "a", "reply": "a! a?"}, {"prompt": "b", "reply": "a."}]
    found = scored(write(tmp_path / "f.jsonl", rows), capsys)
    assert (found["rows"], found["groups"], found["grouped_by"]) == (2, 2, "prompt")
    own = found["policies"]["replies"]
    values = {name: each["value"] for name, each in own["metrics"].items()}
    assert values == pytest.approx(
        {
            "empathy": (2 + 1) / 2,
            "emotional_reactions": 1 / 2,
            "interpretations": 1 / 2,
            "explorations": 1 / 2,
            "empathy_second": (2 + 1) / 2,
            "empathy_referee": (4 + 2) / 2,
            "relevance": (1 + 0) / 2,  # the second reply is about a, of two prompts
            "words": (2 + 1) / 2,
            "distinct_2": 1.0,  # a-a
            "common_opener": 0.5,
            "questions": 1 / 2,
            "apologies": 0.0,
            "shared_experience": 0.0,
        }
    )
    assert own["metrics"]["empathy"]["method"] == "leave-one-group-out"
    assert (own["relevance_among"], own["unscored"]) == (2, {"repetition": 2})
    assert found["compared"] == []


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_identical_replies_differ_by_exactly_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    texts = [f"{LETTERS[i % 8]} word word {'?' * (i % 3)}" for i in range(24)]
    path = write(tmp_path / f"f.{kind}", replies("one", texts) + replies("two", texts)[::-1])
    found = scored(path, capsys)
    (lead,) = found["compared"]
    assert (lead["policy"], lead["first"], lead["prompts"]) == ("two", "one", 24)
    for name, each in lead["differences"].items():
        assert (each["value"], each["low"], each["high"], each["n"]) == (0, 0, 0, 24), name
    for rate in (lead["wins"]["rate"], lead["wins"]["at_equal_length"]):
        assert rate["value"] == pytest.approx(0.5, abs=1e-12)
    assert lead["wins"]["rate"]["value"] == 0.5
    assert lead["wins"]["counts"] == {"identical": 24}
    one, two = (found["policies"][name]["metrics"] for name in ("one", "two"))
    assert one == two
    assert found["notes"] == []


def test_a_planted_difference_is_found_on_the_prompts_that_both_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Ours has one full stop more on each of its first 20 prompts, and 4 that nobody else answered.
    base, ours = ["a a."] * 20, ["a a.."] * 24
    path = write(tmp_path / "f.csv", replies("base", base) + replies("ours", ours))
    found = scored(path, capsys)
    (lead,) = found["compared"]
    empathy = lead["differences"]["empathy"]
    assert (empathy["value"], empathy["low"], empathy["n"], lead["prompts"]) == (1.0, 1.0, 20, 20)
    assert lead["wins"]["rate"]["value"] == 1.0
    assert "distinct_2" not in lead["differences"]  # no reply has one of its own
    assert found["notes"] == [
        "'ours' answered 24 prompts and 'base' 20: they are compared on the 20 that both answered"
    ]


def test_policies_without_a_shared_prompt_are_not_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[Row] = [
        {"policy": "one", "prompt": "a", "reply": "a."},
        {"policy": "two", "prompt": "b", "reply": "b."},
    ]
    found = scored(write(tmp_path / "f.csv", rows), capsys)
    assert (list(found["policies"]), found["compared"]) == (["one", "two"], [])
    assert found["notes"] == ["'two' and 'one' answered no prompt both: they are not compared"]


def test_several_replies_to_a_prompt_are_all_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[Row] = [
        {"policy": policy, "prompt": "a", "reply": reply}
        for policy, reply in [("one", "a."), ("one", "a.."), ("two", "a..."), ("two", "a....")]
    ]
    found = scored(write(tmp_path / "f.csv", rows), capsys)
    (lead,) = found["compared"]
    assert (lead["differences"]["empathy"]["value"], lead["prompts"]) == (2.0, 2)  # 3-1 and 4-2
    empathy = found["policies"]["one"]["metrics"]["empathy"]
    assert (empathy["n"], empathy["groups"], empathy["method"]) == (2, 1, "one group")


def test_what_cannot_be_scored_is_counted_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[Row] = [
        {"prompt": "a", "reply": "a.", "language": "en"},
        {"prompt": "b", "reply": " ", "language": "en"},
        {"prompt": "c", "reply": "c.", "language": "pt"},
        {"prompt": " ", "reply": "c.", "language": "pt"},
    ]
    found = scored(write(tmp_path / "f.csv", rows), capsys)
    own = found["policies"]["replies"]
    empathy = own["metrics"]["empathy"]
    assert (empathy["value"], empathy["n"], empathy["unscored"]) == (1.0, 1, 2)
    assert own["unscored"]["empathy"] == 2
    assert own["metrics"]["words"]["n"] == 3
    assert (found["rows"], found["left_out"]) == (3, {"blank prompt": 1})
    assert found["notes"][0] == "1 of the replies are blank: 0 words, and no other number"
    assert "1 prompts are in the language 'pt', which the evaluating scorer" in found["notes"][1]


def test_the_table_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = replies("base", ["a a."] * 12, groups=3) + replies("ours", ["a a.."] * 12, groups=3)
    assert main(["score", str(write(tmp_path / "f.csv", rows))]) == 0
    out, err = capsys.readouterr()
    lines = {" ".join(line.split()) for line in out.splitlines()}
    assert out.startswith("24 rows of 3 groups (column group)\n\nbase ")
    assert "empathy more 0 to 6 1.00 (1.00, 1.00) 12 0" in lines
    assert "empathy 0 to 6 +1.00 (+1.00, +1.00) 12 0" in lines
    assert "words - words 2.00 (2.00, 2.00) 12 0" in lines
    assert "repetition less share - - 0 12" in lines  # nobody has said three words
    assert "referee's wins share 1.00 (1.00, 1.00) 12 0" in lines
    assert "under ten groups there is no interval" in out
    assert err == "measuring 24 replies\n"


def test_a_row_per_reply_with_the_user_s_ids_and_without_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = replies("base", ["a secret.", " "]) + replies("ours", ["a secret!", "b b?"])
    path, out = write(tmp_path / "f.csv", rows[::-1]), tmp_path / "new" / "out.csv"
    scored(path, capsys, "--csv", str(out))
    written = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert [(row["line"], row["policy"], row["id"], row["group"]) for row in written] == [
        ("2", "ours", "1", "1"), ("3", "ours", "0", "0"),
        ("4", "base", "1", "1"), ("5", "base", "0", "0"),
    ]  # fmt: skip
    assert [row["empathy"] for row in written] == ["1.0", "1.0", "", "1.0"]
    assert [row["explorations"] for row in written] == ["1.0", "0.0", "", "0.0"]
    assert "secret" not in out.read_text("utf-8")
    assert not {"prompt", "reply"} & set(written[0])
    scored(path, capsys, "--csv", str(out), "--with-text")
    assert out.stat().st_mode & 0o077 == 0  # whose words they are is not known
    written = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert (written[1]["prompt"], written[1]["reply"]) == ("a", "a secret!")


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line that the command says before it ends with code 2."""
    assert main(["score", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), "Traceback" in err) == ("", 1, False)
    return err


def test_mistakes_are_told_in_one_line_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Judges, "shipped")
    path = write(tmp_path / "f.csv", replies("base", ["a."]))
    assert "is a folder; name a file" in refused(capsys, str(path), "--csv", str(tmp_path))
    same = tmp_path / "." / "f.csv"
    assert "is the file to be scored" in refused(capsys, str(path), "--csv", str(same))
    assert "give --csv OUT too" in refused(capsys, str(path), "--with-text")
    assert "gone.csv is missing" in refused(capsys, str(tmp_path / "gone.csv"))
    pairs = write(tmp_path / "pairs.csv", [{"prompt": "a", "chosen": "a", "rejected": "b"}])
    assert "has no column reply" in refused(capsys, str(pairs))


def test_a_target_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "f.csv", replies("base", ["a."]))
    assert main(["score", str(path), "--csv", str(path / "out.csv")]) == 2
    assert "cannot be written: " in capsys.readouterr().err
