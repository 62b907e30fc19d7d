"""What files hold, as hashes: a folder that moves keeps its cached work, and one that is edited loses it."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from headstart.cache import cache_folder
from headstart.files import write_atomic
from headstart.scenes.disk.tree import Entry

__all__ = ["digests", "fingerprint"]


def digests(root: Path, entries: Iterable[Entry]) -> dict[Entry, str]:
    """SHA-256 of each file's content, in hex.

    A file is read again only when its size or a time of it has changed since: the hashes of each ``root`` are kept.
    """
    root_digest = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:24]
    kept = cache_folder("contents") / f"{root_digest}.json"
    known = _load(kept)
    named = {}
    for entry in entries:
        name = f"{'/'.join(entry.parts)} {entry.stamp}"
        named[entry] = (name, known.get(name) or hashlib.sha256(entry.read()).hexdigest())
    fresh = dict(named.values())
    if fresh.items() - known.items():
        write_atomic(kept, json.dumps(known | fresh).encode())
    return {entry: digest for entry, (_, digest) in named.items()}


def fingerprint(parts: Mapping[str, str]) -> str:
    """One short hash of named contents."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _load(path: Path) -> dict[str, str]:
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
