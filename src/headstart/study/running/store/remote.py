"""A store that lies elsewhere: jobs run and are read in this machine's cache of it, and are uploaded when done."""

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from headstart.errors import StoreError
from headstart.study.running.store.backend import Backend, DamagedError, Entry, Fetched, Held, Lock, entry_keys
from headstart.study.running.store.bucket import THREADS, Bucket, Size
from headstart.study.running.store.cache import MachineCache
from headstart.study.running.store.copies import Copies
from headstart.study.running.store.digests import CHECKPOINTS
from headstart.study.running.store.folder import check_folder
from headstart.study.running.store.lease import Lease, RemoteLock
from headstart.study.running.store.marker import FileFacts, Marker

__all__ = ["RemoteBackend"]


class RemoteBackend(Backend):
    """Results under ``kind/key/`` of a bucket, and copies in a cache."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket, self.cache = bucket, MachineCache(bucket.address)
        self.root, self.address = self.cache.root, bucket.address
        self._copies = Copies(bucket, self.cache)

    def check_writable(self) -> None:
        check_folder(self.root, f"this machine's cache {self.root}", "make room, or name another in HEADSTART_CACHE")
        self.bucket.check_writable()

    def kinds(self) -> list[str]:
        if not self.bucket.exists(""):
            raise StoreError(f"there is no store at {self.address}: name one with --store")
        return sorted(name for name in self.bucket.names("") if not name.startswith("."))

    def names(self, kind: str) -> frozenset[str]:
        return self.bucket.names(kind)

    def survey(self, kind: str) -> Iterator[Held]:
        found: dict[str, dict[str, Size]] = defaultdict(dict)
        for name, size in self.bucket.sizes(kind).items():
            found[name.partition("/")[0].removesuffix(".json")][name] = size
        for key in entry_keys(frozenset(found)):
            files = found[key]
            times = [size.modified for size in files.values() if size.modified is not None]
            done = f"{key}.json" in files and len(files) > 1
            yield Held(Entry(kind, key), done, sum(size.bytes for size in files.values()), max(times, default=None))

    def exists(self, entry: Entry) -> bool:
        return self.bucket.exists(entry.folder)

    def is_done(self, entry: Entry) -> bool:
        return self.bucket.exists(entry.marker)

    def fetch(self, entry: Entry, names: tuple[str, ...] | None = None) -> Fetched | None:
        return self._copies.fetch(entry, names)

    def prefetch(self, wanted: Mapping[Entry, tuple[str, ...]]) -> None:
        def bring(entry: Entry) -> None:
            with suppress(DamagedError):
                self._copies.fetch(entry, wanted[entry])

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(bring, wanted))

    def lock(self, entry: Entry) -> Lock:
        return RemoteLock(self._copies.running(entry), Lease(self.bucket, entry))

    def begin(self, entry: Entry) -> Path:
        if self.cache.read_marker(entry):  # a copy of what is no longer in the store
            self.cache.remove(entry)
        return self.cache.folder(entry)

    def commit(self, entry: Entry, seconds: float) -> None:
        folder = self.cache.folder(entry)
        marker = Marker(seconds, self.cache.digests.of_folder(folder))
        self.put(entry, Fetched(marker, folder, False))
        self._copies.note(entry, marker)
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
        self.cache.make_room(sum(facts.bytes for facts in (marker.files or {}).values()))

    def put(self, entry: Entry, fetched: Fetched) -> None:
        files = fetched.marker.files or {}
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda name: self.bucket.upload(f"{entry.folder}/{name}", fetched.folder / name), files))
        self.bucket.write(entry.marker, fetched.marker.dump())

    def remove(self, entry: Entry) -> None:
        self.bucket.remove(entry.marker)
        self.bucket.remove_folder(entry.folder)
        self.cache.remove(entry)

    def check(self, entry: Entry) -> Marker:
        marker = self._copies.marker(entry)
        if marker is None:
            raise DamagedError(f"{self.address}/{entry.marker} is gone")
        for name, facts in (marker.files or {}).items():
            if self._facts(f"{entry.folder}/{name}") != facts:
                raise DamagedError(f"{self.address}/{entry.folder}/{name} is gone or not what its job wrote")
        return marker

    def _facts(self, name: str) -> FileFacts | None:
        try:
            return self.bucket.facts(name)
        except FileNotFoundError:
            return None
