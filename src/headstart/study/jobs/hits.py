"""Which test images a network got right, a bit for each: what tells how far a score hangs on the images of the test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from headstart.errors import StoreError
from headstart.files import write_atomic

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["HITS", "keep_hits", "read_hits"]

HITS = "hits.safetensors"


def keep_hits(folder: Path, hits: Tensor | None) -> None:
    """Write ``hits``, bool ``[N]``, eight to a byte; nothing where a score is no share of images."""
    if hits is None:
        return
    import torch
    from safetensors.torch import save

    packed = torch.from_numpy(np.packbits(hits.numpy()))
    write_atomic(folder / HITS, save({"packed": packed, "images": torch.tensor(len(hits))}), sync=False)


def read_hits(path: Path) -> NDArray[np.bool_]:
    """What ``keep_hits`` wrote, ``[N]``. Raises ``StoreError`` where it is damaged."""
    from safetensors.torch import load

    try:
        found = load(path.read_bytes())
        return np.unpackbits(found["packed"].numpy(), count=int(found["images"])).astype(bool)
    except (OSError, SafetensorError, KeyError) as error:
        raise StoreError(f"{path} is damaged ({error}): delete it and run the study again") from error
