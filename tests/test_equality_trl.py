"""The engine's contract: lanes follow real TRL `DPOTrainer` runs, step by step."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from datasets import Dataset
from peft import LoraConfig
from tiny_models import TARGETS_OF, VOCABULARY, examples, tiny
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer

from empathy.lanes.adapters import LoraPair, adapt
from empathy.lanes.engine import LaneEngine, Task, measure
from empathy.lanes.heads import TRANSFORMS
from empathy.lanes.rows import Example
from empathy.settings import TrialSettings

STEPS, BATCH, ACCUMULATION, MAX_LENGTH = 8, 4, 2, 48
TOLD = examples(24)  # what TRL is given; some pairs are longer than MAX_LENGTH
# Different beta, rank, alpha, learning rate and data order. In some orders of the data a number's
# gradient is as small as float32's rounding, and Adam makes a full step of its sign: there float32
# itself is further from float64 than the tolerance. These orders have no such number.
NEIGHBOURS = [
    TrialSettings(beta=0.1, lora_rank=8, learning_rate=5e-3, max_grad_norm=0.3, seed=2),
    TrialSettings(
        beta=0.3, lora_rank=4, lora_alpha=16, learning_rate=3e-3, max_grad_norm=0.3, seed=4
    ),
]
# The losses of means see gaps of tenths of a nat, so their betas are larger.
LOSS_VARIANTS: dict[str, dict[str, Any]] = {
    "sigmoid_norm": {"beta": 2.0},
    "hinge": {"beta": 0.1},
    "ipo": {"beta": 0.5},
    "robust": {"label_smoothing": 0.2},
}
VARIANTS: dict[str, dict[str, Any]] = {
    "linear decay after warmup": {"schedule": "linear", "warmup_steps": 3},
    "cosine decay after warmup": {"schedule": "cosine", "warmup_steps": 2},
    "weight decay": {"weight_decay": 0.1},
}


class Run(NamedTuple):
    losses: list[float]
    norms: list[float]
    adapter: dict[str, LoraPair]


class Lanes(NamedTuple):
    runs: list[Run]
    task: Task
    starts: list[dict[str, LoraPair]]


def base(family: str, dtype: torch.dtype | None = None) -> PreTrainedModel:
    """The tiny model; with a dtype, one whose numbers bfloat16 can hold."""
    model = tiny(family)
    if dtype is not None:
        for parameter in model.parameters():
            parameter.data = parameter.data.bfloat16().to(dtype)
    return model


def train_lanes(
    family: str,
    settings: list[TrialSettings],
    accumulation: int = 1,
    loss: str = "sigmoid",
    dtype: torch.dtype | None = None,
) -> Lanes:
    """All settings side by side in one engine, on what fits MAX_LENGTH of each pair."""
    model = base(family, dtype)
    data = [example.truncated(MAX_LENGTH) for example in TOLD]
    reference = measure(model, [data])[0]
    layout = adapt(model, TARGETS_OF[family], max(s.lora_rank for s in settings))
    task = Task(data, reference, loss, STEPS, BATCH, accumulation)
    engine = LaneEngine(model, layout, task, len(settings))
    slots = [engine.join(s) for s in settings]

    def adapters() -> list[dict[str, LoraPair]]:
        rows = engine.weights.clone()
        return [layout.lora(rows[i], s.lora_rank) for i, s in zip(slots, settings, strict=True)]

    starts = adapters()
    steps = list(zip(*(engine.step(slots) for _ in range(STEPS)), strict=True))
    runs = [
        Run([r.loss for r in lane], [r.grad_norm for r in lane], adapter)
        for lane, adapter in zip(steps, adapters(), strict=True)
    ]
    return Lanes(runs, task, starts)


def for_trl(model: PreTrainedModel) -> PreTrainedModel:
    """The model such that TRL computes its logits.

    TRL 1.16 multiplies the backbone's output by the vocabulary matrix, whatever a head has between
    the two (`trl.trainer.utils.add_fused_lm_head`): BERT's transform must stand in the backbone.
    """
    transform = TRANSFORMS.get(model.config.model_type)
    if transform is not None:
        head = model.get_submodule(transform)

        def transformed(_: nn.Module, __: object, output: Any) -> Any:
            output.last_hidden_state = head(output.last_hidden_state)
            return output

        model.base_model.register_forward_hook(transformed)
    return model


class Ordered(DPOTrainer):
    """TRL, reading its data in the order given."""

    def _get_train_sampler(self, *args: object, **kwargs: object) -> torch.utils.data.Sampler[int]:
        assert isinstance(self.train_dataset, Dataset)
        return torch.utils.data.SequentialSampler(self.train_dataset)


def arguments(
    settings: TrialSettings, task: Task, folder: Path, dtype: torch.dtype | None
) -> DPOConfig:
    """TRL's own names for what a lane is told."""
    return DPOConfig(
        output_dir=str(folder),
        per_device_train_batch_size=BATCH,
        gradient_accumulation_steps=task.gradient_accumulation,
        max_steps=STEPS,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=settings.warmup_steps,
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        beta=settings.beta,
        loss_type=[task.loss],
        label_smoothing=settings.label_smoothing,
        max_length=MAX_LENGTH,
        logging_steps=1,
        report_to=[],
        use_cpu=True,
        bf16=dtype == torch.bfloat16,
        save_strategy="no",
        activation_checkpointing=False,
        optim="adamw_torch",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )


def train_trl(
    family: str,
    settings: TrialSettings,
    task: Task,
    start: dict[str, LoraPair],
    folder: Path,
    dtype: torch.dtype | None = None,
) -> Run:
    """One real run over the lane's own data order, from the lane's own first weights."""
    passes = STEPS * task.gradient_accumulation
    order = [i for n in range(passes) for i in task.batch(settings.seed, n)]
    trainer = Ordered(
        model=for_trl(base(family, dtype)),
        args=arguments(settings, task, folder, dtype),
        train_dataset=texts([TOLD[i] for i in order]),
        processing_class=tokenizer(),
        peft_config=LoraConfig(
            r=settings.lora_rank,
            lora_alpha=int(settings.lora_scale * settings.lora_rank),
            target_modules=list(TARGETS_OF[family]),
            lora_dropout=0.0,
            task_type="CAUSAL_LM",
        ),
    )
    trained = trainer.model
    assert trained is not None
    layers: dict[str, Any] = {
        name.removeprefix("base_model.model."): module
        for name, module in trained.named_modules()
        if hasattr(module, "lora_A")
    }
    for name, pair in start.items():
        layers[name].lora_A["default"].weight.data.copy_(pair.down.T)
    trainer.train()
    history = [row for row in trainer.state.log_history if "loss" in row]
    adapter = {
        name: LoraPair(layer.lora_A["default"].weight.T, layer.lora_B["default"].weight.T)
        for name, layer in layers.items()
    }
    return Run([row["loss"] for row in history], [row["grad_norm"] for row in history], adapter)


def tokenizer() -> PreTrainedTokenizerFast:
    words = Tokenizer(models.WordLevel({f"t{i:04d}": i for i in range(VOCABULARY)}, "t0003"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="t0000", eos_token="t0001", bos_token="t0002"
    )


def texts(data: list[Example]) -> Dataset:
    def text(tokens: tuple[int, ...], lead: str = "") -> str:
        return lead + " ".join(f"t{i:04d}" for i in tokens)

    return Dataset.from_dict(  # TRL itself appends EOS to the replies
        {
            "prompt": [text(e.prompt) for e in data],
            "chosen": [text(e.replies[0][:-1], " ") for e in data],
            "rejected": [text(e.replies[1][:-1], " ") for e in data],
        }
    )


def assert_equal(ours: Run, theirs: Run) -> None:
    assert len(ours.losses) == len(theirs.losses) == STEPS
    torch.testing.assert_close(ours.losses, theirs.losses, atol=1e-5, rtol=0)
    torch.testing.assert_close(ours.norms, theirs.norms, atol=1e-4, rtol=1e-4)
    assert ours.adapter.keys() == theirs.adapter.keys()
    for name, pair in ours.adapter.items():
        torch.testing.assert_close(pair.down, theirs.adapter[name].down, atol=1e-4, rtol=0)
        torch.testing.assert_close(pair.up, theirs.adapter[name].up, atol=1e-4, rtol=0)


@pytest.mark.parametrize("family", ["llama", "gemma", "bert"])
def test_two_different_lanes_follow_two_separate_trl_runs(family: str, tmp_path: Path) -> None:
    lanes = train_lanes(family, NEIGHBOURS)
    assert any(e.length > MAX_LENGTH for e in TOLD)  # truncation is at work
    assert lanes.runs[0].losses[0] == pytest.approx(0.693147, abs=1e-5)  # log 2: zero adapter
    assert lanes.runs[0].losses[-1] < 0.65  # and they do learn
    for lane, settings in enumerate(NEIGHBOURS):
        assert max(lanes.runs[lane].norms) > settings.max_grad_norm  # clipping is at work
        theirs = train_trl(family, settings, lanes.task, lanes.starts[lane], tmp_path)
        assert_equal(lanes.runs[lane], theirs)


@pytest.mark.parametrize("variant", VARIANTS)
def test_schedules_and_decay_are_trl_s(variant: str, tmp_path: Path) -> None:
    settings = NEIGHBOURS[0].model_copy(update=VARIANTS[variant])
    lanes = train_lanes("llama", [settings])
    assert_equal(lanes.runs[0], train_trl("llama", settings, lanes.task, lanes.starts[0], tmp_path))


def test_gradient_accumulation_is_trl_s(tmp_path: Path) -> None:
    lanes = train_lanes("llama", NEIGHBOURS[:1], ACCUMULATION)
    assert_equal(
        lanes.runs[0], train_trl("llama", NEIGHBOURS[0], lanes.task, lanes.starts[0], tmp_path)
    )


@pytest.mark.parametrize("loss", LOSS_VARIANTS)
def test_every_other_loss_is_trl_s_for_two_lanes(loss: str, tmp_path: Path) -> None:
    first = NEIGHBOURS[0].model_copy(update=LOSS_VARIANTS[loss])
    second = NEIGHBOURS[1].model_copy(update={"label_smoothing": first.label_smoothing / 2})
    lanes = train_lanes("llama", [first, second], loss=loss)
    for lane, settings in enumerate([first, second]):
        theirs = train_trl("llama", settings, lanes.task, lanes.starts[lane], tmp_path)
        assert_equal(lanes.runs[lane], theirs)


def distance(found: Run, golden: Run) -> float:
    """Root mean square over the steps of the loss' distance to the golden run's."""
    apart = torch.tensor(found.losses) - torch.tensor(golden.losses)
    return float(apart.square().mean().sqrt())


def adapters_apart(found: Run, golden: Run) -> float:
    """Euclidean distance of all numbers of both adapters."""
    pairs = [(found.adapter[name], golden.adapter[name]) for name in golden.adapter]
    parts = [f - g for ours, theirs in pairs for f, g in zip(ours, theirs, strict=True)]
    return float(torch.cat([part.detach().flatten() for part in parts]).norm())


def log_ratios(family: str, settings: list[TrialSettings], folder: Path) -> list[tuple[float, ...]]:
    """Of each setting, log of ours / TRL's: how far bfloat16 takes losses, and adapters.

    Base weights that bfloat16 holds exactly, and float32 adapters everywhere.
    """
    golden = train_lanes(family, settings, dtype=torch.float32)
    ours = train_lanes(family, settings, dtype=torch.bfloat16)
    found = []
    for lane, each in enumerate(settings):
        theirs = train_trl(family, each, ours.task, golden.starts[lane], folder, torch.bfloat16)
        ratios = [
            apart(ours.runs[lane], golden.runs[lane]) / apart(theirs, golden.runs[lane])
            for apart in (distance, adapters_apart)
        ]
        found.append(tuple(math.log(ratio) for ratio in ratios))
    return found


@pytest.mark.parametrize("family", ["llama", "gemma"])
def test_bfloat16_is_about_as_far_from_float32_as_trl_s_own(family: str, tmp_path: Path) -> None:
    """Two runs; single ones scatter by half around equality, see the slow test for more."""
    found = log_ratios(family, NEIGHBOURS, tmp_path)
    losses, adapters = (sum(each) / len(each) for each in zip(*found, strict=True))
    assert losses < math.log(2)
    assert adapters < math.log(1.2)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["llama", "gemma"])
def test_bfloat16_is_no_further_from_float32_than_trl_s_own(family: str, tmp_path: Path) -> None:
    """Geometric means of the ratios over ten data orders of two lanes, with 95 % intervals.

    Measured, ours over TRL's: losses 0.83 [0.67, 1.03] with the Gemma, 1.03 [0.81, 1.31] with the
    Llama; adapters 0.99 [0.96, 1.03] and 1.03 [0.92, 1.16].
    """
    orders = [
        [each.model_copy(update={"seed": seed + lane}) for lane, each in enumerate(NEIGHBOURS)]
        for seed in range(100, 120, 2)
    ]
    found = [ratios for order in orders for ratios in log_ratios(family, order, tmp_path)]
    for ratios in zip(*found, strict=True):
        told = torch.tensor(ratios)
        assert told.mean() <= 2 * told.std() / len(told) ** 0.5
