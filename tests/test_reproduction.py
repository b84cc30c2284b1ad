"""What must be the same to get the same numbers.

python -m pytest tests/test_reproduction.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from invented_sweep import write

from sweeps.record.ledger import read_record
from sweeps.report.reproduction import command, identity


def manifest(folder: Path, **facts: Any) -> dict[str, Any]:
    write(folder)
    return {**read_record(folder).manifest, **facts}


def test_code_data_and_base_model_are_named_by_hash(tmp_path: Path) -> None:
    weights = {"source": "package x 1", "sha256": "cd34", "dtype": "torch.float32", "device": "cpu"}
    told = dict(identity(manifest(tmp_path, commit="abc", weights=weights)))
    assert told["code"] == "commit abc"
    assert told["data"] == "sample; SHA-256 ab12"
    assert told["base model"] == "package x 1; SHA-256 cd34"
    assert told["precision"] == "float32 on cpu"
    assert told["ended"].startswith("20")


def test_what_cannot_be_had_again_is_told(tmp_path: Path) -> None:
    told = dict(identity(manifest(tmp_path, commit="abc + changes", data=None, ended=None)))
    assert told["code"].startswith("commit abc, with changes that no commit holds")
    assert told["data"] == "not on record"
    assert told["ended"] == "not yet"
    assert dict(identity(manifest(tmp_path, commit=None)))["code"].startswith("no commit")


def test_the_command_is_one_that_a_shell_takes(tmp_path: Path) -> None:
    assert command(manifest(tmp_path)) == (
        "python launch.py --sweep invented --set 'data.corpora=[sample]'"
    )
