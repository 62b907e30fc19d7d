"""Errors that a user can mend: one sentence that says what, where and how to fix it.

The command line prints these without a traceback and exits with code 2. Anything else that escapes is our bug.
"""

from collections.abc import Iterable

__all__ = ["CheckpointError", "ConfigError", "DataError", "HeadstartError", "StoreError", "unknown_name"]


class HeadstartError(Exception):
    """Base of every error that the user, not the developer, can mend."""


class ConfigError(HeadstartError):
    """A key, value or name in a study, recipe or command is wrong."""


class DataError(HeadstartError):
    """A dataset, image, mesh or shard cannot be used as it is."""


class StoreError(HeadstartError):
    """A folder cannot be read or written, or belongs to something else."""


class CheckpointError(HeadstartError):
    """A checkpoint is damaged or was written by another configuration."""


def unknown_name(kind: str, name: str, choices: Iterable[str]) -> ConfigError:
    """The answer to a wrong name: the right ones."""
    return ConfigError(f"unknown {kind} '{name}': choose one of {', '.join(sorted(choices))}")
