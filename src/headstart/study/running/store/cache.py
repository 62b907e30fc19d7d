"""What this machine keeps of a store that lies elsewhere: local copies, of which the least recently used make room."""

import os
import re
import secrets
import threading
from hashlib import sha256

from filelock import FileLock, Timeout

from headstart.cache import cache_folder
from headstart.errors import ConfigError
from headstart.study.running.store.backend import Entry, Held
from headstart.study.running.store.folder import FolderBackend

__all__ = ["MachineCache", "cache_limit"]

LIMIT, DEFAULT_LIMIT = "HEADSTART_CACHE_SIZE", "50GB"
UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
LOOKS = 16
"""How often the whole is measured while as much as its limit comes in."""
LEFT = 0.9
"""Of the limit, what is kept when something has to go."""
USERS = ".users"


class MachineCache(FolderBackend):
    """Copies in the same order as in the store. A marker says that a job is done and its files are whole, though not
    that all of them are here; a folder without one is work in hand on this machine, and stays."""

    def __init__(self, address: str) -> None:
        super().__init__(cache_folder("stores") / sha256(address.encode()).hexdigest()[:16])
        self.limit = cache_limit()
        self._came_in = self.limit  # others may have filled it
        self._me = self.root / USERS / secrets.token_hex(8)
        self._alive: FileLock | None = None
        self._used: set[Entry] = set()
        self._telling = threading.Lock()

    def use(self, entry: Entry) -> None:
        """Nobody removes it as long as this process lives."""
        with self._telling:
            if entry in self._used:
                return
            if self._alive is None:
                self._me.parent.mkdir(parents=True, exist_ok=True)
                self._alive = FileLock(self._me.with_suffix(".lock"), thread_local=False)
                self._alive.acquire()
            with self._me.open("a") as file:
                file.write(f"{entry.folder}\n")
            self._used.add(entry)

    def make_room(self, came_in: int) -> None:
        """Remove what was not used for longest, if with so many bytes more the cache is larger than its limit."""
        self._came_in += came_in
        if self._came_in * LOOKS < self.limit:
            return
        self._came_in = 0
        held = [one for kind in self.kinds() for one in self.survey(kind)]
        total = sum(one.bytes for one in held)
        if total > self.limit:
            self._evict(held, total - int(LEFT * self.limit))

    def _evict(self, held: list[Held], too_much: int) -> None:
        copies = sorted((one for one in held if one.done), key=lambda one: one.modified or 0)
        for one in copies:
            if too_much > 0 and one.entry not in self._used and self._drop(one.entry):
                too_much -= one.bytes

    def _drop(self, entry: Entry) -> bool:
        """Remove a copy unless someone uses it."""
        lock = self.lock(entry)
        if not lock.attempt():
            return False
        try:
            if entry.folder in self._in_use():
                return False
            self.remove(entry)
            return True
        finally:
            lock.release()

    def _in_use(self) -> set[str]:
        """Folders that living processes use; lists that dead ones left are removed."""
        used: set[str] = set()
        for listed in (self.root / USERS).glob("*"):
            if listed.suffix == ".lock":
                continue
            try:
                with FileLock(listed.with_suffix(".lock"), timeout=0):
                    listed.unlink(missing_ok=True)
            except Timeout:
                used |= set(listed.read_text().split("\n"))
        return used


def cache_limit() -> int:
    """Bytes that copies of one store may take on this machine. Raises ``ConfigError`` for what is no size."""
    text = os.environ.get(LIMIT) or DEFAULT_LIMIT
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", text.strip(), re.IGNORECASE)
    if not found:
        raise ConfigError(f"{LIMIT} is '{text}', which is no size: write it as in {DEFAULT_LIMIT}")
    return int(float(found[1]) * UNITS[found[2].upper()])
