"""The rules that keep the structure: which way imports point, what stands where, what is short.

.venv/bin/python -m pytest tests/test_layout.py
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(
    path
    for pattern in ("empathy/**/*.py", "sweeps/**/*.py", "tests/**/*.py", "launch.py")
    for path in ROOT.glob(pattern)
)
TOP_LEVEL = {
    *("sweeps", "empathy", "tests", "launch.py", "cluster.yaml", "pyproject.toml", "README.md"),
    *("Makefile", "constraints.txt", "LICENSE", "NOTICE", "CHANGELOG.md", "CONTRIBUTING.md"),
}
GENERATED = {"results", "build", "dist", "wandb", "empathy_sweeps.egg-info"}  # git ignores them
TORCH_FREE = (
    *("empathy.records", "empathy.settings", "empathy.corpora", "empathy.splits", "empathy.pairs"),
    *("empathy.prompts", "empathy.schemes", "empathy.schemes.mixing", "empathy.selection"),
    *("empathy.uncertainty", "empathy.metrics", "sweeps.sweepfile.spec"),
)


def imported(source: str, module: str) -> set[str]:
    """Names that a module's source imports, at its top or inside a function.

    `from a import b` gives both `a` and `a.b`, since `b` may be a module; relative imports are
    resolved against `module`, whose last part is `__init__` for a package.
    """
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return names


def imports_of(path: Path) -> set[str]:
    """Names that a file of this repository imports."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return imported(path.read_text(encoding="utf-8"), module)


def test_the_reader_of_imports_sees_every_form() -> None:
    source = "import ray.tune as t\ndef f():\n    from .. import sweeps\n    from .b import c\n"
    assert imported(source, "empathy.metrics.a") == {
        *("ray.tune", "empathy", "empathy.sweeps", "empathy.metrics.b", "empathy.metrics.b.c"),
    }


def test_empathy_knows_nothing_of_who_drives_it() -> None:
    drivers = {"ray", "sweeps", "launch"}
    for path in (ROOT / "empathy").rglob("*.py"):
        wrong = {name for name in imports_of(path) if name.split(".")[0] in drivers}
        assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


SWEEPS = (
    *("sweepfile", "record", "storage", "pool", "verdict", "search", "zero", "watching"),
    *("planning", "report", "comparison", "dashboard"),
)
"""The folders of `sweeps`, each of which imports from those before it alone."""


def test_the_folders_of_sweeps_import_one_way() -> None:
    assert {path.parent.name for path in (ROOT / "sweeps").glob("*/__init__.py")} == set(SWEEPS)
    for place, package in enumerate(SWEEPS):
        for path in (ROOT / "sweeps" / package).glob("*.py"):
            used = {name.split(".")[1] for name in imports_of(path) if name.startswith("sweeps.")}
            wrong = used - set(SWEEPS[: place + 1])
            assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


def test_every_file_says_in_its_first_line_what_it_is_for() -> None:
    packages = [*(ROOT / "empathy").rglob("*.py"), *(ROOT / "sweeps").rglob("*.py")]
    for path in [ROOT / "launch.py", *packages]:
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        assert len(said.partition("\n")[0].split()) >= 3, path.relative_to(ROOT)


@pytest.mark.parametrize("package", ["corpora", "metrics"])
def test_no_corpus_imports_a_corpus_and_no_metric_a_metric(package: str) -> None:
    files = list((ROOT / "empathy" / package).glob("*.py"))
    siblings = {f"empathy.{package}.{path.stem}" for path in files}
    for path in files:
        wrong = imports_of(path) & siblings
        assert path.name == "__init__.py" or not wrong, f"{path.name} imports {sorted(wrong)}"


@pytest.mark.parametrize("module", TORCH_FREE)
def test_plans_and_data_need_no_torch(module: str) -> None:
    probe = [sys.executable, "-c", f"import sys, {module}; print('torch' in sys.modules)"]
    run = subprocess.run(probe, cwd=ROOT, check=False, capture_output=True, text=True)
    assert run.stdout == "False\n", run.stderr or f"{module} brings torch with it"


def test_the_top_level_holds_what_it_should_and_nothing_else() -> None:
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert visible <= TOP_LEVEL | GENERATED, f"not expected: {visible - TOP_LEVEL - GENERATED}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_short_and_names_say_something(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 400
    assert path.stem not in {"utils", "helpers", "common", "manager", "misc"}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} is over 60 lines"
