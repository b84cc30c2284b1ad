"""TRL's `DPOTrainer` as a contender, as it comes, with all that it computes and logs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from contenders import BETA, RANK, RATE, Job, Timing, TrlForm
from flops import now
from shapes import Loaded

from empathy.lanes.rows import Example
from empathy.settings import TrialSettings


def train(job: Job, base: Loaded, gate: Callable[[], None]) -> Timing:
    """Warm up, wait at the gate, train the timed pairs in the order of lane number `place`."""
    import torch
    from transformers import TrainerCallback

    from empathy.lanes.engine import Task

    assert job.contender.trl is not None
    task = Task(job.pairs, torch.zeros(0), "sigmoid", job.steps, job.batch)
    order = [i for step in range(job.steps) for i in task.batch(job.place, step)]
    warm = len(job.warm) // job.batch
    starts: list[float] = []
    ends: list[float] = []

    class Clock(TrainerCallback):
        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == warm:
                gate()
                starts.append(now())

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step > warm:
                ends.append(now())

    settings = TrialSettings(beta=BETA, learning_rate=RATE, lora_rank=RANK, seed=job.place)
    data = [*job.warm, *(job.pairs[i] for i in order)]
    warming = now()
    with tempfile.TemporaryDirectory() as folder:
        options = {
            "output_dir": folder,
            "max_steps": warm + job.steps,
            "per_device_train_batch_size": job.batch,
        }
        made = trainer(base, Material(data), settings, job.contender.trl, options)
        made.add_callback(Clock())
        made.train()
    return Timing(warming, starts[0], ends)


class Material(NamedTuple):
    """Tokenised pairs to train and, where a trial is measured, others; whether the order stays."""

    train: Sequence[Example]
    held_out: Sequence[Example] | None = None
    ordered: bool = True


def trainer(
    base: Loaded,
    material: Material,
    settings: TrialSettings,
    form: TrlForm,
    options: dict[str, Any],
) -> Any:
    """A `DPOTrainer` of these pairs under these settings; `options` are TRL's own, on top."""
    import torch
    from peft import LoraConfig
    from trl import DPOConfig, DPOTrainer

    class Tokenised(DPOTrainer):
        """Takes token ids as they are: the lanes are not asked to tokenise either."""

        def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
            return dataset

        def _get_train_sampler(self, *args: Any, **kwargs: Any) -> Any:
            if material.ordered:
                return torch.utils.data.SequentialSampler(material.train)
            return super()._get_train_sampler(*args, **kwargs)

    cuda = torch.cuda.is_available()
    if form.attention != "sdpa":
        base.model.set_attn_implementation(form.attention)
    chosen: dict[str, Any] = {} if form.checkpointing is None else {
        "activation_checkpointing": form.checkpointing
    }  # fmt: skip
    return Tokenised(
        model=base.model,
        args=DPOConfig(
            learning_rate=settings.learning_rate,
            beta=settings.beta,
            lr_scheduler_type=settings.schedule,
            max_grad_norm=settings.max_grad_norm,
            seed=settings.seed,
            max_length=None,
            use_cpu=not cuda,
            bf16=cuda,
            precompute_ref_log_probs=form.precompute,
            dataloader_num_workers=form.workers,
            dataloader_pin_memory=cuda,
            report_to=[],
            save_strategy="no",
            optim="adamw_torch",
            **chosen,
            **options,
        ),
        train_dataset=rows(material.train),
        eval_dataset=None if material.held_out is None else rows(material.held_out),
        processing_class=tokenizer(),
        peft_config=LoraConfig(
            r=settings.lora_rank,
            lora_alpha=int(settings.lora_scale * settings.lora_rank),
            target_modules=list(base.targets),
            task_type="CAUSAL_LM",
        ),
    )


def rows(data: Sequence[Example]) -> Any:
    """Pairs in the columns that TRL itself makes of texts."""
    from datasets import Dataset

    return Dataset.from_dict(
        {
            "prompt_ids": [list(pair.prompt) for pair in data],
            "chosen_ids": [list(pair.replies[0]) for pair in data],
            "rejected_ids": [list(pair.replies[1]) for pair in data],
        }
    )


def tokenizer() -> Any:
    """Something with a token to pad with, which is all that TRL still wants of one."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"<pad>": 0, "<end>": 1}, "<pad>"))
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<end>")
