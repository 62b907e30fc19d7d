"""Calls that are made again while what goes wrong may pass."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from headstart.errors import StoreError

__all__ = ["PAUSES", "patient"]

PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each further attempt."""
MEANT = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError)
"""Answers, not failures."""
REFUSED = (PermissionError, TypeError, ValueError, NotImplementedError, ImportError)
"""Failures that will not pass."""


class Addressed(Protocol):
    """What is reached at an address."""

    address: str


S = TypeVar("S", bound=Addressed)
P = ParamSpec("P")
R = TypeVar("R")


def patient(call: Callable[Concatenate[S, str, P], R]) -> Callable[Concatenate[S, str, P], R]:
    """Make the call again after a pause, and after a longer one. Its first argument is a name at the address.

    Raises ``StoreError`` when it has failed for good, and what is an answer (``MEANT``) as it is.
    """

    @wraps(call)
    def again(self: S, name: str, /, *args: P.args, **options: P.kwargs) -> R:
        for pause in (*PAUSES, None):
            try:
                return call(self, name, *args, **options)
            except (*MEANT, StoreError):
                raise
            except Exception as error:
                if pause is None or isinstance(error, REFUSED):
                    raise StoreError(_what_to_say(f"{call.__name__} {self.address}/{name}", error)) from error
                time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    return again


def _what_to_say(what: str, error: Exception) -> str:
    if isinstance(error, REFUSED):
        said = str(error) or type(error).__name__
        return f"{what.strip('_')}: refused ({said}): check your rights there, or name another store with --store"
    return (
        f"{what.strip('_')}: failed {len(PAUSES) + 1} times ({type(error).__name__}: {error}): see whether the store "
        "can be reached, then run the same command again; what is finished is kept"
    )
