"""The README is true: its map is the tree, its links lead somewhere, its tables name what there is.

That its commands run is held by test_readme_commands.py.

.venv/bin/python -m pytest tests/test_readme.py
"""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import promises
import pytest

import launch
from empathy.metrics import METRICS
from sweeps.sweepfile import spec

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
MAPPED = {".py", ".yaml", ".j2", ".jsonl", ".safetensors", ".md"}


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    """The text under a heading."""
    found = re.search(rf"^## {re.escape(title)}.*?$(.*?)(?=^## |\Z)", README, re.M | re.S)
    assert found, f"no section {title}"
    return found[1]


def mapped() -> list[tuple[str, str]]:
    """(path, duty) of each file and folder in the map; folders end in a slash."""
    found, folders = [], [""]
    for line in filter(str.strip, blocks("text")[0].splitlines()):
        depth = (len(line) - len(line.lstrip())) // 2
        names, _, said = line.strip().partition("  ")
        duties = [duty.strip() for duty in re.split(r"(?<=[;?]) ", said.strip())]
        assert len(names.split()) == len(duties), f"as many duties as files, please: {line}"
        for name, duty in zip(names.split(), duties, strict=True):
            found.append((folders[depth] + name, duty.rstrip(";")))
            if name.endswith("/"):
                folders[depth + 1 :] = [folders[depth] + name]
    return found


def test_the_two_commands_stand_by_line_15_and_are_make_s() -> None:
    top = "\n".join(README.splitlines()[:15])
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test"):
        assert f"\nmake {target} " in top
    for target in set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"no target {target}"


def test_sections_stand_in_their_order() -> None:
    titles = re.findall(r"^## (.*)$", README, re.MULTILINE)
    assert titles == [
        *("The flow", "The files", "A real sweep", "Where do I add ..."),
        "How each number is made, and what it cannot show",
        *("Privacy and licences", "Non-goals"),
    ]
    assert len(README.splitlines()) <= 540


def test_every_option_and_every_sweep_is_shown_and_every_sweep_shown_exists() -> None:
    for action in launch.parser()._actions:
        flag = action.option_strings[-1]
        assert flag in README or flag in {"--help", "--debug"}, f"{flag} is not in the README"
    assert set(re.findall(r"\b((?:dpo|sft)_[a-z]+)\b", README)) <= {*spec.names(), "win_rate_sft"}
    assert all(re.search(rf"\b{name}\b", README) for name in spec.names())


def test_the_map_names_what_there_is_and_only_that() -> None:
    paths = [path for path, _ in mapped()]
    assert len(paths) == len(set(paths))
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert not missing, f"in the map but not there: {missing}"
    packages = [ROOT / "empathy", ROOT / "sweeps"]
    there = {
        str(path.relative_to(ROOT))
        for package in packages
        for path in package.glob("*.*")
        if path.suffix in MAPPED and path.name != "__init__.py"
    } | {
        f"{path.parent.relative_to(ROOT)}/"
        for package in packages
        for path in package.rglob("__init__.py")
    }
    assert not there - set(paths), f"there but not in the map: {sorted(there - set(paths))}"


def test_the_map_says_what_each_is_for_in_few_words() -> None:
    for path, duty in mapped():
        assert 1 <= len(duty.split()) <= 8, f"{path}: {duty!r}"


def links() -> list[tuple[str, str]]:
    """(document, target) of every link and picture that is no address."""
    found = [
        (document, target)
        for document in DOCUMENTS
        for target in re.findall(r"\]\(([^)\s]+)\)", (ROOT / document).read_text("utf-8"))
    ]
    return [(document, target) for document, target in found if "://" not in target]


@pytest.mark.parametrize(("document", "target"), links())
def test_local_links_lead_somewhere(document: str, target: str) -> None:
    path, _, anchor = target.partition("#")
    there = ROOT / (path or document)
    assert there.exists()
    if anchor:
        titles = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
        assert anchor in slugs


def test_paths_in_running_text_exist() -> None:
    for path in re.findall(r"`((?:empathy|sweeps|tests)/[\w./]+)`", README):
        assert (ROOT / path).exists(), path


def test_every_metric_is_described_once_and_none_that_is_not_there() -> None:
    rows = [line for line in section("How each number").splitlines() if line.startswith("| `")]
    described = [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert sorted(described) == sorted(METRICS)
    assert all(len(row.split("|")) == 5 and row.split("|")[3].strip() for row in rows)


def test_the_table_tells_lower_is_better_as_the_catalogue_does() -> None:
    for row in section("How each number").splitlines():
        names = re.findall(r"`([^`]+)`", row.split("|")[1]) if row.startswith("| `") else []
        for metric in (METRICS[name] for name in names if not METRICS[name].curve):
            assert ("lower is better" in row) == (metric.goal == "minimize"), metric.name
            assert ("neither more nor less" in row) == (metric.goal is None), metric.name


def test_names_that_the_python_example_imports_are_there() -> None:
    (example,) = blocks("python")
    for node in ast.walk(ast.parse(example)):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("empathy"):
            module = importlib.import_module(str(node.module))
            assert all(hasattr(module, alias.name) for alias in node.names)


def test_no_figure_is_left_to_be_filled_in() -> None:
    assert not re.findall(r"<<[^>]*>>", README)


def test_the_counts_of_faults_and_inputs_are_those_of_the_promises() -> None:
    for kind, row in (("fault", "faults survived"), ("input", "bad inputs refused")):
        found = [each for each in promises.read() if each.kind == kind]
        held = sum(bool(each.tests) for each in found)
        assert f"| {row}" in README
        assert re.search(rf"\| {row}[^|]*\| {held} of {len(found)} \|", README), (held, len(found))


def test_promises_of_privacy_and_security_stand_with_their_tests() -> None:
    assert promises.in_readme(promises.read()) in README
