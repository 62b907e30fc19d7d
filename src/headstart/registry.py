"""Extension points: plain dicts of what ships, joined with what installed packages publish as entry points."""

import hashlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeVar

from headstart.errors import ConfigError, unknown_name

__all__ = ["Additions", "additions", "adopt", "code_of", "lookup", "with_plugins"]

T = TypeVar("T")
Additions = dict[str, dict[str, Any]]
_registries: dict[str, dict[str, Any]] = {}
_installed: dict[str, frozenset[str]] = {}
_adopted: Additions = {}


def with_plugins(group: str, builtin: Mapping[str, T]) -> dict[str, T]:
    """``builtin`` and everything published under the entry-point group ``headstart.<group>``.

    Raises ``ConfigError`` if a plugin takes a name that is already used.

    >>> ENGINES = with_plugins("engines", {"warp": WarpEngine})  # doctest: +SKIP
    """
    registry = dict(builtin)
    for point in entry_points(group=f"headstart.{group}"):
        if point.name in registry:
            raise ConfigError(
                f"plugin '{point.value}' offers the {group} name '{point.name}', which is taken: rename it"
            )
        registry[point.name] = point.load()
    _registries[group], _installed[group] = registry, frozenset(registry)
    registry.update(_adopted.get(group, {}))
    return registry


def additions() -> Additions:
    """What a script put into extension points beside what is installed, by group and name: for other processes.

    >>> METHODS["mine"] = Mine  # doctest: +SKIP
    >>> additions()  # doctest: +SKIP
    {'methods': {'mine': <class 'mine.Mine'>}}
    """
    added = {
        group: {name: choice for name, choice in registry.items() if name not in _installed[group]}
        for group, registry in _registries.items()
    }
    return {group: choices for group, choices in added.items() if choices}


def adopt(added: Additions) -> None:
    """Put another process's ``additions`` into the extension points here, when they are loaded or at once.

    >>> adopt({"methods": {"mine": Mine}})  # doctest: +SKIP
    """
    for group, choices in added.items():
        _adopted.setdefault(group, {}).update(choices)
        _registries.get(group, {}).update(choices)


def lookup(registry: Mapping[str, T], kind: str, name: str) -> T:
    """``registry[name]``; a wrong name raises ``ConfigError`` with the right ones.

    >>> lookup({"red": 1, "green": 2}, "color", "green")
    2
    >>> lookup({"red": 1, "green": 2}, "color", "blue")
    Traceback (most recent call last):
    headstart.errors.ConfigError: unknown color 'blue': choose one of green, red
    """
    if name not in registry:
        raise unknown_name(kind, name, registry)
    return registry[name]


def code_of(*parts: Any) -> dict[str, str]:
    """What names the code of those ``parts`` (classes, functions) that are not headstart's own: a hash by module.

    A plugin's numbers are its code's, and no version of ours tells when that changes: its whole package counts. What
    ships with headstart is left out, for the versions of jobs speak for it.

    >>> from headstart.methods import METHODS
    >>> code_of(METHODS["rotation"])  # it is headstart's own
    {}
    """
    modules = {inspect.getmodule(part) for part in parts}
    tops = sorted({module.__name__.partition(".")[0] for module in modules if module} - {__name__.partition(".")[0]})
    return {top: _fingerprint(top) for top in tops}


@cache
def _fingerprint(top: str) -> str:
    """16 hex digits of a top-level module's file, or of all Python files of a package."""
    digest = hashlib.sha256()
    for path in _sources(top):
        digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _sources(top: str) -> Iterator[Path]:
    file = getattr(sys.modules[top], "__file__", None)
    if file is not None and Path(file).name == "__init__.py":
        yield from sorted(Path(file).parent.rglob("*.py"))
    elif file is not None and Path(file).exists():
        yield Path(file)
