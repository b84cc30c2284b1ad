"""A public sweep, tracked online and judged by a language model: what do the two servers get?

python -m pytest tests/test_canary_online.py
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from canary import TOKENS, Ground, Search, ground
from chat_server import Act, ChatServer
from chat_server import serving as judging
from invented_ufjf import invented_sessions
from tiny_sweep import arguments
from wandb_runs import RunServer
from wandb_runs import serving as tracking

from empathy.corpora import annomi

pytestmark = pytest.mark.timeout(1200)

CLIENT, REPLY, WARD = "zebrilha açudêx", "Quixabelho murmurô", "ward-Ozelinda"
WORDS = {"client": CLIENT, "reply": REPLY, "ward": WARD}
SETTINGS = (
    *("data.corpora=[annomi]", "run_cap=2", "early_terminate=null", "finalists={top: 1, seeds: 1}"),
    *("evaluation.validation_prompts=6", "evaluation.test_prompts=6", "data.held_out_pairs=2"),
    *("evaluation.crisis_prompts=0", "tracking={mode: online, entity: team}"),
)


def plant(folder: Path) -> None:
    """Marked dialogues in AnnoMI's format."""
    path = folder / "annomi" / annomi.SIMPLE
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, (*annomi.COLUMNS, "video_title"))
        writer.writeheader()
        for row in invented_sessions("en"):
            session, client = int(row["conversation_id"][-2:]), row["speaker"] == "client"
            cells = dict.fromkeys(annomi.COLUMNS, "n/a") | {
                "transcript_id": str(session),
                "mi_quality": "high",
                "video_title": CLIENT,
                "video_url": f"v/{session}",
                "topic": "tobacco",
                "utterance_id": str(int(row["turn"]) - 1),
                "interlocutor": "client" if client else "therapist",
                "utterance_text": f"{row['text']} {CLIENT if client else REPLY}",
            }
            writer.writerow(cells)


@dataclass
class Ran:
    """A public sweep that has ended, and both servers."""

    ground: Ground
    tracker: RunServer
    judge: ChatServer
    code: int
    said: bytes


@pytest.fixture(scope="module")
def ran() -> Iterator[Ran]:
    with ground() as place, tracking() as tracker, judging(Act("A")) as judge:
        plant(place.data / WARD)
        llm = f"judges.llm={{url: '{judge.url}', model: m, key_variable: JUDGE_KEY}}"
        command = arguments(*SETTINGS, llm, f"data.folder={place.data / WARD}")
        code, said = place.launch(
            [*command, "--address", "inprocess", "--out", str(place.out)],
            **TOKENS,
            WANDB_BASE_URL=tracker.url,
        )
        yield Ran(place, tracker, judge, code, said)


def test_it_was_tracked_and_judged(ran: Ran) -> None:
    assert ran.code == 0, ran.said.decode()
    assert b"going offline" not in ran.said
    streams = [sent for sent in ran.tracker.sent if sent.path.endswith("/file_stream")]
    assert {sent.path.split("/")[-2].rpartition("-")[2] for sent in streams} == {
        *("base", "sft", "t000", "t001", "sweep"),
    }
    assert b"empathy/empathy" in b"".join(sent.unpacked for sent in streams)
    asked = json.dumps(ran.judge.bodies, ensure_ascii=False)
    assert CLIENT in asked  # who judges words must be told them: with private ones it is refused
    assert ran.judge.headers[0]["Authorization"] == f"Bearer {TOKENS['JUDGE_KEY']}"


def test_w_and_b_gets_no_words_no_path_and_no_other_s_token(ran: Ran) -> None:
    search = Search({**WORDS, **TOKENS, "root": str(ran.ground.root), "data": str(ran.ground.data)})
    found = {sent.path: search.in_bytes(sent.bytes) for sent in ran.tracker.sent}
    assert {path: told for path, told in found.items() if told} == {}


def test_w_and_b_gets_no_code_no_console_and_nothing_of_the_machine(ran: Ran) -> None:
    told = b"".join(sent.bytes for sent in ran.tracker.sent)
    paths = {sent.path for sent in ran.tracker.sent}
    for name in ("output.log", "requirements.txt", "wandb-metadata.json", "diff.patch", ".py"):
        assert not [path for path in paths if path.endswith(name)], name
    assert b"def main(" not in told
    assert b'"git"' not in told
    for sent in ran.tracker.sent:
        if sent.path.endswith("/file_stream"):
            assert "output.log" not in json.loads(sent.unpacked).get("files", {})


def test_no_token_is_in_any_file_or_in_what_was_printed(ran: Ran) -> None:
    search = Search(TOKENS)
    assert search.in_files(ran.ground.root) == {}
    assert search.in_bytes(ran.said) == set()


def test_the_judge_s_server_gets_its_own_token_and_no_other(ran: Ran) -> None:
    others = Search({name: text for name, text in TOKENS.items() if name != "JUDGE_KEY"})
    assert others.in_bytes(json.dumps([ran.judge.headers, ran.judge.bodies]).encode()) == set()
    bodies = json.dumps(ran.judge.bodies).encode()
    assert Search({"JUDGE_KEY": TOKENS["JUDGE_KEY"], "ward": WARD}).in_bytes(bodies) == set()


def test_no_dialogue_s_words_are_in_any_file(ran: Ran) -> None:
    """As the README promises of public corpora, too; the path of the data is in the manifest."""
    search = Search({"client": CLIENT, "reply": REPLY})
    assert search.in_files(ran.ground.root) == {}
    assert search.in_bytes(ran.said) == set()
    assert ran.ground.outside == []
