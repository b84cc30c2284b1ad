"""Data that nothing can be learnt from: the command line says so in one sentence.

python -m pytest tests/test_bad_data.py
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import pytest
from invented_ufjf import write_ufjf
from tiny_sweep import arguments

import launch
from empathy.policy import Speaker
from empathy.records import Prompt

HEADER = b"conversation_id,patient_id,substance,turn,speaker,text\n"
FILES = {
    "empty": (b"", " is empty; "),
    "header alone": (HEADER, " has a header but no rows; "),
    "one-sided": (
        HEADER + b"c,p,tabaco,1,cliente,Oi.\nc,p,tabaco,2,paciente,Sim.\n",
        "line 2: only one person speaks in this conversation; ",
    ),
    "overlong": (
        HEADER + b"c,p,tabaco,1,cliente," + b"a " * 4001 + b"\n",
        "line 2: text has 4,001 words, and no turn may have over 4,000; ",
    ),
    "not UTF-8": (HEADER + "c,p,álcool,1,cliente,Oi\n".encode("latin-1"), "line 2: not UTF-8; "),
}


@pytest.mark.parametrize(("content", "sentence"), FILES.values(), ids=FILES)
def test_bad_data_is_one_sentence_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, sentence: str
) -> None:
    write_ufjf(tmp_path, "pt", "csv")
    (tmp_path / "ufjf" / "sessions-pt.csv").write_bytes(content)
    private = (
        "data.corpora=[ufjf]",
        f"data.folder={tmp_path}",
        "data.schemes={generated: 1}",
        "metric={name: pair_accuracy, goal: maximize}",
    )
    out = tmp_path / "out"
    given = [*arguments(*private), "--address", "inprocess", "--out", str(out)]
    assert launch.main(given) == 2
    said = capsys.readouterr().err
    # A private file's name may be a patient's: it is told by its place among the others.
    assert said.startswith(f"launch.py: file 1 of 1 in {tmp_path / 'ufjf'} (by name)")
    assert "sessions-pt" not in said
    assert sentence in said
    assert said.count("\n") == 1
    assert not out.exists()


@pytest.mark.timeout(120)
def test_pairs_that_all_say_the_same_stop_the_sweep_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def same(
        self: Speaker, prompts: Sequence[Prompt], count: int, key: str, *_: object
    ) -> list[list[str]]:
        return [["I hear how hard this is."] * count for _ in prompts]

    monkeypatch.setattr(Speaker, "sample", same)
    untracked = arguments("tracking.mode=disabled")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries about themselves
        given = [*untracked, "--address", "inprocess", "--out", str(tmp_path / "out")]
        assert launch.main(given) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("launch.py: data.schemes names 'ranked', which gave no train pair (")
    assert "(16 skipped: candidates tie)" in said
