"""python -m pytest tests/test_reward_folder.py"""

from __future__ import annotations

from pathlib import Path

import pytest

from empathy.errors import UserError
from empathy.verdicts.reward_folder import fetched, local


def test_a_whole_folder_is_taken_and_a_hub_id_is_none(tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (tmp_path / name).write_text("{}")
    assert local(str(tmp_path)) == fetched(str(tmp_path)) == tmp_path
    assert local("org/reward") is None
    assert local("org/reward@v1") is None


def test_a_folder_that_lacks_files_names_them(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match=r"lacks tokenizer\.json, model\.safetensors; save"):
        local(str(tmp_path))


@pytest.mark.parametrize("given", ["reward", "/nowhere/reward", "./a/b", "~/none", "a/b/c"])
def test_what_is_neither_folder_nor_hub_id(given: str) -> None:
    with pytest.raises(UserError, match=r"there is no folder .*; give one, or a hub id"):
        local(given)
