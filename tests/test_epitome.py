"""EPITOME's pairs and their split, and the shipped scorers on invented words.

.venv/bin/python -m pytest tests/test_epitome.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from invented_epitome import Row, invented_rows, write_epitome

from empathy.corpora import epitome
from empathy.corpora.epitome import HALVES, half_of, select, split_of
from empathy.errors import UserError
from empathy.metrics.epitome import EmpathyLevels, EmpathyScorer

ROOT = Path(__file__).parent.parent
INVENTED = Path(__file__).parent / "fixtures" / "scored_replies.json"


@pytest.fixture(scope="module")
def scorers() -> dict[str, EmpathyScorer]:
    return {half: EmpathyScorer.load(half) for half in HALVES}


def real_data() -> Path:
    """The folder of the real corpora; skips the test where there is none."""
    beside = ROOT.parent / "shared" / "data"
    folder = Path(os.environ.get("EMPATHY_DATA") or beside)
    if not (folder / "epitome").is_dir():
        pytest.skip("the real EPITOME files are not here; EMPATHY_DATA says where")
    return folder


def test_rows_become_examples_joined_by_row(tmp_path: Path) -> None:
    rows: list[Row] = [("p", "r", "I failed.", "Sorry. Why?", (1, 0, 2))]
    found = epitome.load(write_epitome(tmp_path, rows))
    expected = epitome.Example("p", "r", "I failed.", "Sorry. Why?", (1, 0, 2))
    assert found.examples == (expected,)
    assert found.counts["pairs"] == 1
    assert (found.counts["evident"], found.counts["bare"]) == (0, 2)


def test_a_merged_pair_keeps_the_evidence_of_the_level_it_takes() -> None:
    copies = [
        epitome.Example("p", "r", "post", "reply", (1, 0, 0), (((0, 1),), (), ())),
        epitome.Example("p", "r", "post", "reply", (2, 0, 0), (((2, 5),), (), ())),
    ]
    found = epitome.merge_repeats(copies)
    assert found.examples[0].evidence == (((2, 5),), (), ())
    assert (found.counts["evident"], found.counts["bare"]) == (1, 0)


def test_repeats_are_merged_by_majority_and_ties_go_up(tmp_path: Path) -> None:
    rows: list[Row] = [
        ("p", "r", "post", "reply", (0, 2, 1)),
        ("q", "s", "post 2", "reply 2", (0, 0, 0)),
        ("p", "r", "post", "reply", (2, 0, 1)),
        ("p", "r", "post", "reply", (2, 1, 1)),  # 0, 2, 2 -> 2; 2, 0, 1 tie -> 2; 1, 1, 1 -> 1
        ("q", "s", "post 2", "reply 2", (0, 0, 0)),
    ]
    found = epitome.load(write_epitome(tmp_path, rows))
    assert [example.levels for example in found.examples] == [(2, 2, 1), (0, 0, 0)]
    assert found.counts == {
        "rows": 5,
        "repeated_rows": 3,
        "repeated_pairs": 2,
        "conflicting_pairs": 1,
        "pairs": 2,
        "evident": 0,
        "bare": 3,
    }


def test_the_split_is_fixed_for_ever() -> None:
    # The first 8 bytes of sha256("epitome-split:<id>") modulo 100: under 75, under 80, the rest.
    posts = [f"post-{number}" for number in range(4000)]
    assert [number for number in range(30) if split_of(posts[number]) == "validation"] == [16, 27]
    assert [number for number in range(30) if split_of(posts[number]) == "test"] == [
        5,
        11,
        12,
        13,
        17,
    ]
    assert [number for number in range(9) if half_of(posts[number]) == "rank"] == [2, 4, 6, 7, 8]
    shares = {name: sum(split_of(post) == name for post in posts) / 4000 for name in SHARES}
    # Four standard errors of a share of 0.75 among 4,000 are 0.027.
    assert shares == pytest.approx(SHARES, abs=0.027)


SHARES = {"train": 0.75, "validation": 0.05, "test": 0.2}


def test_no_post_is_in_two_parts(tmp_path: Path) -> None:
    rows = invented_rows(300)
    twice: list[Row] = [(row[0], f"{row[1]}b", row[2], "Why?", (0, 0, 1)) for row in rows]
    examples = epitome.load(write_epitome(tmp_path, rows + twice)).examples
    parts = [
        select(examples, "train", "rank"),
        select(examples, "train", "evaluate"),
        select(examples, "validation"),
        select(examples, "test"),
    ]
    posts = [{example.post_id for example in part} for part in parts]
    assert sum(map(len, parts)) == 600
    assert sum(map(len, posts)) == len(set().union(*posts)) == 300
    assert all(posts)


def test_what_is_wrong_with_the_files_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPATHY_DATA", str(tmp_path))
    with pytest.raises(UserError, match="there is no folder"):
        epitome.load(None)
    with pytest.raises(UserError, match=r"no folder .*epitome"):
        epitome.load(tmp_path)
    home = write_epitome(tmp_path, invented_rows(2)) / "epitome"
    explorations = home / "explorations-reddit.csv"
    good = explorations.read_text(encoding="utf-8")
    explorations.write_text(good.replace("r1,", "r9,"), encoding="utf-8")
    with pytest.raises(UserError, match="row by row"):
        epitome.load(tmp_path)
    explorations.write_text(good.replace(",0,", ",3,"), encoding="utf-8")
    with pytest.raises(
        UserError, match=r"explorations-reddit\.csv, line 2: level is not 0, 1 or 2"
    ):
        epitome.load(tmp_path)
    explorations.write_text(good.replace("level", "grade"), encoding="utf-8")
    with pytest.raises(UserError, match=r"has no column level; take all three files"):
        epitome.load(tmp_path)
    explorations.write_text("".join(good.splitlines(keepends=True)[:2]), encoding="utf-8")
    with pytest.raises(UserError, match=r"line 3: another file of EPITOME ends before"):
        epitome.load(tmp_path)
    explorations.unlink()
    with pytest.raises(UserError, match=r"explorations-reddit\.csv is missing"):
        epitome.load(tmp_path)


def test_the_real_corpus_has_the_counts_of_its_description() -> None:
    found = epitome.load(real_data())
    assert found.counts == {
        "rows": 3084,
        "repeated_rows": 61,
        "repeated_pairs": 60,
        "conflicting_pairs": 19,
        "pairs": 3023,
        "evident": 2898,
        "bare": 35,
    }
    assert len({example.post_id for example in found.examples}) == 2979


def test_shipped_files_are_small_and_their_names_are_known() -> None:
    weights = ROOT / "empathy" / "metrics" / "weights"
    for half in HALVES:
        assert (weights / f"{half}.safetensors").stat().st_size <= 2_000_000
    with pytest.raises(UserError, match="unknown scorer 'ranks'; known: rank, evaluate"):
        EmpathyScorer.load("ranks")  # type: ignore[arg-type]  # wrong on purpose


def test_invented_replies_keep_their_scores(scorers: dict[str, EmpathyScorer]) -> None:
    """The scores were written when the weights were; fp32 on another CPU moves them by 1e-5."""
    stored = json.loads(INVENTED.read_text(encoding="utf-8"))
    for half, scorer in scorers.items():
        found = scorer.score(stored["posts"], stored["replies"])
        for levels, expected in zip(found, stored["scores"][half], strict=True):
            assert levels == pytest.approx(expected, abs=2e-3)


def test_words_of_empathy_score_above_their_absence(scorers: dict[str, EmpathyScorer]) -> None:
    post = "My father died last week and I cannot sleep."
    warm = "I am so sorry for your loss."
    asking = "What happened? Do you have someone to talk to?"
    flat = "The shop opens at nine."
    for scorer in scorers.values():
        kind, curious, cold = scorer.score([post] * 3, [warm, asking, flat])
        assert kind is not None
        assert curious is not None
        assert cold is not None
        assert kind.emotional_reactions > cold.emotional_reactions + 0.5
        assert curious.explorations > cold.explorations + 0.5
        assert cold.total < 1


def test_a_total_is_the_sum_of_the_three() -> None:
    assert EmpathyLevels(0.5, 1.25, 2.0).total == 3.75


def test_a_reply_without_words_has_no_score(scorers: dict[str, EmpathyScorer]) -> None:
    found = scorers["rank"].score(["A post."] * 4, ["", "I see.", " \n", "I see."])
    assert [levels is None for levels in found] == [True, False, True, False]
    assert found[1] == pytest.approx(found[3], abs=1e-6)
    assert scorers["rank"].score([], []) == []
    with pytest.raises(ValueError, match="shorter"):
        scorers["rank"].score(["A post."], [])


def test_scores_do_not_depend_on_company_and_cuts_are_counted(
    scorers: dict[str, EmpathyScorer],
) -> None:
    scorer = scorers["evaluate"]
    posts = [f"Post {n}: I am {'very ' * (n % 5)}tired." for n in range(40)]
    replies = ["That is hard. " * (n % 4 + 1) for n in range(40)]
    replies[7] = "I hear you. " * 100  # 400 tokens
    scorer.truncated = 0
    together = scorer.probabilities(posts, replies)
    assert scorer.truncated == 1
    assert torch.allclose(together.sum(-1), torch.ones(40, 3), atol=1e-5)
    for n in (0, 7, 39):
        alone = scorer.probabilities([posts[n]], [replies[n]])
        assert torch.allclose(alone[0], together[n], atol=1e-4)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="python -m empathy train-scorer"):
        EmpathyScorer.from_file(tmp_path / "none.safetensors")
