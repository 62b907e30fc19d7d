"""From what a user calls a store to where it lies."""

from pathlib import Path
from typing import Any

from headstart.cache import at_home
from headstart.errors import ConfigError
from headstart.study.running.store.backend import Backend
from headstart.study.running.store.bucket import Bucket, SharedFolder
from headstart.study.running.store.folder import FolderBackend
from headstart.study.running.store.mounts import locks_are_trusted
from headstart.study.running.store.remote import RemoteBackend

__all__ = ["open_backend"]

EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}


def open_backend(address: str | Path) -> Backend:
    """A folder of this machine, or what lies elsewhere: an fsspec URL, and a folder that several machines share.

    Raises ``ConfigError`` for a protocol that is unknown, or whose package is not installed.
    """
    text = str(address)
    if "://" in text:
        return RemoteBackend(_bucket(text if text.endswith("://") else text.rstrip("/")))
    folder = at_home(Path(text), "--store").resolve()
    if locks_are_trusted(folder):
        return FolderBackend(folder)
    return RemoteBackend(_bucket(folder.as_uri()))


def _bucket(address: str) -> Bucket:
    from fsspec.implementations.local import LocalFileSystem

    filesystem, prefix = _filesystem(address)
    return (SharedFolder if isinstance(filesystem, LocalFileSystem) else Bucket)(address, filesystem, prefix)


def _filesystem(address: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    protocol = address.partition("://")[0]
    try:
        found: tuple[Any, str] = url_to_fs(address)
    except ImportError as error:
        extra = EXTRAS.get(protocol)
        how = f"pip install 'headstart[{extra}]'" if extra else str(error)
        raise ConfigError(f"the store {address} needs a package that is not installed: {how}") from error
    except ValueError as error:
        raise ConfigError(
            f"the store {address} cannot be opened ({error}): name a folder, or a URL such as s3://bucket/folder"
        ) from error
    return found
