"""Device and precision, chosen for the hardware. Torch is loaded only where it alone knows."""

import ctypes
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from headstart.errors import ConfigError

if TYPE_CHECKING:
    import torch

__all__ = [
    "Precision",
    "autocast",
    "full_precision",
    "has_cuda",
    "has_native_bf16",
    "native_precision",
    "open_device",
    "pick_device",
    "pick_precision",
]

Precision = Literal["auto", "float32", "bf16"]
NATIVE_BF16 = frozenset({"avx512_bf16", "amx_bf16"})
CPU_INFO = Path("/proc/cpuinfo")


def pick_device() -> "torch.device":
    """The current CUDA device where there is one, else the CPU.

    >>> pick_device().type in ("cpu", "cuda")
    True
    """
    import torch

    return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")


def pick_precision(requested: Precision, device: "torch.device") -> Precision:
    """``requested``, with ``auto`` resolved to ``bf16`` where ``device`` computes in it natively, else ``float32``.

    >>> import torch
    >>> pick_precision("float32", torch.device("cpu"))
    'float32'
    """
    return native_precision(device.type) if requested == "auto" else requested


def native_precision(device: str) -> Precision:
    """``bf16`` where devices of this type (``cpu``, ``cuda``) compute in it natively here, else ``float32``.

    Of CUDA devices that this machine does not have the answer is ``bf16``, as of all that were made since 2020.

    >>> native_precision("cpu") in ("bf16", "float32")
    True
    """
    if device != "cuda":
        return "bf16" if has_native_bf16() else "float32"
    if not has_cuda():
        return "bf16"
    import torch

    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"


def has_cuda() -> bool:
    """Whether torch has a CUDA device here. It is not asked where its release or a missing driver already says no.

    >>> has_cuda() == (pick_device().type == "cuda")
    True
    """
    release = version("torch")
    if release.endswith("+cpu") or not ("rocm" in release or _has_driver()):
        return False
    import torch

    return torch.cuda.is_available()


def _has_driver() -> bool:
    """Whether NVIDIA's driver can be loaded, without which no CUDA device can be used."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def open_device(device: str, precision: Precision) -> "torch.device":
    """This process's device of a type, for work that was planned in ``precision``.

    Raises ``ConfigError`` if this machine has no such device, or none that computes so natively: it would give other
    numbers than were planned, or take very long.

    >>> open_device("cpu", "float32")
    device(type='cpu')
    """
    if device == "cuda" and not has_cuda():
        raise ConfigError(
            "this was planned for a CUDA device and there is none here: run it on a machine that has one, or plan it "
            "for this one with device=cpu"
        )
    if precision == "bf16" and native_precision(device) != "bf16":
        raise ConfigError(
            f"this was planned in bf16, and this machine's {'GPU' if device == 'cuda' else 'CPU'} has no such "
            "arithmetic: run it on one that has, or plan it with pretrain.precision and protocols.*.precision float32"
        )
    import torch

    return pick_device() if device == "cuda" else torch.device("cpu")


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


def autocast(requested: Precision, device: "torch.device") -> Callable[[], AbstractContextManager[object]]:
    """Makes the context in which a forward pass runs on ``device``; for float32 it does nothing."""
    import torch

    if pick_precision(requested, device) == "bf16":
        return lambda: torch.autocast(device.type, torch.bfloat16)
    return nullcontext


def full_precision(device: "torch.device") -> AbstractContextManager[object]:
    """A context in which products on ``device`` are as precise as their factors, whatever the pass around it does.

    For what costs next to nothing and reads small differences: a similarity of 8 bits, over a temperature of 0.07, is
    wrong by 3 % of a vote.
    """
    import torch

    return torch.autocast(device.type, enabled=False)
