"""What a study ran on, for the report and for whoever repeats it."""

import platform
import sys
from importlib.metadata import version
from pathlib import Path

from headstart.processes import available_cores
from headstart.training.precision import has_cuda

__all__ = ["describe_environment"]

PACKAGES = ("headstart", "torch", "numpy", "scipy", "scikit-learn", "warp-lang", "pandas")


def describe_environment() -> dict[str, str]:
    """Names and versions, as text: machine, processor, GPU where there is one, packages."""
    machine = {
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "processor": _processor(),
        "cores": str(available_cores()),
        "gpu": _gpu(),
    }
    return machine | {package: version(package) for package in PACKAGES}


def _gpu() -> str:
    if not has_cuda():
        return "none"
    import torch

    return torch.cuda.get_device_name()


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
