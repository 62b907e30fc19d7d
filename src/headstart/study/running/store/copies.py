"""Finished jobs on their way from a bucket into this machine's cache, verified as they come in."""

import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from headstart.errors import StoreError
from headstart.files import PARTIAL, unwritable, write_atomic
from headstart.study.running.store.backend import DamagedError, Entry, Fetched
from headstart.study.running.store.bucket import THREADS, Bucket
from headstart.study.running.store.cache import MachineCache
from headstart.study.running.store.digests import hash_file
from headstart.study.running.store.folder import ProcessLock
from headstart.study.running.store.marker import FileFacts, Marker

__all__ = ["Copies"]

DOWNLOADS = 3
"""Attempts at a file that arrives damaged."""


class Copies:
    """Of jobs in ``bucket``, kept in ``cache``. A copy's marker is there before its files, each of which is whole."""

    def __init__(self, bucket: Bucket, cache: MachineCache) -> None:
        self.bucket, self.cache = bucket, cache

    def fetch(self, entry: Entry, names: tuple[str, ...] | None) -> Fetched | None:
        """As ``Backend.fetch``. What was done again meanwhile, with other files, is fetched anew."""
        known = self.cache.read_marker(entry)
        marker = known or self.marker(entry)
        if marker is None:
            return None
        try:
            return self._fetch(entry, marker, names)
        except DamagedError:
            now = self.marker(entry) if known else None
            if now is None or now.files == marker.files:
                raise
        self.cache.remove(entry)
        return self._fetch(entry, now, names)

    def marker(self, entry: Entry) -> Marker | None:
        """As it is in the bucket. Raises ``DamagedError`` if it cannot be read."""
        try:
            return Marker.parse(self.bucket.read(entry.marker))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise DamagedError(f"{self.bucket.address}/{entry.marker} is damaged") from error

    def note(self, entry: Entry, marker: Marker) -> None:
        """What lies in the cache are files of a finished job."""
        self.cache.use(entry)
        write_atomic(self.cache.marker_path(entry), marker.dump(), sync=False)

    def running(self, entry: Entry) -> ProcessLock:
        """Held by the process of this machine that runs the job in its folder of the cache."""
        return ProcessLock(self.cache.root / f"{entry.folder}.running")

    def _fetch(self, entry: Entry, marker: Marker, names: tuple[str, ...] | None) -> Fetched:
        self.cache.use(entry)
        if self.cache.read_marker(entry) is None and self.cache.folder(entry).exists():
            self._clear(entry)
        with self.cache.hold(entry):
            self.note(entry, marker)
            facts = self._facts(entry, marker.wanted(names))
            missing, replaced = self._missing(entry, facts)
            with ThreadPoolExecutor(min(THREADS, len(missing) or 1)) as pool:
                came_in = sum(pool.map(lambda name: self._bring(entry, name, facts[name]), missing))
        if came_in:
            self.cache.make_room(came_in)
        return Fetched(marker, self.cache.folder(entry), replaced)

    def _clear(self, entry: Entry) -> None:
        """Remove what a run left here of a job that another machine finished."""
        lock = self.running(entry)
        lock.acquire()
        try:
            if self.cache.read_marker(entry) is None:
                shutil.rmtree(self.cache.folder(entry), ignore_errors=True)
        finally:
            lock.release()

    def _facts(self, entry: Entry, wanted: Mapping[str, FileFacts] | None) -> dict[str, FileFacts | None]:
        """What is known of the wanted files; of a job whose marker, an old one, does not name them: their names."""
        if wanted is not None:
            return dict(wanted)
        return dict.fromkeys(name for name in self.bucket.sizes(entry.folder) if not name.endswith(PARTIAL))

    def _missing(self, entry: Entry, facts: dict[str, FileFacts | None]) -> tuple[list[str], bool]:
        """Those that are not here, or not as they should be; and whether some were replaced since last seen."""
        missing, replaced, folder = [], False, self.cache.folder(entry)
        for name, known in facts.items():
            if known is None:
                missing += [name] * (not (folder / name).exists())
                continue
            looked = self.cache.digests.look(folder, {name: known})
            missing += [name] * (looked.damaged is not None)
            replaced |= looked.replaced and (folder / name).exists()
        return missing, replaced

    def _bring(self, entry: Entry, name: str, facts: FileFacts | None) -> int:
        """Its bytes, of which it is made sure that they are those of the job."""
        path = self.cache.folder(entry) / name
        arriving = path.with_name(f".{path.name}{PARTIAL}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for _ in range(DOWNLOADS):
                self.bucket.download(f"{entry.folder}/{name}", arriving)
                found = hash_file(arriving)
                if facts in (None, found):
                    arriving.replace(path)
                    self.cache.digests.learn(path, found)
                    return path.stat().st_size
        except FileNotFoundError as error:
            raise DamagedError(f"{self.bucket.address}/{entry.folder}/{name} is gone") from error
        except OSError as error:
            raise StoreError(unwritable(path, error)) from error
        finally:
            arriving.unlink(missing_ok=True)
        raise DamagedError(f"{self.bucket.address}/{entry.folder}/{name} is not what its job wrote")
