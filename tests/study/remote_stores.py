"""Stores that lie elsewhere, for tests: in memory, and with file systems that misbehave."""

import errno
import threading
from typing import Any, ClassVar

import fsspec
from fsspec.implementations.memory import MemoryFileSystem

CALLS = ("ls", "find", "cat_file", "pipe_file", "put_file", "get_file", "rm_file", "info")


class Misbehaving(MemoryFileSystem):
    """Files in this process's memory, under a protocol of their own. ``misbehave`` is asked before every call."""

    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    cachable = False

    @classmethod
    def _strip_protocol(cls, path):
        return MemoryFileSystem._strip_protocol(path.replace(f"{cls.protocol}://", "memory://"))

    def misbehave(self, what: str, path: str) -> None:
        raise NotImplementedError


def _watched(what):
    def call(self, path, *args, **options):
        self.misbehave(what, path)
        return getattr(MemoryFileSystem, what)(self, path, *args, **options)

    return call


for what in CALLS:
    setattr(Misbehaving, what, _watched(what))


class Flaky(Misbehaving):
    """One call in ten fails."""

    protocol = "flaky"
    calls: ClassVar[dict[str, int]] = {"made": 0, "failed": 0}
    counting: ClassVar[Any] = threading.Lock()

    def misbehave(self, what, path):
        with self.counting:
            self.calls["made"] += 1
            if self.calls["made"] % 10 == 0:
                self.calls["failed"] += 1
                raise OSError(errno.EIO, f"{what} failed")


class Locked(Misbehaving):
    """Nothing can be written once ``closed`` is set."""

    protocol = "locked"
    closed: ClassVar[bool] = False

    def misbehave(self, what, path):
        if Locked.closed and what in ("pipe_file", "put_file", "rm_file"):
            raise PermissionError(errno.EACCES, "Access Denied")


for kind in (Flaky, Locked):
    fsspec.register_implementation(kind.protocol, kind, clobber=True)
