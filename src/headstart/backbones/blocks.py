"""What a file of weights holds: blocks of tensors, read without running code, of which one is the network."""

import re
import warnings
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from headstart.errors import CheckpointError

__all__ = ["Block", "Tensors", "is_average", "read_block", "read_tensors"]

Tensors = dict[str, Tensor]
AVERAGE = re.compile(r"(^|[._])(teacher|ema)([._]|$)")
ALIKE = 0.9
"""Of the largest block, what another must have to be the same network."""
HARMLESS: list[Any] = [Namespace]
"""What training scripts keep beside tensors, which holds values and does nothing: their arguments."""


class Block(NamedTuple):
    """Tensors by name, and the keys that lead to them in the file, with dots."""

    name: str
    tensors: Tensors

    @property
    def size(self) -> int:
        """Numbers in all of them."""
        return sum(value.numel() for value in self.tensors.values())


def read_block(path: Path) -> Block:
    """The network in a safetensors file, or in a ``.pth`` that is read without running code.

    Where the file is a whole training state, it is the largest block of tensors in it; of several as large, the one
    that is an average of weights over training, such as DINO's ``teacher``, for it is what its authors evaluate.
    Raises ``CheckpointError`` for a file that cannot be read, that would run code, or that holds no tensors.
    """
    blocks = list(_blocks(_read(path)))
    if not blocks:
        raise CheckpointError(f"{path} holds no tensors: name a file with the weights of a network")
    largest = max(block.size for block in blocks)
    return max(blocks, key=lambda block: (block.size >= ALIKE * largest, is_average(block.name), block.size))


def read_tensors(path: Path) -> Tensors:
    """The tensors of ``read_block``.

    >>> read_tensors(Path("resnet18.safetensors"))["conv1.weight"].shape  # doctest: +SKIP
    torch.Size([64, 3, 7, 7])
    """
    return read_block(path).tensors


def is_average(name: str) -> bool:
    """Whether a name is that of an average of weights over training.

    >>> [is_average(name) for name in ("teacher", "model_ema", "teacher_embedding_model.", "student", "schema")]
    [True, True, True, False, False]
    """
    return bool(AVERAGE.search(name))


def _read(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise CheckpointError(f"cannot read weights from {path} ({error.strerror}): name another file") from error
    try:
        return load_file(path)
    except SafetensorError:
        return _read_torch(path)


def _read_torch(path: Path) -> Any:
    try:
        # torch warns of other protocols of pickle, which it then refuses.
        with warnings.catch_warnings(action="ignore"), torch.serialization.safe_globals(HARMLESS):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        if "Unsupported" in str(error) and ("global" in str(error) or _is_pickle(path)):
            raise CheckpointError(
                f"{path} would run code of its own when it is read, so it is not: save it again as a plain "
                "state_dict, best as safetensors"
            ) from None
        raise CheckpointError(
            f"{path} is no whole file of weights: fetch it again, or name a .safetensors or .pth file"
        ) from None


def _is_pickle(path: Path) -> bool:
    """By its first byte, which gives the protocol."""
    with path.open("rb") as file:
        return file.read(1) == b"\x80"


def _blocks(held: Any, name: str = "") -> Iterator[Block]:
    """Every mapping in it that has tensors as values, at whatever depth."""
    if isinstance(held, Mapping):
        tensors = {str(key): value for key, value in held.items() if isinstance(value, Tensor)}
        if tensors:
            yield Block(name, tensors)
        for key, value in held.items():
            yield from _blocks(value, f"{name}.{key}" if name else str(key))
