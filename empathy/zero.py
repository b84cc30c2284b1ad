"""One trial over many devices: TRL's `DPOTrainer` and PEFT's LoRA under DeepSpeed ZeRO.

For base models that no single device holds (ZeRO, Rajbhandari et al. 2020). Every process of the
trial calls `train` with the same arguments, in a process group of its own. Pairs, their order, the
reference, first weights, schedule and clipping are the lane engine's, and so are the losses; so is
the checkpoint, which knows nothing of processes: a trial goes on over any number of them, and a
lane goes on from it as from its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import deepspeed
import torch
from datasets import Dataset
from peft import LoraConfig
from torch.optim.lr_scheduler import LambdaLR
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback
from trl import DPOConfig, DPOTrainer

from empathy.errors import UserError
from empathy.lanes import checkpoint
from empathy.lanes.engine import LaneState, StepReport, Task
from empathy.lanes.optimizer import schedule
from empathy.settings import TrialSettings, ZeroSettings
from empathy.zero_adapter import Adapter

CURVES = ("rewards/", "logps/")  # of what TRL logs: those that lanes tell


def join_group(device: torch.device) -> None:
    """Enter the process group that the launcher's environment (RANK, WORLD_SIZE, ...) describes."""
    backend = "nccl" if device.type == "cuda" else "gloo"
    deepspeed.init_distributed(dist_backend=backend, auto_mpi_discovery=False)


def train(
    load: Callable[[], PreTrainedModel],
    tokenizer: PreTrainedTokenizerBase,
    targets: Sequence[str],
    task: Task,
    settings: TrialSettings,
    zero: ZeroSettings,
    saved: Path,
    save_at: Collection[int],
    told: Callable[[StepReport], None],
    kept: Callable[[StepReport], Mapping[str, Any]] = lambda report: {},
) -> None:
    """Train one trial from `saved`, if that exists, or from the start to `task.max_steps`.

    `load` gives the frozen reference model; under stage 3 transformers splits the weights while
    it reads them, so it must read them inside this call. `saved` is written (by one process, in a
    folder that all see) after every step in `save_at` and before that step is `told`, which every
    process is. `kept` hears of every finite step before it may be saved, and what it returns stands
    in the checkpoint, for `checkpoint.told`. A step that is not finite ends the training, does not
    count, and is never saved.
    Raises UserError if `task.batch_size` cannot be divided among the processes.
    """
    arguments = _arguments(task, settings, zero, saved.parent)
    trainer = _Trainer(
        model=load(),
        args=arguments,
        train_dataset=_pairs(task, settings, 0),
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=settings.lora_rank,
            lora_alpha=settings.lora_scale * settings.lora_rank,  # type: ignore[arg-type]  # any number will do
            target_modules=list(targets),
            lora_dropout=0.0,
            task_type="CAUSAL_LM",
        ),
    )
    adapter = Adapter(trainer.model, settings)
    state = adapter.start(saved)
    if state.step >= task.max_steps:
        return
    adapter.fill(state)
    trainer.begin(task, settings, state.step)
    trainer.add_callback(_Steps(trainer, adapter, state, saved, save_at, told, kept))
    trainer.train()


def _arguments(task: Task, settings: TrialSettings, zero: ZeroSettings, folder: Path) -> DPOConfig:
    """TRL's settings for these of ours."""
    world = torch.distributed.get_world_size()
    if task.batch_size % world:
        raise UserError(
            f"a batch of {task.batch_size} pairs cannot be divided among {world} workers; "
            "choose a batch_size that is a multiple of the workers"
        )
    cuda = torch.cuda.is_available()
    return DPOConfig(
        output_dir=str(folder),
        per_device_train_batch_size=task.batch_size // world,
        gradient_accumulation_steps=task.gradient_accumulation,
        max_steps=task.max_steps,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        beta=settings.beta,
        loss_type=[task.loss],
        label_smoothing=settings.label_smoothing,
        max_length=None,  # the examples are cut already
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to=[],
        use_cpu=not cuda,
        bf16=cuda,
        save_strategy="no",
        optim="adamw_torch",
        disable_tqdm=True,
        dataloader_pin_memory=cuda,
        deepspeed=_deepspeed(zero),
    )


def _deepspeed(zero: ZeroSettings) -> dict[str, Any]:
    """DeepSpeed's settings; what is `auto` is filled in from TRL's."""
    optimization: dict[str, Any] = {"stage": zero.stage, "overlap_comm": False}
    if zero.offload:
        optimization["offload_optimizer"] = {"device": "cpu"}
        if zero.stage == 3:
            optimization["offload_param"] = {"device": "cpu"}
    return {
        "train_batch_size": "auto",
        "train_micro_batch_size_per_gpu": "auto",
        "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto",
        "bf16": {"enabled": "auto"},
        "zero_optimization": optimization,
        "zero_force_ds_cpu_optimizer": False,  # the same AdamW wherever its numbers stand
    }


def _pairs(task: Task, settings: TrialSettings, step: int) -> Dataset:
    """The pairs of all passes after `step` finished steps, in the seed's order, as TRL reads them.

    The processes take turns, so that together they read one batch of the lane engine's per pass.
    """
    passes = range(step * task.gradient_accumulation, task.max_steps * task.gradient_accumulation)
    order = [i for number in passes for i in task.batch(settings.seed, number)]
    examples = [task.examples[i] for i in order]
    return Dataset.from_dict(
        {
            "prompt_ids": [list(each.prompt) for each in examples],
            "chosen_ids": [list(each.replies[0]) for each in examples],
            "rejected_ids": [list(each.replies[1]) for each in examples],
            "ref_chosen_logps": task.reference[order, 0].tolist(),
            "ref_rejected_logps": task.reference[order, 1].tolist(),
        }
    )


class _Trainer(DPOTrainer):
    """TRL, given tokens, an order, a reference and a schedule instead of making its own."""

    def _prepare_dataset(self, dataset: Dataset, *args: object, **kwargs: object) -> Dataset:
        return dataset  # tokenised already

    def begin(self, task: Task, settings: TrialSettings, step: int) -> None:
        """Go on after `step` finished steps."""
        self.task, self.settings, self.step = task, settings, step
        self.train_dataset = _pairs(task, settings, step)
        self.args.max_steps = task.max_steps - step
        self.precompute_ref_logps = True  # to read the columns; as an argument it recomputes them

    def _get_train_sampler(self, *args: object, **kwargs: object) -> torch.utils.data.Sampler[int]:
        assert isinstance(self.train_dataset, Dataset)
        return torch.utils.data.SequentialSampler(self.train_dataset)

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> LambdaLR:
        """The lane engine's rates, from the step where this run begins."""

        def share(number: int) -> float:
            rate = schedule(self.settings, self.step + number, self.task.max_steps)
            return rate / self.settings.learning_rate

        chosen = optimizer or self.optimizer
        assert chosen is not None
        self.lr_scheduler = LambdaLR(chosen, share)
        return self.lr_scheduler


class _Steps(TrainerCallback):
    """Restores the optimizer at the start, then saves and tells each step."""

    def __init__(
        self,
        trainer: _Trainer,
        adapter: Adapter,
        state: LaneState,
        saved: Path,
        save_at: Collection[int],
        told: Callable[[StepReport], None],
        kept: Callable[[StepReport], Mapping[str, Any]],
    ) -> None:
        self._trainer, self._adapter, self._state = trainer, adapter, state
        self._saved, self._save_at, self._told, self._kept = saved, save_at, told, kept

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The optimizer exists by now."""
        engine: Any = self._trainer.deepspeed
        self._adapter.resume(self._state, engine.optimizer)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kw: Any) -> None:
        """A step is over."""
        if "loss" not in logs:
            return  # the summary of the whole run
        settings, task = self._trainer.settings, self._trainer.task
        step = self._state.step + state.global_step
        norm = float(logs["grad_norm"])
        diverged = not (math.isfinite(logs["loss"]) and math.isfinite(norm))
        report = StepReport(
            step=step - diverged,
            loss=logs["loss"],
            grad_norm=norm,
            learning_rate=schedule(settings, step - 1, task.max_steps),
            curves={name: value for name, value in logs.items() if name.startswith(CURVES)},
            diverged=diverged,
        )
        if diverged:
            control.should_training_stop = True
        else:
            self._keep(report, first=state.is_world_process_zero)
        self._told(report)

    def _keep(self, report: StepReport, *, first: bool) -> None:
        """Save the step, if it is one of those; the first process writes for all."""
        beside = self._kept(report)
        if report.step not in self._save_at:
            return
        whole = self._adapter.state(report.step)
        if first:
            layout, settings = self._adapter.layout, self._trainer.settings
            checkpoint.save(self._saved, layout, whole, settings, beside)
        torch.distributed.barrier()
