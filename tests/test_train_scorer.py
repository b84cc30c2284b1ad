"""`python -m empathy train-scorer` on invented posts, and the card that the shipped files carry.

.venv/bin/python -m pytest tests/test_train_scorer.py
"""

from __future__ import annotations

import json
import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from invented_epitome import invented_rows, write_epitome

from empathy.__main__ import COMMANDS, main
from empathy.cache import file_sha256
from empathy.corpora.epitome import HALVES, MECHANISMS, Example, Half, load, select
from empathy.errors import UserError
from empathy.metrics.epitome import EmpathyScorer
from empathy.scorers import card as scorer_card
from empathy.scorers import card_text, train_scorer
from empathy.scorers import training as scorer_training
from empathy.scorers.baseline import Levels
from empathy.scorers.card import from_digits
from empathy.scorers.lora import trainable, trainable_state
from empathy.scorers.material import material
from empathy.scorers.recipe import RECIPES, Recipe
from empathy.scorers.train_scorer import parse_parts, parse_seeds
from empathy.scorers.training import Trained

ROOT = Path(__file__).parent.parent
WEIGHTS = ROOT / "empathy" / "metrics" / "weights"


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((WEIGHTS / "card.json").read_text(encoding="utf-8"))
    return found


def real_data() -> Path:
    """The folder of the real corpora; skips the test where there is none."""
    beside = ROOT.parent / "shared" / "data"
    folder = Path(os.environ.get("EMPATHY_DATA") or beside)
    if not (folder / "epitome").is_dir():
        pytest.skip("the real EPITOME files are not here; EMPATHY_DATA says where")
    return folder


@pytest.mark.parametrize(("text", "seeds"), [("3", (3,)), ("0-4", (0, 1, 2, 3, 4)), ("2-2", (2,))])
def test_seeds_are_one_or_a_range(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "-1", "1-", "4-0", "1,2"])
def test_other_seeds_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="names no seeds; give one"):
        parse_seeds(text)


@pytest.mark.parametrize(
    ("text", "parts"), [("row,full", ("full", "row")), ("evaluate", ("evaluate",)), ("none", ())]
)
def test_parts_come_in_their_order(text: str, parts: tuple[str, ...]) -> None:
    assert parse_parts(text) == parts


@pytest.mark.parametrize("text", ["", "ful", "full,,row"])
def test_other_parts_are_refused(text: str) -> None:
    known = "known: rank, evaluate, full, row, or none"
    with pytest.raises(UserError, match=f"there is no part '.*'; {known}"):
        parse_parts(text)


def test_the_best_run_is_chosen_on_validation_and_a_tie_takes_the_lowest_seed() -> None:
    rows: list[dict[str, Any]] = [
        {"part": "rank", "seed": seed, "validation": validation}
        for seed, validation in enumerate((0.5, 0.7, 0.7))
    ]
    rows.append({"part": "evaluate", "seed": 9, "validation": 0.9})
    assert scorer_card.best(rows, "rank") == (1, 0.7)


def test_mistakes_cost_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPATHY_DATA", str(tmp_path))
    assert main(["train-scorer", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("error: there is no folder")
    assert main(["train-scorer", "--data", str(tmp_path), "--epochs", "1"]) == 2
    assert "no folder" in capsys.readouterr().err
    write_epitome(tmp_path, invented_rows(3))
    assert main(["train-scorer", "--data", str(tmp_path), "--epochs", "0"]) == 2
    assert "--epochs is 0; it must be from 1 to 1000" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["train-scorers"])
    told = capsys.readouterr().err
    assert all(name in told for name in COMMANDS)


def command(**given: Any) -> Namespace:
    """What the command line gives when nothing is said but this."""
    usual = {"seeds": "0", "parts": "rank,evaluate,full,row", "epochs": 1, "encoder": "minilm"}
    unchanged = {"longest": None, "averaged": None}
    return Namespace(**{**usual, **unchanged, "install": False, **given})


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pairs each run learnt from; the runs learn nothing, which takes no time."""
    found = trainable("minilm", 8, 0.1, torch.float32)
    lengths: list[int] = []

    def untrained(examples: Sequence[Example], *given: Any) -> Trained:
        lengths.append(len(examples))
        given[3](1, 1)  # the progress report
        named = {"encoder": found.encoder, "encoder_sha256": found.encoder_sha256}
        history = [{"loss": 3.3, "validation": 0.4}]
        return Trained(trainable_state(found.network), history, named)

    monkeypatch.setattr(scorer_training, "train", untrained)
    return lengths


def test_from_posts_to_card_and_on_where_it_stopped(tmp_path: Path, trained: list[int]) -> None:
    data, out = write_epitome(tmp_path / "data", invented_rows(81)), tmp_path / "out"
    options = command(data=data, out=out)
    assert COMMANDS["train-scorer"].run(options) == 0
    assert trained[0] + trained[1] == trained[2]  # rank and evaluate share full's posts
    (out / "runs" / "full-0.json").unlink()
    first = (out / "CARD.md").read_text(encoding="utf-8")
    assert COMMANDS["train-scorer"].run(options) == 0
    assert trained[4:] == [trained[2]]  # only what was missing
    written = json.loads((out / "card.json").read_text(encoding="utf-8"))
    for half in HALVES:
        assert written["shipped"][half]["sha256"] == file_sha256(out / f"{half}.safetensors")
        assert written["shipped"][half]["sha256"] in first
    # No post is read by the referee, so another one cannot move it.
    assert written["referee"]["prompt"]["total"]["absolute"]["value"] == 0
    options.epochs = 2
    with pytest.raises(UserError, match="comes from other data or settings"):
        COMMANDS["train-scorer"].run(options)


def test_parts_that_are_not_trained_keep_the_numbers_and_files_of_the_installed_card(
    tmp_path: Path, trained: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_epitome(tmp_path / "data", invented_rows(81))
    home = tmp_path / "installed"
    assert COMMANDS["train-scorer"].run(command(data=data, out=home)) == 0
    monkeypatch.setattr(train_scorer, "INSTALLED", home)
    old = json.loads((home / "card.json").read_text(encoding="utf-8"))
    seeds = "1-2"
    options = command(data=data, out=tmp_path / "out", parts="full", seeds=seeds, averaged=0.4)
    assert COMMANDS["train-scorer"].run(options) == 0
    assert len(trained) == 4 + 2
    new = json.loads((tmp_path / "out" / "card.json").read_text(encoding="utf-8"))
    assert (new["seeds"], new["recipes"]["full"]["averaged"]) == ([1, 2], 0.4)
    assert old["recipes"]["full"]["averaged"] == 0
    assert [(row["part"], row["seed"]) for row in new["runs"]] == [
        *(("rank", 0), ("evaluate", 0), ("row", 0)),
        *(("full", 1), ("full", 2)),
    ]
    assert new["row"] == old["row"]
    for half in HALVES:
        assert new["recipes"][half] == old["recipes"][half]
        assert new["results"][half] == old["results"][half]
        assert new["shipped"][half] == old["shipped"][half]  # the file's hash is among it
    other = write_epitome(tmp_path / "other", invented_rows(82))
    options = command(data=other, out=tmp_path / "more", parts="full")
    with pytest.raises(UserError, match="is of other data than --data; train all parts"):
        COMMANDS["train-scorer"].run(options)


def test_minilm_s_numbers_and_another_encoder_s_stay_apart(tmp_path: Path) -> None:
    data = write_epitome(tmp_path, invented_rows(3))
    given: dict[str, Any] = {"data": data, "out": tmp_path, "encoder": "roberta-base"}
    with pytest.raises(UserError, match="would keep minilm's numbers beside --encoder roberta"):
        COMMANDS["train-scorer"].run(command(**given, parts="full"))
    with pytest.raises(UserError, match="only minilm can be installed, not roberta-base"):
        COMMANDS["train-scorer"].run(command(**given, install=True))


def test_the_card_beside_the_weights_was_rendered_from_its_numbers(card: dict[str, Any]) -> None:
    assert (WEIGHTS / "CARD.md").read_text(encoding="utf-8") == card_text.render(card)
    for half in HALVES:
        assert card["shipped"][half]["sha256"] == file_sha256(WEIGHTS / f"{half}.safetensors")


def test_the_recipes_are_those_that_the_card_measured(card: dict[str, Any]) -> None:
    for part, settings in card["recipes"].items():
        assert Recipe(**settings) == RECIPES[part]


def test_the_card_shows_that_the_scorer_beats_counting_words(card: dict[str, Any]) -> None:
    assert card["seeds"] == [0, 1, 2, 3, 4]
    for mechanism in ("emotional_reactions", "explorations"):
        gap = card["full_minus_tfidf"][mechanism]["macro_f1"]
        assert 0 < gap["low"] < gap["value"] < gap["high"]


def test_every_number_of_the_card_follows_from_what_was_said(card: dict[str, Any]) -> None:
    test = select(load(real_data()).examples, "test")
    said = {name: [from_digits(run) for run in runs] for name, runs in card["said"].items()}
    assert scorer_card.measure(test, said) == approximately(
        {name: card[name] for name in ("results", "full_minus_tfidf", "full_by_level")}
    )


def test_every_number_of_the_split_by_row_follows_from_what_was_said(card: dict[str, Any]) -> None:
    if card["row"] is None:
        pytest.skip("the card has no split by row yet: `train-scorer --parts row --install`")
    rows = material(load(real_data()), "row").test
    for name, runs in card["row"]["said"].items():
        found = scorer_card.judge(rows, [from_digits(run) for run in runs])
        assert found == approximately(card["row"]["results"][name])


@pytest.mark.parametrize("half", HALVES)
def test_the_shipped_scorer_says_what_the_card_counted(half: Half, card: dict[str, Any]) -> None:
    check_shipped(half, card, every=5)


@pytest.mark.slow
@pytest.mark.parametrize("half", HALVES)
def test_the_shipped_scorer_reproduces_its_card(half: Half, card: dict[str, Any]) -> None:
    test = select(load(real_data()).examples, "test")
    found = scorer_card.judge(test, [check_shipped(half, card, every=1)])
    for mechanism in MECHANISMS:
        for statistic in ("accuracy", "macro_f1"):
            value = card["results"][half][mechanism][statistic]["value"]
            assert found[mechanism][statistic]["value"] == pytest.approx(value, abs=5e-3)


def check_shipped(half: Half, card: dict[str, Any], every: int) -> Levels:
    """What the shipped scorer says of every n-th test pair; the card must have counted the same."""
    some = select(load(real_data()).examples, "test")[::every]
    chances = EmpathyScorer.load(half).probabilities(
        [example.post for example in some], [example.response for example in some]
    )
    levels: Levels = chances.argmax(-1).tolist()
    stored = from_digits(card["said"][half][0])[::every]
    # Another CPU may decide otherwise where two levels are as likely: one pair in a hundred.
    differing = sum(a != b for a, b in zip(levels, stored, strict=True))
    assert differing <= len(some) / 100
    return levels


def approximately(tree: Any) -> Any:
    """The tree with its floats as `pytest.approx`, which does not look into nested dicts."""
    if isinstance(tree, dict):
        return {name: approximately(branch) for name, branch in tree.items()}
    if isinstance(tree, list):
        return [approximately(branch) for branch in tree]
    return pytest.approx(tree, abs=1e-9) if isinstance(tree, float) else tree
