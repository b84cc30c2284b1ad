"""Every row of promises.toml names tests that exist, or says that it has none.

python -m pytest tests/test_promises.py
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from conftest import COLLECTED
from promises import Promise, read, table

ROOT = Path(__file__).parent.parent
PROMISES = read()


def test_every_row_has_tests_or_says_what_is_missing() -> None:
    assert len({each.row for each in PROMISES}) == len(PROMISES)
    for each in PROMISES:
        assert bool(each.tests) != bool(each.missing), each.row
        assert len(set(each.tests)) == len(each.tests), each.row


@pytest.mark.parametrize("promise", PROMISES, ids=lambda each: each.row)
def test_the_tests_of_a_row_exist(promise: Promise, request: pytest.FixtureRequest) -> None:
    """By pytest's own collection where their file was collected, else by name."""
    collected = request.config.stash[COLLECTED]
    whole = not any("::" in given for given in request.config.args)
    files = {node.partition("::")[0] for node in collected} if whole else set()
    for test in promise.tests:
        file, _, name = test.partition("::")
        if file in files:
            assert any(node == test or node.startswith(f"{test}[") for node in collected), test
        else:
            assert name.partition("[")[0] in functions(ROOT / file), test


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_table_counts_what_is_shown_and_hides_no_gap() -> None:
    rows = [
        Promise("fault", "a", "b", ("tests/test_x.py::test_y", "tests/test_x.py::test_z")),
        Promise("fault", "c", "d", (), "no machine"),
        Promise("input", "e", "f", ("tests/test_z.py::test_y",)),
    ]
    assert table(rows, "fault").splitlines() == [
        "1 of 2 faults survived, each by its test:",
        "",
        "| Fault | What follows | Shown by |",
        "|---|---|---|",
        "| a | b | `test_x.py` |",
        "| c | d | **no test yet**: no machine |",
    ]
