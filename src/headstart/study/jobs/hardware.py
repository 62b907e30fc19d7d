"""What hardware and libraries change in the numbers of jobs that compute with networks."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.metadata import version
from typing import Any

__all__ = ["arithmetic", "with_releases"]

_ELSEWHERE: ContextVar[Mapping[str, str] | None] = ContextVar("releases of another machine", default=None)


def arithmetic(device: str, *libraries: str) -> dict[str, Any]:
    """What can change a number though nothing of ours changed: the type of device, and the library that computes.

    Precision is part of a run's settings. libraries: others whose numbers count, by the name of their package.
    """
    return {"device": device, "libraries": {name: _release(name) for name in ("torch", *libraries)}}


@contextmanager
def with_releases(elsewhere: Mapping[str, str]) -> Iterator[None]:
    """While inside, jobs that are planned have the keys that they have ``elsewhere``, whose releases these are, by the
    name of the package: to find what was done there, and to do none of it."""
    token = _ELSEWHERE.set(elsewhere)
    try:
        yield
    finally:
        _ELSEWHERE.reset(token)


def _release(package: str) -> str:
    """The release that computes, without what it was built for (``+cpu``)."""
    elsewhere = _ELSEWHERE.get() or {}
    return (elsewhere.get(package) or _installed(package)).partition("+")[0]


@cache
def _installed(package: str) -> str:
    return version(package)
