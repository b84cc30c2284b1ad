"""A process of a ZeRO trial on the tiny model; `torchrun` starts several of them."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import torch
from test_equality_trl import tokenizer
from tiny_models import TARGETS, examples
from transformers import AutoModelForCausalLM, PreTrainedModel

from empathy import zero
from empathy.lanes.engine import StepReport, Task
from empathy.settings import TrialSettings, ZeroSettings


def main(folder: Path) -> None:
    """Do what `job.json` in the folder says; the first process appends its reports there."""
    job: dict[str, Any] = json.loads((folder / "job.json").read_text())
    zero.join_group(torch.device("cpu"))
    rank = torch.distributed.get_rank()
    task = Task(
        [example.truncated(job["max_length"]) for example in examples(24)],
        torch.tensor(job["reference"]),
        job["loss"],
        job["steps"],
        job["batch"],
        job["accumulation"],
    )

    def load() -> PreTrainedModel:
        model = AutoModelForCausalLM.from_pretrained(folder / "model", dtype=torch.float32)
        assert isinstance(model, PreTrainedModel)
        model.eval().requires_grad_(False)
        return model

    def told(report: StepReport) -> None:
        if rank == 0:
            with (folder / "reports.jsonl").open("a") as file:
                file.write(json.dumps(report._asdict()) + "\n")
        if report.step == job["kill_at"] and rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if report.step == job["leave_at"]:
            torch.distributed.barrier()
            os._exit(0)

    zero.train(
        load,
        tokenizer(),
        TARGETS,
        task,
        TrialSettings.model_validate(job["settings"]),
        ZeroSettings.model_validate(job["zero"]),
        folder / "trial.safetensors",
        range(0, job["steps"] + 1, job["save_every"]),
        told,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
