"""Each long stage of a study tells how far it is, and comes to its end.

python -m pytest tests/test_stages.py
"""

from __future__ import annotations

import pytest

from empathy.settings import (
    DataSettings,
    EvaluationSettings,
    StudySettings,
    TrainingSettings,
    WarmStartSettings,
)

SETTINGS = StudySettings(
    family="tiny",
    model="tiny-llama",
    device="cpu",
    lanes=1,
    max_rank=4,
    data=DataSettings(max_prompts=4, held_out_pairs=2, candidates=2, context_turns=1),
    warm_start=WarmStartSettings(steps=2, batch_size=2, lora_rank=4),
    training=TrainingSettings(
        max_steps=2, batch_size=2, lora_rank=4, max_prompt_tokens=160, max_length=224
    ),
    evaluation=EvaluationSettings(
        report_every=2, validation_prompts=3, test_prompts=3, max_new_tokens=4, crisis_prompts=0
    ),
)
COUNTED = ("base replies", "sft replies", "warm start", "sampling replies for train pairs",
           "tokenising ranked pairs of train", "tokenising ranked pairs of validation",
           "reference log-probabilities, validation", "reference log-probabilities",
           "scoring base and SFT")  # fmt: skip


@pytest.mark.timeout(300)
def test_every_stage_of_the_preparation_is_counted() -> None:
    from empathy.study import Study

    heard: dict[str, list[tuple[int, int | None]]] = {}

    def progress(stage: str, done: int, total: int | None) -> None:
        name = "warm start" if stage.startswith("warm start") else stage
        heard.setdefault(name, []).append((done, total))

    Study(SETTINGS, progress)
    assert {*COUNTED, "reading dialogues", "making train pairs", "counting the data"} <= set(heard)
    for name in COUNTED:
        counts = [done for done, _ in heard[name]]
        assert counts == sorted(counts), name
        assert {total is not None for _, total in heard[name]} == {True}, name
    # of 3 validation, 3 test and 6 invented prompts
    for who in ("base replies", "sft replies"):
        assert heard[who] == [(0, 12), (3, 12), (6, 12), (12, 12)]
