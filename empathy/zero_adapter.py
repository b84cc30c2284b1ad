"""A PEFT adapter that DeepSpeed ZeRO has split among processes, as one row of a lane.

DeepSpeed reads and writes whole tensors through `deepspeed.utils`, wherever their parts are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from deepspeed.utils import (
    safe_get_full_fp32_param,
    safe_get_full_optimizer_state,
    safe_set_full_fp32_param,
    safe_set_full_optimizer_state,
    safe_set_local_fp32_param,
    safe_set_local_optimizer_state,
)
from torch import Tensor, nn
from torch.nn.functional import pad

from empathy.lanes import checkpoint
from empathy.lanes.adapters import LaneLinear, Layout
from empathy.lanes.engine import LaneState
from empathy.settings import TrialSettings

MOMENTS = ("exp_avg", "exp_avg_sq")  # torch's names of the lane engine's two moments
INNER = "base_model.model."  # what PEFT puts before a layer's name


class Adapter:
    """The trained matrices of a PEFT model, wherever ZeRO keeps them, as a lane's row."""

    def __init__(self, model: Any, settings: TrialSettings) -> None:
        self.settings = settings
        layers = {
            name.removeprefix(INNER): module
            for name, module in model.named_modules()
            if hasattr(module, "lora_A")
        }
        self.layout = Layout(
            {name: LaneLinear(layer.base_layer) for name, layer in layers.items()},
            settings.lora_rank,
        )
        self.parameters: dict[str, tuple[nn.Parameter, nn.Parameter]] = {
            name: (layer.lora_A["default"].weight, layer.lora_B["default"].weight)
            for name, layer in layers.items()
        }

    def start(self, saved: Path) -> LaneState:
        """What was saved, or a new adapter."""
        if saved.exists():
            return checkpoint.load(saved, self.layout)[0]
        row = self.layout.initial_row(self.settings.lora_rank, self.settings.seed)
        return LaneState(row, torch.zeros_like(row), torch.zeros_like(row), 0)

    def fill(self, state: LaneState) -> None:
        """Set the parameters before DeepSpeed takes them."""
        for parameter, value in self._pieces(state.weights):
            parameter.data.copy_(value)

    def resume(self, state: LaneState, zero: Any) -> None:
        """Give DeepSpeed's optimizer the full-precision weights, moments and step of `state`."""
        # stage 3 hands AdamW one flat tensor after another: its groups are empty till then
        flats = getattr(zero, "fp32_partitioned_groups_flat", None) or [
            flat for group in zero.optimizer.param_groups for flat in group["params"]
        ]
        for flat in flats:  # as torch's AdamW would start them at its first step
            own = zero.optimizer.state[flat]
            own["step"] = torch.tensor(float(state.step))
            own.update({name: torch.zeros_like(flat) for name in MOMENTS})
        if hasattr(zero, "_lazy_init_hp_params_optimizer_state"):  # stages 1 and 2; else at step 1
            zero._lazy_init_hp_params_optimizer_state()
        for parameter, value in self._pieces(state.weights):
            _put(parameter, value, None)
        for name, row in zip(MOMENTS, (state.first, state.second), strict=True):
            for parameter, value in self._pieces(row):
                _put(parameter, value, name)

    def state(self, step: int) -> LaneState:
        """All that was learnt, gathered from all processes, each of which must call this."""
        rows = [torch.zeros(self.layout.size) for _ in range(3)]
        for parameter, value in self._pieces(rows[0]):
            value.copy_(safe_get_full_fp32_param(parameter))
        for name, row in zip(MOMENTS, rows[1:], strict=True):
            for parameter, value in self._pieces(row):
                value.copy_(safe_get_full_optimizer_state(parameter, name))
        return LaneState(rows[0], rows[1], rows[2], step)

    def _pieces(self, row: Tensor) -> list[tuple[nn.Parameter, Tensor]]:
        """Every parameter beside its part of a row, a view in the parameter's own shape."""
        return [
            pair
            for name, lora in self.layout.lora(row, self.settings.lora_rank).items()
            for pair in zip(self.parameters[name], (lora.down.T, lora.up.T), strict=True)
        ]


def _put(parameter: nn.Parameter, value: Tensor, moment: str | None) -> None:
    """Set a parameter's full-precision weight, or one of its moments, whoever holds which part.

    DeepSpeed's own setter for stage 3 fails where the processes do not divide the tensor evenly.
    """
    if not hasattr(parameter, "ds_tensor"):  # stages 1 and 2
        value = value.to(parameter.device)
        if moment is None:
            safe_set_full_fp32_param(parameter, value)
        else:
            safe_set_full_optimizer_state(parameter, value, moment)
        return
    world, rank = torch.distributed.get_world_size(), torch.distributed.get_rank()
    size = parameter.ds_tensor.numel()
    part = pad(value.flatten(), (0, size * world - value.numel()))[rank * size : (rank + 1) * size]
    if moment is None:
        safe_set_local_fp32_param(parameter, part)
    else:
        safe_set_local_optimizer_state(parameter, part, moment)
