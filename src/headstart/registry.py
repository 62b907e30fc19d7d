"""Extension points: what ships by name, joined with what installed packages publish as entry points.

Those whose choices are heavy are a ``Registry``: it loads a class when the class is used, and tells its traits, which a
study file is checked against, without. The others are plain dicts.
"""

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar

from headstart.errors import ConfigError, unknown_name
from headstart.lazy import load

__all__ = ["Additions", "Registry", "additions", "adopt", "code_of", "lookup", "lookup_traits", "with_plugins"]

T = TypeVar("T")
Traits = TypeVar("Traits")
Additions = dict[str, dict[str, Any]]
_registries: dict[str, MutableMapping[str, Any]] = {}
_installed: dict[str, frozenset[str]] = {}
_adopted: Additions = {}


def with_plugins(group: str, builtin: Mapping[str, T]) -> dict[str, T]:
    """``builtin`` and everything published under the entry-point group ``headstart.<group>``.

    Raises ``ConfigError`` if a plugin takes a name that is already used.

    >>> ENGINES = with_plugins("engines", {"warp": WarpEngine})  # doctest: +SKIP
    """
    registry = dict(builtin) | {name: point.load() for name, point in _plugins(group, builtin).items()}
    _register(group, registry)
    return registry


@dataclass(frozen=True)
class _Unloaded:
    """A choice that nobody used yet."""

    load: Callable[[], Any]


class Registry(MutableMapping[str, T], Generic[T, Traits]):
    """Like a dict of classes, each loaded when it is first asked for.

    What a study file is checked against is known without loading: ``traits`` of what ships is a light class that the
    real one is a child of. What a plugin or a script adds is its own traits.
    """

    def __init__(self, group: str, shipped: Mapping[str, tuple[str, Traits]]) -> None:
        """shipped: ``module:class`` and traits by name; plugins of ``headstart.<group>`` join them.

        Raises ``ConfigError`` if a plugin takes a name that is already used.

        >>> METHODS = Registry("methods", {"rotation": ("my.rotation:Rotation", RotationTraits)})  # doctest: +SKIP
        """
        self._choices: dict[str, Any] = {name: _Unloaded(partial(load, path)) for name, (path, _) in shipped.items()}
        self._traits = {name: traits for name, (_, traits) in shipped.items()}
        self._choices |= {name: _Unloaded(point.load) for name, point in _plugins(group, shipped).items()}
        _register(group, self)

    def __getitem__(self, name: str) -> T:
        choice = self._choices[name]
        if isinstance(choice, _Unloaded):
            choice = self._choices[name] = choice.load()
        found: T = choice
        return found

    def __setitem__(self, name: str, choice: T) -> None:
        self._traits.pop(name, None)
        self._choices[name] = choice

    def __delitem__(self, name: str) -> None:
        del self._choices[name]
        self._traits.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._choices)

    def __len__(self) -> int:
        return len(self._choices)

    def __contains__(self, name: object) -> bool:
        return name in self._choices

    def traits(self, name: str) -> Traits:
        """What is known of a choice without loading it. Raises ``KeyError`` for a name that is none."""
        found: Any = self._traits[name] if name in self._traits else self[name]
        return found  # type: ignore[no-any-return]


def _plugins(group: str, taken: Mapping[str, Any]) -> dict[str, EntryPoint]:
    points: dict[str, EntryPoint] = {}
    for point in entry_points(group=f"headstart.{group}"):
        if point.name in taken or point.name in points:
            raise ConfigError(
                f"plugin '{point.value}' offers the {group} name '{point.name}', which is taken: rename it"
            )
        points[point.name] = point
    return points


def _register(group: str, registry: MutableMapping[str, Any]) -> None:
    _registries[group], _installed[group] = registry, frozenset(registry)
    registry.update(_adopted.get(group, {}))


def additions() -> Additions:
    """What a script put into extension points beside what is installed, by group and name: for other processes.

    >>> METHODS["mine"] = Mine  # doctest: +SKIP
    >>> additions()  # doctest: +SKIP
    {'methods': {'mine': <class 'mine.Mine'>}}
    """
    added = {
        group: {name: registry[name] for name in registry if name not in _installed[group]}
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


def lookup_traits(registry: Registry[T, Traits], kind: str, name: str) -> Traits:
    """``registry.traits(name)``; a wrong name raises ``ConfigError`` with the right ones.

    >>> from headstart.methods import METHODS
    >>> lookup_traits(METHODS, "method", "simclr").views
    2
    """
    if name not in registry:
        raise unknown_name(kind, name, registry)
    return registry.traits(name)


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
