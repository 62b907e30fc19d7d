"""The right to run a job where file locks cannot be trusted: a small file that its owner writes anew, again and again.

An observer takes a lease over when it has seen it unchanged for long enough, by its own clock that only counts seconds.
So neither a wall clock that jumps nor clocks that differ between machines matter. Leases have numbers, and the highest
counts: whoever creates the next one has it, and creating is a thing that only one can do.
"""

import json
import math
import os
import secrets
import socket
import threading
import time
from contextlib import suppress

from headstart.errors import ConfigError, StoreError
from headstart.study.running.store.backend import Entry, Lock
from headstart.study.running.store.bucket import Bucket
from headstart.study.running.store.folder import ProcessLock

__all__ = ["LEASES", "Lease", "RemoteLock", "usual_patience"]

LEASES = ".leases"
VARIABLE, USUAL = "HEADSTART_LEASE_SECONDS", 60.0
BEATS = 5
"""Signs of life in that time."""
MOST_POLL = 1.0


def usual_patience() -> float:
    """Seconds without a sign of life after which an owner counts as dead. Raises ``ConfigError`` for what are none."""
    said = os.environ.get(VARIABLE)
    try:
        seconds = USUAL if said is None else float(said)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise ConfigError(f"{VARIABLE} is '{said}', and it is seconds above 0, as in 60: mend or unset it")
    return seconds


class Lease(Lock):
    """Of ``entry`` in ``bucket``. Where two can create the same file at once, two may have it for a beat, and a job may
    be run twice; what is kept of it is whole all the same."""

    def __init__(self, bucket: Bucket, entry: Entry, patience: float | None = None) -> None:
        self.patience = usual_patience() if patience is None else patience
        self._bucket, self._name = bucket, f"{entry.kind}-{entry.key}"
        self._owner = secrets.token_hex(8)
        self._seen: tuple[int, bytes] | None = None
        self._since = 0.0
        self._number = self._beats = 0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def attempt(self) -> bool:
        numbers = self._numbers()
        highest = max(numbers, default=0)
        if highest and not self._is_silent(highest):
            return False
        self._number = highest + 1
        self._beats += 1  # so that it is not taken for an earlier one of its own
        if not self._bucket.create(self._path(self._number), self._sign()):
            return False
        for number in numbers:
            self._bucket.remove(self._path(number))
        self._over.clear()
        self._thread = threading.Thread(target=self._beat, name=f"lease {self._name}", daemon=True)
        self._thread.start()
        return True

    def acquire(self) -> None:
        while not self.attempt():
            time.sleep(min(MOST_POLL, self.patience / 20))

    def release(self) -> None:
        self._stop()
        with suppress(StoreError):  # what cannot be removed now is taken for dead before long
            for number in self._numbers():
                if number <= self._number:
                    self._bucket.remove(self._path(number))

    def renew(self) -> None:
        if not self._is_mine():
            self._stop()
            self.acquire()

    def _is_mine(self) -> bool:
        """And nobody has a higher one."""
        return max(self._numbers(), default=0) == self._number and self._owner.encode() in self._read(self._number)

    def _is_silent(self, number: int) -> bool:
        """Whether the lease was the same for as long as patience lasts."""
        seen = (number, self._read(number))
        if seen != self._seen:
            self._seen, self._since = seen, time.monotonic()
        return time.monotonic() - self._since >= self.patience

    def _beat(self) -> None:
        """Until it is over, or another has it. An outage is waited out: if it lasts, others take over."""
        while not self._over.wait(self.patience / BEATS):
            with suppress(StoreError):
                if self._owner.encode() not in self._read(self._number):
                    return
                self._beats += 1
                self._bucket.write(self._path(self._number), self._sign())

    def _stop(self) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()

    def _sign(self) -> bytes:
        """Host and process are for people; the rest is never the same again."""
        who = {"owner": self._owner, "host": socket.gethostname(), "process": os.getpid(), "beats": self._beats}
        return json.dumps(who).encode()

    def _read(self, number: int) -> bytes:
        try:
            return self._bucket.read(self._path(number))
        except FileNotFoundError:
            return b""

    def _numbers(self) -> list[int]:
        """Of all leases for this job, the lowest first."""
        found = (name.rpartition(".") for name in self._bucket.names(LEASES))
        return sorted(int(number) for name, _, number in found if name == self._name and number.isdigit())

    def _path(self, number: int) -> str:
        return f"{LEASES}/{self._name}.{number}"


class RemoteLock(Lock):
    """Among processes of this machine a file lock, among machines a lease."""

    def __init__(self, here: ProcessLock, lease: Lease) -> None:
        self._here, self._lease, self.patience = here, lease, lease.patience

    def attempt(self) -> bool:
        if not self._here.attempt():
            return False
        try:
            taken = self._lease.attempt()
        except BaseException:
            self._here.release()
            raise
        if not taken:
            self._here.release()
        return taken

    def acquire(self) -> None:
        self._here.acquire()
        try:
            self._lease.acquire()
        except BaseException:
            self._here.release()
            raise

    def release(self) -> None:
        try:
            self._lease.release()
        finally:
            self._here.release()

    def renew(self) -> None:
        self._lease.renew()
