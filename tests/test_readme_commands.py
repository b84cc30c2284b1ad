"""Every command of README and CONTRIBUTING is run: here, or by the test that its row names.

python -m pytest tests/test_readme_commands.py

A shell reads each line as it stands. `launch.py` and `python -m empathy` then get exactly the words
that it gave them, behind which a budget asks for a tiny random model in this process. A line that
is new or changed has no row in `readme_rows.py`, and fails.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib
import io
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from http_server import Behaviour, serving
from readme_rows import ROWS, Here, Parsed, There, invented_annomi
from shell_lines import ROOT, Call, everywhere, furnished, made, typed

import launch
from empathy.__main__ import main as empathy_main
from empathy.fetch import command as fetch
from empathy.fetch.downloads import Origin, RemoteFile
from sweeps.sweepfile import spec

pytestmark = pytest.mark.timeout(900)
PUBLIC = ("annomi", "mi", "epitome")
RUN_HERE = {line: row for line, row in ROWS.items() if isinstance(row, Here)}
RUN_THERE = {line: row for line, row in ROWS.items() if isinstance(row, There)}
PARSED = {line: row for line, row in ROWS.items() if isinstance(row, Parsed)}


def test_every_command_of_the_documents_has_a_row_and_every_row_a_command() -> None:
    assert [line for line in everywhere() if line not in ROWS] == []
    assert [line for line in ROWS if line not in everywhere()] == []


def test_what_is_run_nowhere_says_why() -> None:
    assert all(len(row.reason.split()) > 5 for row in PARSED.values())
    assert len(PARSED) <= 6  # nothing more is exempt without a change here


# -- run here ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Origin]]:
    """A mirror of an invented file for each public data set; EMPATHY_MIRROR says where."""
    files, table = {}, {}
    for name in PUBLIC:
        text = f"{name}, invented".encode()
        row = RemoteFile("raw/a.txt", "a.txt", len(text), hashlib.sha256(text).hexdigest())
        table[name] = Origin(f"owner/{name}", "0" * 40, (row,))
        files[table[name].address(row, "")] = text
    with serving(Behaviour(files)) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMPATHY_MIRROR", address)
        for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            patch.delenv(variable, raising=False)
        patch.setattr(fetch, "origins", lambda: table)
        yield table


@pytest.fixture(scope="module")
def root(
    tmp_path_factory: pytest.TempPathFactory, session_cache: Path, servers: object
) -> Iterator[Path]:
    """A folder for those in which commands are typed, with AnnoMI's data set, invented."""
    folder = tmp_path_factory.mktemp("readme")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries about themselves
        patch.setenv("EMPATHY_CACHE", str(session_cache))
        patch.setenv("EMPATHY_DATA", str(folder / "data"))
        invented_annomi(folder / "data")
        yield folder


@pytest.fixture(scope="module")
def demo(root: Path) -> Path:
    """What `make demo` has left."""
    check(root / "demo", "make demo")
    return root / "demo" / "results" / "demo"


def check(folder: Path, line: str) -> None:
    """Type the line in a new folder, run what it calls, look at what came of it."""
    row = RUN_HERE[line]
    folder.mkdir(exist_ok=True)
    furnished(folder)
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as said:
        patch.chdir(folder)
        row.before(folder)
        patch.setattr(sys, "stdin", io.StringIO(row.stdin))
        for call in typed(line, folder, HOME=str(folder)):
            assert called(folder, call, row.more) == 0, said.getvalue()
    assert row.says in said.getvalue()
    row.after(folder)


def called(folder: Path, call: Call, more: tuple[str, ...]) -> int:
    """The exit code of what a line calls, these words behind its own."""
    match call:
        case ["make", target]:
            (inner,) = made(target, folder)
            return called(folder, inner, more)
        case ["python", "launch.py", *words]:
            check_own(words)
            return launch.main([*words, *more])
        case ["python", "-m", "empathy", *words]:
            with pytest.MonkeyPatch.context() as patch:
                if "fetch" in words:
                    patch.setenv("EMPATHY_DATA", str(folder / "fetched"))
                return empathy_main([*words, *more])
        case ["python", "-m", "pytest"]:  # as far as one may, from within a test
            one = [sys.executable, *call[1:], "--collect-only", "-q", "tests/test_options.py"]
            return subprocess.run(one, cwd=ROOT, capture_output=True, check=False).returncode
        case ["python", script, *_] if script.endswith(".py"):
            return 0  # the stand-in has run it
        case ["ray", "get-auth-token", *_]:
            return 0  # likewise
    raise AssertionError(f"nobody here runs {call}")


def check_own(words: list[str]) -> None:
    """The words are good without the budget behind them, which may replace some."""
    options = launch.parser().parse_args(words)
    assert options.sweep is None or spec.load(options.sweep, options.set)


@pytest.mark.parametrize("line", [line for line in RUN_HERE if line != "make demo"])
def test_a_command_does_what_the_documents_say(
    root: Path, line: str, request: pytest.FixtureRequest
) -> None:
    folder = root / f"{list(RUN_HERE).index(line):02d}"
    if name := RUN_HERE[line].demo:
        shutil.copytree(request.getfixturevalue("demo"), folder / "results" / name)
    check(folder, line)


def test_make_demo_does(demo: Path) -> None:
    assert (demo / "report.html").is_file()


def test_the_shell_gives_each_program_its_words(tmp_path: Path) -> None:
    line = "for a in 1 '2 3'; do python launch.py --set \"b=$a\" 'c=[d]'; done; ray up x > y"
    assert typed(line, tmp_path) == [
        ["python", "launch.py", "--set", "b=1", "c=[d]"],
        ["python", "launch.py", "--set", "b=2 3", "c=[d]"],
        ["ray", "up", "x"],
    ]


# -- run elsewhere -------------------------------------------------------------------------------


@pytest.mark.parametrize("line", RUN_THERE)
def test_the_other_test_is_there_and_runs_the_very_line(line: str) -> None:
    path, _, name = RUN_THERE[line].test.partition("::")
    module = ast.parse((ROOT / path).read_text("utf-8"))
    functions = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
    assert name in functions
    assert line in importlib.import_module(Path(path).stem).LINES[name]


# -- parsed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", PARSED)
def test_what_cannot_be_run_is_taken_by_the_parsers(tmp_path: Path, line: str) -> None:
    from ray.scripts import scripts

    (tmp_path / "cluster.yaml").touch()
    (call,) = typed(line.replace("/shared/", "/elsewhere/"), tmp_path)
    program, *words = call
    assert program == "ray"
    command: Any = scripts.cli
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    context = command.make_context(command.name, words)
    entrypoint = list(context.params.get("entrypoint", ()))
    if entrypoint:
        assert entrypoint[:2] == ["python", "launch.py"]
        if "--resume" in entrypoint:  # of results that are not here
            launch.parser().parse_args(entrypoint[2:])
        else:
            check_own(entrypoint[2:])
