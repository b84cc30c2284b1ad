"""Where a study runs, and in which numbers."""

from __future__ import annotations

import ctypes
import logging
from typing import NamedTuple

import torch
from torch import Tensor

from empathy.errors import UserError

log = logging.getLogger(__name__)

EXACT = 1e-5  # relative error of a float32 product of 1,024 terms; a bfloat16 one errs by 1e-3


class Device(NamedTuple):
    """A device and the dtype of the base model on it; adapters are float32 everywhere."""

    device: torch.device
    dtype: torch.dtype


def choose(name: str) -> Device:
    """`auto` takes the GPU where there is one. Raises UserError for a GPU that is not there."""
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "resources.device is 'cuda', but torch sees no GPU here; take 'auto' or 'cpu'"
        )
    if name == "cpu" or not torch.cuda.is_available():
        use_faster_float32()
        return Device(torch.device("cpu"), torch.float32)
    return Device(torch.device("cuda"), torch.bfloat16)


def moved(tensor: Tensor, device: torch.device) -> Tensor:
    """A CPU tensor on a device, without waiting: from pinned memory, a GPU fetches it by itself."""
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def out_of_memory(error: BaseException) -> bool:
    """Whether it says that a device, or the CPU, has too little memory for a tensor."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def use_faster_float32() -> bool:
    """Let oneDNN multiply float32 matrices on this CPU if it does so exactly; says if it may.

    On CPUs other than Intel's, oneDNN's float32 kernels are twice as fast as torch's default, but
    torch takes them only where lower precision is allowed, and some CPUs then really use bfloat16.
    So it is allowed, checked against float64, and taken back if a single product is less exact.
    """
    torch.set_float32_matmul_precision("medium")
    random = torch.Generator().manual_seed(0)
    a, b = (torch.randn(256, 1024, generator=random) for _ in range(2))
    exact = a.double() @ b.double().T
    if ((a @ b.T) - exact).abs().max() > EXACT * exact.abs().max():
        torch.set_float32_matmul_precision("highest")
        return False
    log.debug("float32 products are left to oneDNN")
    return True


def release_freed_memory() -> None:
    """Give the heap's free pages back to the system, where the C library is glibc.

    Tensors of ever new sizes leave holes in the heap: without this, batches of changing lengths
    doubled a process's memory within minutes.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
