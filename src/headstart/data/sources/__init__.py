"""Where images come from: one file per source; `SOURCES` names them."""

from headstart.data.sources.base import Source
from headstart.data.sources.folder import FolderSource
from headstart.data.sources.synthetic import SyntheticSource
from headstart.registry import with_plugins

__all__ = ["SOURCES", "FolderSource", "Source", "SyntheticSource"]

SOURCES: dict[str, type[Source]] = with_plugins("sources", {"folder": FolderSource, "synthetic": SyntheticSource})
