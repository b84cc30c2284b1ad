"""Replies a second of many adapters: lanes in one batch, against one PEFT adapter after another."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import torch
from transformers import PreTrainedModel

from empathy.lanes.adapters import Layout, adapt
from empathy.lanes.generate import Decoding, Request, generate

RANK, ROUNDS = 16, 3
Prompts = Sequence[tuple[int, ...]]


@torch.no_grad()
def measure(
    model: PreTrainedModel,
    targets: Sequence[str],
    lanes: int,
    looped: int,
    prompts: Prompts,
    new_tokens: int,
) -> dict[str, Any]:
    """Tokens per second of both, in turns, and the ratio of each turn.

    Greedy replies of `new_tokens` tokens; every adapter is asked every prompt. The loop reads an
    adapter's prompts as one left-padded batch, as `generate` is meant to be used. It takes only
    `looped` of the adapters: one more takes it as long as any other.
    """
    loop = _loop(copy.deepcopy(model), targets, looped, prompts, new_tokens)
    fused = _fused(model, targets, lanes, prompts, new_tokens)
    tokens = len(prompts) * new_tokens
    contenders = {"lanes": (fused, lanes * tokens), "loop over adapters": (loop, looped * tokens)}
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for contender, _ in contenders.values():  # what is only done once
        contender()
    for _ in range(ROUNDS):
        for name, (contender, drawn) in contenders.items():
            rates[name].append(drawn / _seconds(contender))
    ratios = [ours / theirs for ours, theirs in zip(*rates.values(), strict=True)]
    return {
        **{f"{name}, tokens per second": _spread(found) for name, found in rates.items()},
        "ratio_vs_trl_generation": {
            "ratio": median(ratios), "lowest": min(ratios), "highest": max(ratios),
        },
    }  # fmt: skip


def _spread(values: Sequence[float]) -> dict[str, Any]:
    return {"median": median(values), "min": min(values), "max": max(values), "runs": list(values)}


def _fused(
    model: PreTrainedModel, targets: Sequence[str], lanes: int, prompts: Prompts, new_tokens: int
) -> Callable[[], object]:
    layout = adapt(model, targets, RANK)
    rows = torch.stack([_adapter(layout, seed) for seed in range(lanes)]).to(model.device)
    asked = [Request(prompt, seed) for seed, prompt in enumerate(prompts)]
    decoding = Decoding(0.0, new_tokens, frozenset({-1}), 0)  # -1: nothing ends a reply

    def run() -> object:
        with layout.using(rows, torch.full((lanes,), 2.0, device=model.device)):
            return generate(model, asked, lanes, decoding)

    return run


def _adapter(layout: Layout, seed: int) -> torch.Tensor:
    return layout.initial_row(RANK, seed)


def _loop(
    model: PreTrainedModel, targets: Sequence[str], lanes: int, prompts: Prompts, new_tokens: int
) -> Callable[[], object]:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=RANK, lora_alpha=2 * RANK, target_modules=list(targets), task_type="CAUSAL_LM"
    )
    tuned = get_peft_model(model, config, adapter_name="0")
    for lane in range(1, lanes):
        tuned.add_adapter(str(lane), config)
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(p)) + list(p) for p in prompts], device=model.device)
    seen = torch.tensor(
        [[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=model.device
    )

    def run() -> object:
        for lane in range(lanes):
            tuned.set_adapter(str(lane))
            tuned.generate(
                input_ids=ids,
                attention_mask=seen,
                do_sample=False,
                min_new_tokens=new_tokens,
                max_new_tokens=new_tokens,
                pad_token_id=0,
            )
        return None

    return run


def _seconds(work: Callable[[], object]) -> float:
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    if cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start
