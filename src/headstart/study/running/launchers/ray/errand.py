"""What every process on a cluster has to know of a run, and what its machine must have for it. It loads no Ray."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from headstart.registry import Additions, additions, adopt
from headstart.study.running.store import Store, open_store

__all__ = ["Errand", "RefusedError", "errand_for", "refusal"]

COUNTED = ("headstart", "torch", "numpy")
"""Packages that change numbers; Ray itself sees to its own release and to Python's."""
SEEN_SECONDS = 5.0
"""How long a new file may take to be seen from another machine."""


class RefusedError(Exception):
    """Why a machine cannot work for the study."""


@dataclass(frozen=True)
class Errand:
    """What every process of a run has to know.

    store: its address. token: a file that lies in the store's folder during the run; ``None``: the store is no folder.
    added: to extension points. releases: of packages that change numbers, those of the program.
    """

    store: str
    token: Path | None
    added: Additions
    releases: dict[str, str]

    def open(self, machine: str) -> Store:
        """Adopt what was added, and open the store. machine: its name for people.

        Raises ``RefusedError`` where this machine has other releases, or does not see the store.
        """
        adopt(self.added)
        self._check_releases(machine)
        self._check_store(machine)
        return open_store(self.store)

    def _check_releases(self, machine: str) -> None:
        for package, wanted in self.releases.items():
            found = _release(package)
            if found != wanted:
                raise RefusedError(
                    f"{machine} has {package} {found} and this machine {wanted}: install the same on all machines"
                )

    def _check_store(self, machine: str) -> None:
        """Before it is opened, which would make an empty one where the folder is not shared."""
        end = time.monotonic() + SEEN_SECONDS
        while self.token is not None and not self.token.exists():
            if time.monotonic() > end:
                raise RefusedError(
                    f"{machine} does not see the store {self.store}: name a folder that all machines of "
                    "the cluster share, or a URL, with --store"
                )
            time.sleep(0.1)


@contextmanager
def errand_for(store: Store) -> Iterator[Errand]:
    """The errand of a run that keeps its work in ``store``; within ``with`` its token lies there."""
    folder = _folder(store.address)
    token = folder / f".seen.{secrets.token_hex(8)}" if folder else None
    if token:
        token.touch()
    try:
        yield Errand(store.address, token, additions(), {package: _release(package) for package in COUNTED})
    finally:
        if token:
            token.unlink(missing_ok=True)


def refusal(errand: Errand, machine: str) -> str | None:
    """Why this machine cannot work, or ``None`` if it can."""
    try:
        errand.open(machine)
    except RefusedError as error:
        return str(error)
    return None


def _folder(address: str) -> Path | None:
    """The folder that a store is, or ``None`` if it is none."""
    scheme, separator, rest = address.partition("://")
    return Path(rest if separator else address) if not separator or scheme == "file" else None


def _release(package: str) -> str:
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return "missing"
