"""Datasets in other people's formats: one file per format; `FORMATS` names them."""

from typing import Any

from headstart.data.exchange.array_set import ARRAYS
from headstart.data.exchange.base import Format
from headstart.data.exchange.folder import FOLDER
from headstart.data.exchange.hdf5 import HDF5
from headstart.data.exchange.huggingface import HUGGINGFACE
from headstart.data.exchange.table import TABLE
from headstart.data.exchange.webdataset import WEBDATASET
from headstart.registry import with_plugins

__all__ = ["FORMATS"]

FORMATS: dict[str, Format[Any]] = with_plugins(
    "formats",
    {
        "arrays": ARRAYS,
        "folder": FOLDER,
        "hdf5": HDF5,
        "huggingface": HUGGINGFACE,
        "table": TABLE,
        "webdataset": WEBDATASET,
    },
)
