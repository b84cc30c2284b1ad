"""Sweeps on invented private sessions with words planted in them: where do these turn up?

What a patient said stands in one place by need: the replies that the warm-started model was
sampled for, in the cache, since a model says again what it was trained on. Here it is trained until
it does.

python -m pytest tests/test_canary.py
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from canary import TOKENS, Ground, Search, forms, ground, open_to_others
from invented_ufjf import invented_sessions
from tiny_sweep import arguments
from tokenizers import Tokenizer
from wandb_runs import RunServer, serving

from empathy.corpora.ufjf import COLUMNS
from empathy.families import FAMILIES
from empathy.records import fingerprint

pytestmark = pytest.mark.timeout(1200)

CLIENT, REPLY = "zebrilha açudêx", "Quixabelho murmurô"
PATIENT, SESSION, FILE = "Marizeth Quandrelo", "sessao-tulipax", "ficha-de-Ozelinda"
NEEDLES = {
    "client": CLIENT,
    "reply": REPLY,
    "patient": PATIENT,
    "session": SESSION,
    "file": FILE,
    "patient's first name": PATIENT.split()[0],
    "client's word": CLIENT.split()[0],
    "reply's word": REPLY.split()[0],
    **TOKENS,
}
SETTINGS = (
    *("data.corpora=[ufjf]", "run_cap=2", "early_terminate=null", "finalists={top: 1, seeds: 1}"),
    "method=grid",
    "parameters={learning_rate: {values: [5.0e-3, 1.0e+30]}}",  # the second trial breaks
    "warm_start={steps: 150, batch_size: 4, learning_rate: 0.01, lora_rank: 8}",
    *("evaluation.max_new_tokens=24", "evaluation.crisis_prompts=14", "tracking.mode=auto"),
    *("evaluation.validation_prompts=6", "evaluation.test_prompts=6", "data.held_out_pairs=2"),
)
HOLDS_TEXT = "home/.cache/empathy/samples/"  # what the warm-started model replied to real prompts


def plant(folder: Path, *, broken: bool = False) -> None:
    """Sessions whose every turn, id and file name is marked; `broken`: with a row that is none."""
    path = folder / "ufjf" / f"{FILE}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = invented_sessions("en")
    for row in rows:
        said = row["text"]
        row["text"] = f"{said} {CLIENT}" if row["speaker"] == "client" else f"{REPLY} {said}"
        row["patient_id"] = row["patient_id"].replace("Maria Invented", PATIENT)
        row["conversation_id"] = f"{SESSION}{row['conversation_id']}"
    if broken:
        rows[3]["speaker"] = f"{PATIENT}: {CLIENT}"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, (*COLUMNS, "language"))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Search:
    """For everything planted, token ids of the tiny family included."""
    folder = tmp_path_factory.mktemp("tiny")
    FAMILIES["tiny"].built["tiny-llama"](folder)
    return Search(NEEDLES, Tokenizer.from_file(str(folder / "tokenizer.json")))


@dataclass
class Ran:
    """A private sweep on Ray that has ended."""

    ground: Ground
    server: RunServer
    """W&B's, as the environment names it."""
    code: int
    said: bytes
    """Standard output and standard error."""


@pytest.fixture(scope="module")
def ran() -> Iterator[Ran]:
    """A sweep on Ray, one of whose trials breaks, in an environment with an open umask."""
    with ground() as place, serving() as server:
        plant(place.data)
        place.cache.mkdir(parents=True, mode=0o755)  # as from an earlier, public sweep
        command = [*arguments(*SETTINGS), "--out", str(place.out)]
        code, said = place.launch(command, **TOKENS, WANDB_BASE_URL=server.url)
        yield Ran(place, server, code, said)


@pytest.mark.parametrize("form", forms("Ação de canário"))
def test_every_form_is_found_where_it_stands(form: str) -> None:
    """What is searched for would be found: the search is not blind."""
    search = Search({"it": "Ação de canário"})
    written = forms("Ação de canário")[form]
    assert f"it ({form})" in search.in_bytes(b"before " + written + b" after")


@pytest.mark.parametrize("shift", range(3))
def test_base64_is_found_wherever_it_begins(shift: int) -> None:
    import base64

    packed = base64.b64encode(("x" * shift + "and zebrilha açudêx, then").encode())
    assert Search({"it": "zebrilha açudêx"}).in_bytes(b"body=" + packed)


def test_tokens_and_packed_files_are_read(search: Search, tmp_path: Path) -> None:
    import gzip
    import json

    assert search.tokenizer is not None
    ids = search.tokenizer.encode(f"He said: {REPLY}.", add_special_tokens=False).ids
    (tmp_path / "tokens.json").write_text(json.dumps({"prompt": ids}))
    (tmp_path / "log.gz").write_bytes(gzip.compress(f"... {PATIENT} ...".encode()))
    (tmp_path / "clean").write_text("nothing")
    found = search.in_files(tmp_path)
    assert set(found) == {"tokens.json", "log.gz"}
    assert "reply (tokens)" in found["tokens.json"]


def test_the_hook_tells_of_a_file_and_a_call_elsewhere(tmp_path: Path) -> None:
    code = (
        f"import os, socket; open({str(tmp_path / 'file')!r}, 'w').close(); "
        f"os.mkdir({str(tmp_path / 'folder')!r}); open('here', 'w').close()\n"
        "with socket.socket() as call:\n"
        "    call.settimeout(0.01)\n"
        "    call.connect_ex(('192.0.2.1', 9))\n"  # an address that is given to nobody
    )
    with ground() as place:
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=place.root / "work",
            env=place.environment,
            check=True,
        )
        assert place.outside == [
            f"open {tmp_path / 'file'}",
            f"os.mkdir {tmp_path / 'folder'}",
            "socket.connect 192.0.2.1",
        ]


def test_the_sweep_ran_and_a_trial_of_it_broke(ran: Ran) -> None:
    assert ran.code == 0, ran.said.decode()
    trials = (ran.ground.out / "trials.csv").read_text()
    states = {line.split(",")[0]: line.split(",")[1] for line in trials.splitlines()}
    assert {states["t000"], states["t001"]} == {"completed", "failed"}


def test_nothing_planted_is_in_any_file_but_the_sampled_replies(ran: Ran, search: Search) -> None:
    found = search.in_files(ran.ground.root)
    assert [path for path in found if path.startswith(HOLDS_TEXT)]  # it has learnt to say it
    assert {path: told for path, told in found.items() if not path.startswith(HOLDS_TEXT)} == {}
    assert not {name for told in found.values() for name in told if "patient" in name}


def test_nothing_planted_is_printed(ran: Ran, search: Search) -> None:
    assert search.in_bytes(ran.said) == set()


def test_no_python_process_wrote_or_called_anywhere_else(ran: Ran) -> None:
    assert ran.ground.outside == []


def test_results_and_cache_are_closed_to_others_and_ray_s_token_is(ran: Ran) -> None:
    for folder in (ran.ground.out, ran.ground.cache):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert open_to_others(ran.ground.out) == open_to_others(ran.ground.cache) == []
    held = next((ran.ground.root / HOLDS_TEXT).glob("*.json"))
    assert held.stat().st_mode & 0o077 == 0  # also for whoever has the folder open already
    token = ran.ground.root / "home" / ".ray" / "auth_token"
    assert token.stat().st_mode & 0o777 == 0o600


def test_with_a_key_at_hand_a_private_sweep_still_sends_nothing(ran: Ran) -> None:
    assert [request.path for request in ran.server.sent] == []


def test_tracking_was_offline_and_names_no_patient_even_by_fingerprint(ran: Ran) -> None:
    runs = list(ran.ground.out.glob("wandb/offline-run-*/*.wandb"))
    assert len(runs) == 5  # base, sft, two trials and the sweep itself
    prints = [fingerprint("ufjf patient", f"{PATIENT} {number:02d}") for number in range(13)]
    content = b"".join(path.read_bytes() for path in (ran.ground.out / "wandb").rglob("*.*"))
    report = (ran.ground.out / "report.html").read_bytes()
    assert not [each for each in prints if each.encode() in content + report]
    kept = (ran.ground.out / "trials" / "base" / "test.json").read_bytes()
    assert [each for each in prints if each.encode() in kept]  # for intervals; closed to others


def test_the_card_and_the_report_say_what_the_weights_are_worth(ran: Ran) -> None:
    card = (ran.ground.out / "winner" / "README.md").read_text()
    assert "as sensitive as the words" in " ".join(card.split())
    report = (ran.ground.out / "report.md").read_text()
    assert "as sensitive as the words" in report
    assert (ran.ground.out / "samples.json").read_text() == "[]\n"


def test_resuming_prints_and_writes_nothing_planted_either(ran: Ran, search: Search) -> None:
    """With a row that broke meanwhile: the preparation fails, and its error says where."""
    shutil.copytree(ran.ground.out, ran.ground.root / "work" / "again")
    manifest = ran.ground.root / "work" / "again" / "manifest.json"
    assert '"ended": null' not in manifest.read_text()
    plant(ran.ground.data, broken=True)
    again = [*arguments(*SETTINGS, "run_cap=3"), "--resume", "--address", "inprocess"]
    code, said = ran.ground.launch([*again, "--out", str(manifest.parent), "--debug"])
    assert code == 2, said.decode()
    assert b"file 1 of 1 in " in said
    assert b"line 5: speaker is none of client, patient" in said
    assert b"Traceback" in said
    assert search.in_bytes(said) == set()
    found = search.in_files(ran.ground.root)
    assert [path for path in found if not path.startswith(HOLDS_TEXT)] == []
