"""Where images come from: one file per source; `SOURCES` names them."""

from headstart.data.sources.base import Source
from headstart.data.sources.exchanged import (
    ArraysSource,
    Hdf5Source,
    HuggingFaceSource,
    ImagesSource,
    TableSource,
    WebDatasetSource,
)
from headstart.data.sources.folder import FolderSource
from headstart.data.sources.synthetic import SyntheticSource
from headstart.registry import with_plugins

__all__ = [
    "SOURCES",
    "ArraysSource",
    "FolderSource",
    "Hdf5Source",
    "HuggingFaceSource",
    "ImagesSource",
    "Source",
    "SyntheticSource",
    "TableSource",
    "WebDatasetSource",
]

SOURCES: dict[str, type[Source]] = with_plugins(
    "sources",
    {
        "arrays": ArraysSource,
        "folder": FolderSource,
        "hdf5": Hdf5Source,
        "huggingface": HuggingFaceSource,
        "images": ImagesSource,
        "synthetic": SyntheticSource,
        "table": TableSource,
        "webdataset": WebDatasetSource,
    },
)
