"""Finished jobs from one store to another."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from headstart.errors import StoreError
from headstart.study.jobs.base import Progress, no_progress
from headstart.study.running.store.backend import DamagedError, Entry, Fetched
from headstart.study.running.store.digests import Digests
from headstart.study.running.store.marker import Marker
from headstart.study.running.store.store import Store
from headstart.study.running.store.upkeep import survey_store

__all__ = ["Copied", "copy_store"]

COPIERS = 4
"""Jobs on their way at once."""


@dataclass(frozen=True)
class Copied:
    """copied, there: how many jobs were copied, and how many the other store had. damaged: by their entries, a sentence
    that names the file."""

    copied: int
    there: int
    damaged: dict[Entry, str]


def copy_store(
    source: Store,
    target: Store,
    keys: Collection[str] | None = None,
    progress: Progress = no_progress,
    *,
    kind: str | None = None,
) -> Copied:
    """Copy finished jobs, all or those with ``keys`` and of ``kind``, each verified before its marker is made. Done
    again, it goes on where it ended. What is damaged is left out.

    progress: is called with (done, total) jobs. Raises ``StoreError`` where none of ``keys`` is in ``source``,
    ``ConfigError`` where nothing of ``kind`` is.
    """
    done = [one.entry for one in survey_store(source, kind) if one.done]
    entries = [entry for entry in done if keys is None or entry.key in keys]
    if keys and not entries:
        what, or_else = (f"job of kind '{kind}'", ", or a kind that the run has") if kind else ("job", "")
        raise StoreError(f"{source.address} holds no {what} of that run: name the store that it was run with{or_else}")
    there = _there(target, entries)
    left = [entry for entry in entries if entry not in there]
    damaged: dict[Entry, str] = {}
    progress(len(there), len(entries))
    with ThreadPoolExecutor(COPIERS) as pool:
        for number, found in enumerate(pool.map(lambda entry: _copy(source, target, entry), left)):
            damaged |= {left[number]: found} if found else {}
            progress(len(there) + number + 1, len(entries))
    return Copied(len(left) - len(damaged), len(there), damaged)


def _there(target: Store, entries: Collection[Entry]) -> set[Entry]:
    listed = {kind: target.backend.names(kind) for kind in {entry.kind for entry in entries}}
    return {entry for entry in entries if {entry.key, f"{entry.key}.json"} <= listed[entry.kind]}


def _copy(source: Store, target: Store, entry: Entry) -> str:
    """A sentence if it is damaged."""
    try:
        fetched = source.backend.fetch(entry)
    except DamagedError as error:
        return str(error)
    if fetched is None:  # someone removed it meanwhile
        return f"{source.address}/{entry.marker} is gone"
    if fetched.marker.files is None:
        fetched = Fetched(_with_checksums(fetched), fetched.folder, fetched.replaced)
    with target.backend.hold(entry):
        if not target.backend.is_done(entry):
            target.backend.put(entry, fetched)
    return ""


def _with_checksums(fetched: Fetched) -> Marker:
    return replace(fetched.marker, files=Digests().of_folder(fetched.folder))
