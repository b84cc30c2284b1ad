"""A winner on somebody else's machine: transformers and peft, and nothing of this software.

python -m pytest -m slow tests/test_winner_taken_home.py

The fresh virtual environment has no package of its own, for tests install nothing. A `.pth` file
shows it a folder of links to what `transformers`, `peft` and `torch` declare that they need, taken
from the metadata of the packages installed here: whatever else is installed cannot be imported.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tiny_sweep import arguments

import launch
from empathy.lanes.generate import Request, generate
from empathy.study import SHOWN, Study
from sweeps.record.ledger import read_record

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
TOKENS = 24
SMALL = (
    "run_cap=2",
    "early_terminate=null",
    "evaluation.validation_prompts=10",
    "evaluation.test_prompts=10",
    "evaluation.crisis_prompts=0",
    "finalists={top: 1, seeds: 1}",
    "tracking={mode: disabled}",
)
READER = """
import importlib.util, json, sys
from pathlib import Path

for name in ("empathy", "sweeps", "launch", "ray", "trl", "gguf", "optuna", "datasets"):
    assert importlib.util.find_spec(name) is None, f"{name} is here, too"
asked = json.loads(Path(sys.argv[1]).read_text())
text = Path(sys.argv[2], "README.md").read_text("utf-8")
scope = {"base": asked["base"]}
exec(text.split("```python")[1].split("```")[0], scope)
model, tokenizer = scope["model"].eval(), scope["tokenizer"]
said = []
for chat in asked["chats"]:
    words = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
    ids = tokenizer(words, add_special_tokens=False, return_tensors="pt")
    reply = model.generate(**ids, do_sample=False, max_new_tokens=asked["tokens"])
    start = ids["input_ids"].shape[1]
    said.append([ids["input_ids"][0].tolist(), reply[0, start:].tolist()])
print(json.dumps(said))
"""


@dataclass
class Engine:
    """What the engine that trained the winner says, greedily."""

    base: Path
    chats: list[Any]
    said: list[Any]
    """Tokens of each prompt and of its reply."""


@pytest.fixture(scope="module")
def taken(session_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Engine]:
    """The results folder of a tiny sweep with --merge, and its own engine's replies."""
    out, engines = tmp_path_factory.mktemp("sweep"), []
    export = Study.export

    def listened(study: Study, saved: Path, folder: Path) -> None:
        export(study, saved, folder)
        engines.append(_engine(study, saved))

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("EMPATHY_CACHE", str(session_cache))
        patch.setattr(Study, "export", listened)
        command = [*arguments(*SMALL), "--address", "inprocess", "--merge", "--out", str(out)]
        assert launch.main(command) == 0
    return out, engines[0]


def _engine(study: Study, saved: Path) -> Engine:
    prompts = study.asked[SHOWN]
    requests = [Request(study.speaker.prompt(prompt)[0], 0) for prompt in prompts]
    greedy = study.speaker.decoding._replace(temperature=0.0, max_new_tokens=TOKENS)
    lane = study.resume(saved)
    with study.engine.using([lane]):
        (replies,) = generate(study.base.model, requests, 1, greedy)
    study.engine.leave(lane)
    said = [[list(r.prompt), list(g.tokens)] for r, g in zip(requests, replies, strict=True)]
    family = study.base.family
    chats = [family.messages(prompt.turns) for prompt in prompts]
    return Engine(study.base.weights.folder, chats, said)


@pytest.fixture(scope="module")
def fresh_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment that knows transformers, peft, torch and their needs."""
    home = tmp_path_factory.mktemp("fresh")
    links = home / "links"
    links.mkdir()
    for name in needed(["transformers", "peft", "torch"]):
        for path in top_level(name):
            link = links / path.name
            if not link.exists():
                link.symlink_to(path)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / "venv"], check=True)
    (packages,) = (home / "venv" / "lib").glob("python*/site-packages")
    (packages / "links.pth").write_text(f"{links}\n")
    return home / "venv" / "bin" / "python"


def needed(names: Sequence[str]) -> list[str]:
    """These packages and all that they declare to need, extras apart."""
    found: dict[str, None] = {}
    open_ones = [canonicalize_name(name) for name in names]
    while open_ones:
        name = open_ones.pop()
        if name in found:
            continue
        try:
            wanted = distribution(name).requires or []
        except PackageNotFoundError:  # of another platform
            continue
        found[name] = None
        each = [Requirement(text) for text in wanted]
        open_ones += [canonicalize_name(r.name) for r in each
                      if r.marker is None or r.marker.evaluate({"extra": ""})]  # fmt: skip
    return list(found)


def top_level(name: str) -> list[Path]:
    """The files and folders of a package right under site-packages."""
    package = distribution(name)
    first = {file.parts[0] for file in package.files or () if file.parts[0] not in ("..", "/")}
    return [Path(str(package.locate_file(part))) for part in sorted(first - {"__pycache__"})]


def read_elsewhere(python: Path, folder: Path, card: str, engine: Engine) -> list[Any]:
    """What the model of a card says in the fresh environment, run beside the folder it names."""
    asked = folder / "asked.json"
    base = engine.base
    asked.write_text(json.dumps({"base": str(base), "chats": engine.chats, "tokens": TOKENS}))
    environment = {"PATH": os.environ["PATH"], "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [python, "-I", "-c", READER, asked.name, card],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    said: list[Any] = json.loads(run.stdout.splitlines()[-1])
    return said


@pytest.mark.parametrize("card", ["winner", "merged"])
def test_a_fresh_environment_gives_the_engine_s_tokens(
    taken: tuple[Path, Engine], fresh_python: Path, card: str
) -> None:
    out, engine = taken
    assert len(engine.said) == 6
    assert any(reply for _, reply in engine.said)
    assert read_elsewhere(fresh_python, out, card, engine) == engine.said


def test_what_a_sweep_writes_beside_its_winner(taken: tuple[Path, Engine]) -> None:
    out, _ = taken
    record = read_record(out)
    assert record.summary is not None
    best = record.summary["best"]
    card = (out / "winner" / "README.md").read_text("utf-8")
    assert f"Trial {best['trial']}" in card
    assert re.search(r"^\| empathy \| .*\d", card, re.MULTILINE)
    assert "How the winner answers people in crisis was not examined" in card
    manifest = json.loads((out / "winner" / "manifest.json").read_text("utf-8"))
    assert manifest == record.manifest
    assert manifest["ended"] is not None
    assert (out / "winner" / "NOTICE").read_text("utf-8").startswith("demo: weights trained from")
    assert "The adapter is merged into these weights" in (out / "merged" / "README.md").read_text()
    rules = json.loads((out / "merged" / "generation_config.json").read_text("utf-8"))
    assert (rules["do_sample"], rules["temperature"], rules["top_k"]) == (True, 0.7, 0)
    assert rules["max_new_tokens"] == 8
