"""What jobs that compute with networks say of hardware: what it changes in their numbers, and what they need of it."""

from functools import cache
from importlib.metadata import version
from typing import Any

from headstart.study.jobs.base import Needs

__all__ = ["arithmetic", "needs_of"]

SHARED_GPU = 0.25
"""Small networks leave most of a GPU idle, so several runs share one."""


def arithmetic(device: str, *libraries: str) -> dict[str, Any]:
    """What can change a number though nothing of ours changed: the type of device, and the library that computes.

    Precision is part of a run's settings. libraries: others whose numbers count, by the name of their package.
    """
    return {"device": device, "libraries": {name: _release(name) for name in ("torch", *libraries)}}


def needs_of(device: str, *, processes: int = 1) -> Needs:
    """A core for each process, and on CUDA a part of a GPU, or a whole one for each of several."""
    if device != "cuda":
        return Needs(cpus=processes)
    return Needs(cpus=processes, gpus=float(processes) if processes > 1 else SHARED_GPU)


@cache
def _release(package: str) -> str:
    """The version of an installed package, without what it was built for (``+cpu``)."""
    return version(package).partition("+")[0]
