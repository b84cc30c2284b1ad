"""Talking to a winner: the voices are the models they are said to be, and what is refused.

python -m pytest tests/test_winner_chat.py
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_models import trained_row

from empathy.__main__ import main
from empathy.errors import UserError
from empathy.export import Part, write_winner
from empathy.families import FAMILIES
from empathy.lanes.adapters import adapt
from empathy.own_data.base_model import attach
from empathy.policy import Speaker
from empathy.records import Prompt, Turn
from empathy.settings import EvaluationSettings, TrainingSettings
from empathy.weights import Base, load, prepare
from empathy.winner.folder import find
from empathy.winner.voices import Decoding, Voices

GREEDY = Decoding(temperature=0.0, max_new_tokens=12, seed=0)
SAID = [Turn("client", "Nobody asks how I am.")]


def quiet(stage: str, share: float) -> None:
    """Progress that nobody watches."""


def fresh(name: str, family: str) -> Base:
    own = FAMILIES[family]
    return load(prepare(name, own, quiet), own, dtype=torch.float32, device="cpu")


def winner_of(base: Base, folder: Path, *, whole: bool = False) -> None:
    """A winner whose warm start, in the folder beside it, is the first of its two adapters."""
    layout = adapt(base.model, base.family.lora_targets, rank=4)
    rows = [trained_row(layout, 3, 1, 0.5), trained_row(layout, 4, 2, 0.5)]
    parts = [Part(layout.lora(rows[0], 3), 2.0), Part(layout.lora(rows[1], 4), 1.0)]
    write_winner(folder, parts[1:] if whole else parts, base, whole=whole)
    if not whole:
        write_winner(folder.with_name("started"), parts[:1], base, whole=False)


def spoken(base: Base) -> str:
    """What a model says to `SAID`, as its own words."""
    rules = EvaluationSettings(temperature=0.0, max_new_tokens=GREEDY.max_new_tokens)
    prompt = Prompt("turn 1", "chat", "chat", tuple(SAID), "")
    return Speaker(base, TrainingSettings(), rules).reply([prompt])[0].replies[0].text


def adapted(base: Base, folder: Path) -> str:
    attach(base, folder)
    return spoken(base)


def results(folder: Path, **settings: Any) -> None:
    """The files around a winner that say how it came about."""
    (folder / "manifest.json").write_text(json.dumps({"settings": settings}))
    (folder / "summary.json").write_text('{"best": {"trial": "t003"}}')


def test_every_voice_is_the_model_it_is_said_to_be(tmp_path: Path) -> None:
    winner_of(fresh("tiny-llama", "tiny"), tmp_path / "winner")
    expected = {
        "winner": adapted(fresh("tiny-llama", "tiny"), tmp_path / "winner"),
        "sft": adapted(fresh("tiny-llama", "tiny"), tmp_path / "started"),
        "base": spoken(fresh("tiny-llama", "tiny")),
    }
    assert len(set(expected.values())) == 3
    winner = find(tmp_path)
    against_sft = Voices(winner, "sft", GREEDY, quiet)
    for name in ("winner", "sft", "winner"):  # each leaves the other as it was
        assert against_sft.reply(name, SAID, 1) == expected[name]
    against_base = Voices(winner, "base", GREEDY, quiet)
    for name in ("base", "winner", "base"):
        assert against_base.reply(name, SAID, 1) == expected[name]


def test_a_base_that_was_trained_as_a_whole_is_the_sft_model(tmp_path: Path) -> None:
    base = fresh("tiny-bert", "biobert")
    untrained = spoken(base)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in base.model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    started = spoken(base)
    winner_of(base, tmp_path / "winner", whole=True)
    with pytest.raises(UserError, match="does not say how its warm start was trained"):
        Voices(find(tmp_path), "sft", GREEDY, quiet)
    results(tmp_path, warm_start={"steps": 5})
    against_sft = Voices(find(tmp_path), "sft", GREEDY, quiet)
    assert against_sft.reply("sft", SAID, 1) == started
    assert against_sft.reply("winner", SAID, 1) != started
    against_base = Voices(find(tmp_path), "base", GREEDY, quiet)
    assert against_base.reply("base", SAID, 1) == untrained
    assert against_base.reply("winner", SAID, 1) == against_sft.reply("winner", SAID, 1)


def test_a_chat_from_a_pipe_is_blind_until_its_end_and_keeps_no_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    winner_of(fresh("tiny-llama", "tiny"), tmp_path / "winner")
    monkeypatch.setattr(sys, "stdin", io.StringIO("Nobody asks.\n1\n/new\nI am tired.\n=\n"))
    command = ["chat", str(tmp_path / "winner"), "--against", "base", "--blind", "--seed", "3"]
    command += ["--temperature", "0", "--max-new-tokens", "4", "--keep", str(tmp_path / "kept")]
    assert main(command) == 0
    before, _, after = capsys.readouterr().out.partition("turn 1: 1 was ")
    assert "nothing it says is clinical advice" in before
    assert "988 (USA)" in before
    assert "How it answers people in crisis is not on record in this folder." in before
    assert before.count("\n1> ") == before.count("\n2> ") == 2
    assert "base" not in before.split("\n1> ", 1)[1]
    assert "turn 2: 1 was " in after
    assert "times, equal 1 times" in after
    assert "over 2 conversations" in after or "each of 2 conversations" in after
    kept = (tmp_path / "kept").read_text()
    assert len(kept.splitlines()) == 2
    assert "tired" not in kept
    monkeypatch.setattr(sys, "stdin", io.StringIO("Nobody asks.\n2\n"))
    assert main(command) == 0
    assert "under the same conditions:" in capsys.readouterr().out


def test_what_cannot_be_had_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*options: str) -> str:
        assert main(["chat", str(tmp_path), *options]) == 2
        return capsys.readouterr().err

    assert "is no winner: it lacks adapter_config.json" in refused()
    assert "are for two voices: add --against" in refused("--blind")
    winner_of(fresh("tiny-llama", "tiny"), tmp_path / "winner")
    results(tmp_path, warm_start={"steps": 0})
    assert "had no warm start, so that its SFT model is the base" in refused("--against", "sft")
    (tmp_path / "kept").write_text('{"name": "a patient"}')
    kept = refused("--against", "base", "--keep", str(tmp_path / "kept"))
    assert "is no choice of a chat; name another file" in kept
