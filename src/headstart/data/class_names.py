"""In which order classes are numbered, where nobody says."""

from collections.abc import Iterable

__all__ = ["ordered"]


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Different names, numbers by their value and others as text.

    >>> ordered(["10", "9", "10"]), ordered(["b", "10", "a"])
    (('9', '10'), ('10', 'a', 'b'))
    """
    known = set(names)
    return tuple(sorted(sorted(known), key=int) if all(name.isdecimal() for name in known) else sorted(known))
