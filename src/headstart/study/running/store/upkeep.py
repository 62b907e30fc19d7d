"""What lies in a store, whether it is whole, and what of it can go."""

import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from headstart.errors import ConfigError
from headstart.study.jobs.base import Progress, no_progress
from headstart.study.running.store.backend import Backend, DamagedError, Entry, Held, Lock
from headstart.study.running.store.store import Store

__all__ = ["KindSummary", "Pruned", "Verified", "prune_store", "summarise", "survey_store", "verify_store"]

READERS = 4
"""Jobs that are read at once: hashing leaves the interpreter free."""


class KindSummary(NamedTuple):
    """Jobs of a kind: finished ones, and others of which something lies there. Ages in seconds, of finished ones."""

    kind: str
    done: int
    incomplete: int
    bytes: int
    newest: float | None
    oldest: float | None


@dataclass(frozen=True)
class Verified:
    """whole: jobs whose every byte is right. unknown: those from before there were checksums. damaged: by their
    entries, a sentence that names the file."""

    whole: int
    unknown: int
    damaged: dict[Entry, str]


@dataclass(frozen=True)
class Pruned:
    """removed: what went, or would go. in_use: jobs that someone runs just now."""

    removed: tuple[Held, ...]
    in_use: tuple[Entry, ...]

    @property
    def bytes(self) -> int:
        return sum(one.bytes for one in self.removed)


def survey_store(store: Store, kind: str | None = None) -> list[Held]:
    """All that lies in a store, of one kind or of all, by kind and key. Each kind is listed once.

    Raises ``StoreError`` if there is no store, ``ConfigError`` if there are no jobs of that kind.
    """
    kinds = store.backend.kinds()
    held = [one for each in kinds if kind in (None, each) for one in store.backend.survey(each)]
    if kind is not None and not held:
        raise ConfigError(f"no jobs of kind '{kind}' are in {store.address}: see `headstart store list` without --kind")
    return held


def summarise(held: Collection[Held]) -> list[KindSummary]:
    """A row per kind."""
    return [_summary(kind, [one for one in held if one.entry.kind == kind]) for kind in _kinds(held)]


def verify_store(store: Store, *, delete: bool = False, progress: Progress = no_progress) -> Verified:
    """Read every byte of every finished job. delete: remove what is damaged, so that it is made again.

    progress: is called with (done, total) jobs.
    """
    entries = [one.entry for one in survey_store(store) if one.done]
    known, damaged = 0, {}
    with ThreadPoolExecutor(READERS) as pool:
        for number, (entry, found) in enumerate(zip(entries, pool.map(_checker(store.backend), entries), strict=True)):
            known += found is True
            if isinstance(found, str):
                damaged[entry] = found
            progress(number + 1, len(entries))
    for entry in damaged if delete else ():
        with store.backend.hold(entry):
            if isinstance(_checker(store.backend)(entry), str):  # nobody made it again meanwhile
                store.backend.remove(entry)
    return Verified(known, len(entries) - known - len(damaged), damaged)


def prune_store(
    store: Store, *, older_than: float | None = None, keep: Collection[str] = (), dry_run: bool = False
) -> Pruned:
    """Remove jobs that were last written more than ``older_than`` seconds ago, but for those whose keys are in
    ``keep``, and unfinished work that nobody runs. What is locked is left.

    older_than: ``None``: finished jobs of any age if ``keep`` names some, else none.
    """
    candidates = {one.entry: one for one in survey_store(store) if _may_go(one, older_than, keep)}
    removed, left = [], dict(candidates)
    for entry, lock in _free(store.backend, list(candidates)):
        try:
            if not dry_run:
                store.backend.remove(entry)
        finally:
            lock.release()
        removed.append(left.pop(entry))
    return Pruned(tuple(removed), tuple(left))


def _may_go(one: Held, older_than: float | None, keep: Collection[str]) -> bool:
    if one.entry.key in keep:
        return False
    if older_than is None:
        return not one.done or bool(keep)
    return one.modified is not None and time.time() - one.modified > older_than


def _free(backend: Backend, entries: list[Entry]) -> Iterator[tuple[Entry, Lock]]:
    """Those that nobody holds, each with its lock. Where it takes time to tell a dead owner from a living one, all are
    waited for together."""
    waiting: list[tuple[Entry, Lock]] = []
    for entry in entries:
        lock = backend.lock(entry)
        if lock.attempt():
            yield entry, lock
        else:
            waiting.append((entry, lock))
    if patience := max((lock.patience for _, lock in waiting), default=0.0):
        time.sleep(patience)
    for entry, lock in waiting:
        if lock.patience and lock.attempt():
            yield entry, lock


def _checker(backend: Backend) -> Callable[[Entry], bool | str]:
    """Whether checksums are known and right; a sentence if they are wrong."""

    def check(entry: Entry) -> bool | str:
        try:
            return backend.check(entry).files is not None
        except DamagedError as error:
            return str(error)

    return check


def _kinds(held: Collection[Held]) -> list[str]:
    return list(dict.fromkeys(one.entry.kind for one in held))


def _summary(kind: str, held: Collection[Held]) -> KindSummary:
    times = [one.modified for one in held if one.done and one.modified is not None]
    done = sum(one.done for one in held)
    now = time.time()
    newest, oldest = (max(0.0, now - max(times)), max(0.0, now - min(times))) if times else (None, None)
    return KindSummary(kind, done, len(held) - done, sum(one.bytes for one in held), newest, oldest)
