"""Device and precision, chosen for the hardware."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Literal

import torch

__all__ = ["Precision", "autocast", "full_precision", "has_native_bf16", "pick_device", "pick_precision"]

Precision = Literal["auto", "float32", "bf16"]
NATIVE_BF16 = frozenset({"avx512_bf16", "amx_bf16"})
CPU_INFO = Path("/proc/cpuinfo")


def pick_device() -> torch.device:
    """The current CUDA device where there is one, else the CPU."""
    return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")


def pick_precision(requested: Precision, device: torch.device) -> Precision:
    """``requested``, with ``auto`` resolved to ``bf16`` where ``device`` computes in it natively, else ``float32``."""
    if requested != "auto":
        return requested
    native = torch.cuda.is_bf16_supported(including_emulation=False) if device.type == "cuda" else has_native_bf16()
    return "bf16" if native else "float32"


def has_native_bf16(cpu_info: Path = CPU_INFO) -> bool:
    """Whether the CPU multiplies bfloat16 in hardware (avx512_bf16 or AMX), read from Linux's list of flags.

    torch runs bf16 on any CPU, by emulation that is 10 to 40 times slower than float32, and its own check also says yes
    to that. Where there is no such list the answer is no: float32 is never wrong.
    """
    if not cpu_info.exists():
        return False
    lines = cpu_info.read_text().splitlines()
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
    return not NATIVE_BF16.isdisjoint(flags)


def autocast(requested: Precision, device: torch.device) -> Callable[[], AbstractContextManager[object]]:
    """Makes the context in which a forward pass runs on ``device``; for float32 it does nothing."""
    if pick_precision(requested, device) == "bf16":
        return lambda: torch.autocast(device.type, torch.bfloat16)
    return nullcontext


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """A context in which products on ``device`` are as precise as their factors, whatever the pass around it does.

    For what costs next to nothing and reads small differences: a similarity of 8 bits, over a temperature of 0.07, is
    wrong by 3 % of a vote.
    """
    return torch.autocast(device.type, enabled=False)
