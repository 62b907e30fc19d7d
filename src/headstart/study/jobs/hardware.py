"""What hardware and libraries change in the numbers of jobs that compute with networks."""

from functools import cache
from importlib.metadata import version
from typing import Any

__all__ = ["arithmetic"]


def arithmetic(device: str, *libraries: str) -> dict[str, Any]:
    """What can change a number though nothing of ours changed: the type of device, and the library that computes.

    Precision is part of a run's settings. libraries: others whose numbers count, by the name of their package.
    """
    return {"device": device, "libraries": {name: _release(name) for name in ("torch", *libraries)}}


@cache
def _release(package: str) -> str:
    """The version of an installed package, without what it was built for (``+cpu``)."""
    return version(package).partition("+")[0]
