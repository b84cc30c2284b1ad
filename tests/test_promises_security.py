"""Every promise about privacy and security has a test that is there.

python -m pytest tests/test_promises_security.py
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PROMISES: list[dict[str, Any]] = tomllib.loads(
    (ROOT / "tests" / "promises_security.toml").read_text(encoding="utf-8")
)["promise"]
IDS = sorted({test for promise in PROMISES for test in promise["tests"]})


def test_promises_are_of_two_kinds_and_each_has_a_test() -> None:
    assert {promise["kind"] for promise in PROMISES} == {"privacy", "security"}
    assert all(promise.keys() == {"kind", "what", "tests"} for promise in PROMISES)
    assert all(promise["tests"] for promise in PROMISES)
    told = [promise["what"] for promise in PROMISES]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("test", IDS)
def test_the_tests_are_there(test: str) -> None:
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
