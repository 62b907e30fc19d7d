"""Extension points: plain dicts of what ships, joined with what installed packages publish as entry points."""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TypeVar

from headstart.errors import ConfigError, unknown_name

__all__ = ["lookup", "with_plugins"]

T = TypeVar("T")


def with_plugins(group: str, builtin: Mapping[str, T]) -> dict[str, T]:
    """``builtin`` and everything published under the entry-point group ``headstart.<group>``.

    Raises ``ConfigError`` if a plugin takes a name that is already used.
    """
    found = dict(builtin)
    for point in entry_points(group=f"headstart.{group}"):
        if point.name in found:
            raise ConfigError(
                f"plugin '{point.value}' offers the {group} name '{point.name}', which is taken: rename it"
            )
        found[point.name] = point.load()
    return found


def lookup(registry: Mapping[str, T], kind: str, name: str) -> T:
    """``registry[name]``; a wrong name raises ``ConfigError`` with the right ones."""
    if name not in registry:
        raise unknown_name(kind, name, registry)
    return registry[name]
