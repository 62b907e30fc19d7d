"""A source as a study's file has it: keys, ``source`` among them."""

from pathlib import Path
from typing import Any

from headstart.registry import lookup
from headstart.schema import validate

__all__ = ["as_keys", "as_source", "read_unlabelled"]


def as_source(value: Any, where: str = "dataset") -> Any:
    """Keys as the source that their ``source`` names; what is none is left as it is.

    Raises ``ConfigError``, which ``where`` begins, for wrong ones.
    """
    if not isinstance(value, dict):
        return value
    from headstart.data.sources import SOURCES

    keys = dict(value)
    name = keys.pop("source", "synthetic")
    return validate(lookup(SOURCES, "source", str(name)), keys, f"{where} ({name})")


def as_keys(source: Any) -> Any:
    """A source as ``as_source`` reads it: its own keys, and the name of its kind; pictures without labels as their
    path."""
    from headstart.data.sources import SOURCES

    names = [name for name, kind in SOURCES.items() if kind is type(source)]
    if not names:
        return str(source.path)
    keys = source.model_dump(mode="json", exclude={"unlabelled"})
    more = {} if source.unlabelled is None else {"unlabelled": as_keys(source.unlabelled)}
    return {"source": names[0], **keys, **more}


def read_unlabelled(value: Any) -> Any:
    """What stands behind ``unlabelled:``: a path, or the keys of a source."""
    from headstart.data.sources.unlabelled import UnlabelledPictures

    if isinstance(value, str | Path):
        return validate(UnlabelledPictures, {"path": value}, "unlabelled")
    return as_source(value, "unlabelled")
