"""Packages that load what they offer when it is first asked for, so that a command pays only for what it uses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

__all__ = ["Later", "lazily", "load"]


def load(path: str) -> Any:
    """What ``path`` (``module:name``) names.

    >>> load("headstart.seeding:derive_seed")(7, "scene") == load("headstart.seeding:derive_seed")(7, "scene")
    True
    """
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def lazily(package: str, where: Mapping[str, str]) -> Callable[[str], Any]:
    """A ``package``'s ``__getattr__`` (PEP 562). where: the module that holds each name that the package offers.

    >>> __getattr__ = lazily("headstart.seeding", {"HeadstartError": "headstart.errors"})
    >>> __getattr__("HeadstartError").__module__
    'headstart.errors'
    >>> __getattr__("unheard_of")
    Traceback (most recent call last):
    AttributeError: module 'headstart.seeding' has no attribute 'unheard_of'
    """

    def find(name: str) -> Any:
        if name not in where:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        return load(f"{where[name]}:{name}")

    return find


@dataclass(frozen=True)
class Later:
    """A function that is loaded when it is first called. path: ``module:name``.

    >>> Later("headstart.seeding:derive_seed")(7, "scene") == Later("headstart.seeding:derive_seed")(7, "scene")
    True
    """

    path: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return load(self.path)(*args, **kwargs)
