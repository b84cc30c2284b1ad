"""CONTRIBUTING's steps to add a sweep, a corpus, a family and a metric, each taken in a copy.

python -m pytest tests/test_adding.py; add -m slow for the project's own tests in such a copy

What a step says in backquotes is what is written: files, names, and the line that is added.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from shell_lines import ROOT, commands

pytestmark = pytest.mark.timeout(600)
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COPIED = (
    *("empathy", "sweeps", "tests", "launch.py", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *("Makefile", "pyproject.toml", "constraints.txt", "cluster.yaml", "LICENSE", "NOTICE"),
)
KINDS = ("sweep", "corpus", "family", "metric")
LINES = {
    f"test_a_{kind}_is_added": [line]
    for kind, line in zip(KINDS, commands("CONTRIBUTING.md"), strict=True)
}
"""What each test types, word for word."""
CACHES = shutil.ignore_patterns("__pycache__")

DIARY = '''"""Forty invented evenings, for a test."""

from __future__ import annotations

from pathlib import Path

from empathy.records import Dialogue, Turn


def load(folder: Path | None) -> list[Dialogue]:
    """All of them."""
    return [
        Dialogue(f"diary-{n}", f"evening {n}", "diary", (
            Turn("client", f"I wrote {n} pages and still I feel low."),
            Turn("counsellor", f"What do the {n} pages tell about your day?"),
        ))
        for n in range(40)
    ]
'''
SHOUTING = '''"""How loud a reply is."""

from __future__ import annotations

from collections.abc import Sequence


def exclamations(texts: Sequence[str]) -> tuple[float | None, ...]:
    """Exclamation marks in each text; None for a blank one."""
    return tuple(float(text.count("!")) if text.strip() else None for text in texts)
'''
METRIC = '    Metric("exclamations", None, "per reply", "Marks of exclamation."),\n'
ROW = "| `exclamations` | marks of exclamation; neither more nor less is better | warmth |\n"


class Addition(NamedTuple):
    """A step: the file to write; where a line is added, in which literal, and the line."""

    writes: str
    file: str
    name: str
    line: str


def step(kind: str) -> str:
    """The words of CONTRIBUTING for this kind of thing."""
    found = re.search(rf"^- \*\*a {kind}:\*\* (.*?)(?=^- |^$)", TEXT, re.M | re.S)
    assert found, f"CONTRIBUTING no longer says how to add a {kind}"
    return " ".join(found[1].split())


def addition(kind: str) -> Addition:
    """The step's own words, taken apart."""
    words = step(kind)
    writes = re.search(r"write `([\w/]+\.py)`", words)
    where = re.search(r"in `([\w/]+\.py)` import .*?add to `(\w+)`.*? `(\".+?,)`", words)
    assert writes
    assert where, words
    return Addition(writes[1], where[1], where[2], where[3])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository, to be changed."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def put(path: Path, before: str, text: str) -> None:
    """Put the text right after the only place where `before` stands."""
    content = path.read_text(encoding="utf-8")
    assert content.count(before) == 1, f"{before!r} stands {content.count(before)} times in {path}"
    path.write_text(content.replace(before, before + text), encoding="utf-8")


def add_line(copy: Path, what: Addition, imported: str) -> None:
    """Import the new thing, and add the step's line at the end of the literal that it names."""
    path = copy / what.file
    literal = rf"^( *){what.name}\b[^=\n]*= \{{\n.*?(?=^\1\}})"
    (found,) = re.finditer(literal, path.read_text("utf-8"), re.M | re.S)
    put(path, found[0], f"{found[1]}    {what.line}\n")
    put(path, "from __future__ import annotations\n", f"\n{imported}\n")


def run(copy: Path, line: str, *, code: int = 0) -> str:
    """What the line prints, typed in the copy."""
    done = subprocess.run(
        ["bash", "-euc", f"python() {{ '{sys.executable}' \"$@\"; }}; {line}"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "EMPATHY_DATA": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def add_sweep(copy: Path) -> None:
    source, target = re.findall(r"`(sweeps/\w+\.yaml)`", step("sweep"))
    text = (copy / source).read_text("utf-8")
    (left_out,) = re.findall(r"take `(\w+)` out", step("sweep"))
    changed = re.sub("^description: .*$", "description: after work", text, flags=re.M)
    changed, count = re.subn(rf"^  {left_out}: .*\n", "", changed, flags=re.M)
    assert count == 1
    (copy / target).write_text(changed, encoding="utf-8")
    name = target.removeprefix("sweeps/")
    put(copy / "README.md", "minutes on two CPU cores\n", f"  {name:<39}minutes after work\n")


def add_corpus(copy: Path) -> None:
    what = addition("corpus")
    (copy / what.writes).write_text(DIARY)
    add_line(copy, what, "from empathy.corpora import diary")


def add_family(copy: Path) -> None:
    what = addition("family")
    model = (copy / "empathy/families/llama.py").read_text("utf-8")
    for old, new in (("LLAMA = ", "NOVA = "), ('name="llama"', 'name="nova"')):
        assert old in model
        model = model.replace(old, new)
    (copy / what.writes).write_text(model)
    add_line(copy, what, "from empathy.families.nova import NOVA")


def add_metric(copy: Path) -> None:
    what = addition("metric")
    (copy / what.writes).write_text(SHOUTING)
    catalogue, tuple_ = re.findall(r"`(_REPLIES)` of `([\w/]+\.py)`", step("metric"))[0]
    put(copy / tuple_, f"{catalogue} = (\n", METRIC)
    add_line(copy, what, "from empathy.metrics.shouting import exclamations")
    tested, name = re.findall(r"in `(tests/[\w/]+\.py)` its value in `(\w+)`", step("metric"))[0]
    assert f"def {name}(" in (copy / tested).read_text("utf-8")
    put(
        copy / tested,
        '            "questions": 2 / 4,\n',
        '            "exclamations": (2 + 1) / 4,\n',
    )
    content = (copy / "README.md").read_text("utf-8")
    (copy / "README.md").write_text(content.replace("| `questions` |", f"{ROW}| `questions` |", 1))


def test_a_sweep_is_added(copy: Path) -> None:
    (line,) = LINES["test_a_sweep_is_added"]
    add_sweep(copy)
    assert run(copy, line).startswith("sweep       evening: after work\n")
    assert "evening         after work" in run(copy, "python launch.py --list")


def test_a_corpus_is_added(copy: Path) -> None:
    (line,) = LINES["test_a_corpus_is_added"]
    add_corpus(copy)
    assert "data        40 dialogues" in run(copy, line)


def test_a_family_is_added(copy: Path) -> None:
    (line,) = LINES["test_a_family_is_added"]
    add_family(copy)
    assert "missing     nothing" in run(copy, line)
    told = "python launch.py --sweep demo --set family=nwa --dry-run"
    assert not run(copy, told, code=2)


def test_a_metric_is_added(copy: Path) -> None:
    (line,) = LINES["test_a_metric_is_added"]
    add_metric(copy)
    (copy / "replies.csv").write_text("prompt,reply\nI failed.,Oh no!! Really!\n")
    (row,) = [each for each in run(copy, line).splitlines() if "exclamations" in each]
    assert "3.00" in row


TESTS = "python -m pytest -q -p no:cacheprovider -o addopts="


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_project_s_own_tests_hold_with_all_of_them(copy: Path) -> None:
    for add in (add_sweep, add_corpus, add_family, add_metric):
        add(copy)
    names = ("layout", "readme", "corpora", "families", "metrics", "evaluate", "spec")
    run(copy, f"{TESTS} {' '.join(f'tests/test_{name}.py' for name in names)}")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("add", [add_sweep, add_metric])
def test_a_forgotten_row_of_the_readme_is_told(copy: Path, add: Callable[[Path], None]) -> None:
    add(copy)
    shutil.copy(ROOT / "README.md", copy / "README.md")
    run(copy, f"{TESTS} tests/test_readme.py -k 'map or metric or sweep'", code=1)
