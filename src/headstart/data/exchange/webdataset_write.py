"""Writing WebDataset shards as ``headstart.data.exchange.webdataset`` describes them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headstart.data.exchange.arrays import npy
from headstart.data.exchange.base import needs
from headstart.data.exchange.pictures import encode, encode_png
from headstart.data.exchange.stored import Stored
from headstart.folder import PIXEL_TARGETS, SPLITS

__all__ = ["ENDINGS", "write_webdataset"]

PER_TAR = 1000
ENDINGS = {"semantic": "semantic.png", "instance": "instance.png", "depth": "depth.npy"}


def write_webdataset(stored: Stored, out: Path, report: Callable[[int], None]) -> None:
    """Write ``stored`` into the empty folder ``out``."""
    tars = [_Tars(out, split) for split in SPLITS]
    try:
        for start, arrays in stored.parts():
            for row, split in enumerate(arrays["split"].tolist()):
                example = {name: values[row] for name, values in arrays.items()}
                tars[split].write(_sample(start + row, example, stored))
            report(start + len(arrays["split"]))
    finally:
        for tar in tars:
            tar.close()


@dataclass
class _Tars:
    """The tar files of one split, one after another."""

    out: Path
    split: str
    written: int = 0
    current: Any = None
    writer: Any = field(default_factory=lambda: needs("webdataset", "hub").TarWriter)

    def write(self, sample: Mapping[str, Any]) -> None:
        if self.written % PER_TAR == 0:
            self.close()
            path = self.out / f"{self.split}-{self.written // PER_TAR:06d}.tar"
            self.current = self.writer(str(path), user="", group="", mtime=0.0, encoder=False)
        self.current.write(sample)
        self.written += 1

    def close(self) -> None:
        if self.current is not None:
            self.current.close()
            self.current = None


def _sample(number: int, example: Mapping[str, Any], stored: Stored) -> dict[str, Any]:
    metadata: dict[str, Any] = {"index": number}
    ending, content = encode(example["images"])
    sample: dict[str, Any] = {"__key__": f"{number:08d}", ending: content}
    for name in stored.targets:
        value = example[f"target.{name}"]
        if name == "class":
            metadata["class"] = stored.manifest.classes[int(value)]
            sample["cls"] = str(int(value)).encode()
        elif name in PIXEL_TARGETS:
            sample[ENDINGS[name]] = npy(value) if name == "depth" else encode_png(value)
        else:
            metadata[name] = value.tolist()  # float32 as the float64 that Python writes without loss
    return sample | {"json": json.dumps(metadata, ensure_ascii=False).encode()}
