"""Weights that others made: found in whatever file holds them, and matched to a network by names or by order."""

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from headstart.errors import CheckpointError

__all__ = ["Channels", "Match", "Matched", "adapt_channels", "match_tensors", "read_tensors"]

Match = Literal["names", "order"]
Channels = Literal["repeat", "mean", "refuse"]
ENOUGH = 0.9
"""Of a network's weights, what a file must hold: with less, another network is meant."""
SHOWN = 3
Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Matched:
    """What a file gives a network. tensors: by the network's own names. missing: of the network, not in the file, so
    that they stay as they were drawn. left: of the file, not in the network: heads mostly. prefix: what the file's
    names begin with, beyond the network's. share: of the network's weights, in 0..1.
    """

    tensors: Tensors
    missing: tuple[str, ...]
    left: tuple[str, ...]
    prefix: str
    share: float

    def describe(self) -> str:
        """In a line: ``294 of 296 tensors (100.0 % of weights), 2 left behind (classifier.weight, …)``."""
        whole = len(self.tensors) + len(self.missing)
        words = [f"{len(self.tensors)} of {whole} tensors ({self.share:.1%} of weights)"]
        if self.prefix:
            words.append(f"below '{self.prefix}'")
        for what, names in (("drawn at random", self.missing), ("left behind", self.left)):
            if names:
                words.append(f"{len(names)} {what} ({_few(names)})")
        return ", ".join(words)


def read_tensors(path: Path) -> Tensors:
    """All tensors of a network in a safetensors file, or in a ``.pth`` that is read without running code.

    Where the file is a whole training state, it is the largest block of tensors in it. Raises ``CheckpointError`` for a
    file that cannot be read, that would run code, or that holds no tensors.

    >>> read_tensors(Path("resnet18.safetensors"))["conv1.weight"].shape  # doctest: +SKIP
    torch.Size([64, 3, 7, 7])
    """
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise CheckpointError(f"cannot read weights from {path} ({error.strerror}): name another file") from error
    try:
        held: Any = load_file(path)
    except SafetensorError:
        held = _read_torch(path)
    blocks = list(_blocks(held))
    if not blocks:
        raise CheckpointError(f"{path} holds no tensors: name a file with the weights of a network")
    return max(blocks, key=_size)


def match_tensors(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor], how: Match, where: str) -> Matched:
    """Which tensor of ``given`` is which of ``wanted``.

    how: ``names``, after whatever prefix the file's have; ``order``, one after another where shapes agree, for the same
    network under other names. where: the file, for messages. Raises ``CheckpointError`` where less than nine tenths of
    the network's weights are found.
    """
    pairs, prefix = _by_names(wanted, given) if how == "names" else (_by_order(wanted, given), "")
    tensors = {name: given[theirs] for name, theirs in pairs.items()}
    found = sum(wanted[name].numel() for name in pairs)
    share = found / max(1, sum(value.numel() for value in wanted.values()))
    used = set(pairs.values())
    matched = Matched(
        tensors,
        tuple(name for name in wanted if name not in pairs),
        tuple(name for name in given if name not in used),
        prefix,
        share,
    )
    if share < ENOUGH:
        raise CheckpointError(_too_little(matched, wanted, how, where))
    return matched


def adapt_channels(tensors: Tensors, wanted: Mapping[str, Tensor]) -> Tensors:
    """The first layer's weights for images of another number of channels: their mean over channels, as often as there
    are channels, scaled so that a gray image gives the same answer."""
    first = _first_layer(wanted)
    if first is None or first not in tensors:
        return tensors
    theirs, channels = tensors[first], wanted[first].shape[1]
    spread = theirs.mean(1, keepdim=True).expand(-1, channels, -1, -1) * (theirs.shape[1] / channels)
    return tensors | {first: spread.contiguous()}


def _read_torch(path: Path) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # of other protocols of pickle, which it then refuses
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


def _blocks(held: Any) -> Iterator[Tensors]:
    """Every mapping in it that has tensors as values, at whatever depth."""
    if isinstance(held, Mapping):
        tensors = {str(name): value for name, value in held.items() if isinstance(value, Tensor)}
        if tensors:
            yield tensors
        for value in held.values():
            yield from _blocks(value)


def _size(block: Tensors) -> int:
    return sum(value.numel() for value in block.values())


def _by_names(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> tuple[dict[str, str], str]:
    """Pairs after the prefixes, of either side, that make most of them; the shortest of equals."""
    best: dict[str, str] = {}
    prefix, first = "", _first_layer(wanted)
    for ours in _common_prefixes(wanted):
        names = {name.removeprefix(ours): name for name in wanted}
        for theirs in _prefixes(given):
            pairs = {
                name: other
                for other, value in given.items()
                if other.startswith(theirs)
                and (name := names.get(other.removeprefix(theirs)))
                and _fits(value, wanted[name], name == first)
            }
            if len(pairs) > len(best):
                best, prefix = pairs, theirs
    return best, prefix


def _by_order(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> dict[str, str]:
    """Counters of batches aside, which not all formats keep."""
    pairs: dict[str, str] = {}
    line = iter([(name, value) for name, value in wanted.items() if value.is_floating_point()])
    ours, first = next(line, None), _first_layer(wanted)
    for name, value in given.items():
        if ours and value.is_floating_point() and _fits(value, ours[1], ours[0] == first):
            pairs[ours[0]] = name
            ours = next(line, None)
    return pairs


def _first_layer(wanted: Mapping[str, Tensor]) -> str | None:
    """The name of the kernels that look at images, if the network has any."""
    return next((name for name, value in wanted.items() if value.ndim == 4), None)


def _fits(value: Tensor, ours: Tensor, is_first: bool) -> bool:
    """Of one shape; the channels that the first layer looks at may be others."""
    if value.shape == ours.shape:
        return True
    beside = value.ndim == ours.ndim == 4 and value.shape[2:] == ours.shape[2:] and len(value) == len(ours)
    return is_first and beside


def _prefixes(names: Mapping[str, Tensor]) -> list[str]:
    """All that names begin with, dot by dot, the shortest first."""
    found = Counter(prefix for name in names for prefix in accumulate(f"{part}." for part in name.split(".")[:-1]))
    return ["", *sorted(found, key=len)]


def _common_prefixes(names: Mapping[str, Tensor]) -> list[str]:
    """Those that all of them have: an adapter's."""
    return [prefix for prefix in _prefixes(names) if all(name.startswith(prefix) for name in names)]


def _too_little(matched: Matched, wanted: Mapping[str, Tensor], how: Match, where: str) -> str:
    found = f"{matched.share:.0%} of this network's weights ({len(matched.tensors)} of {len(wanted)} tensors)"
    lacking = f"'{matched.missing[0]}' is missing" if matched.missing else "nothing of it fits"
    held = f", and there are {_few(matched.left)}" if matched.left else ""
    other = "; match: order pairs the same network under other names" if how == "names" else ""
    return f"{where} holds {found}: {lacking}{held}. Name the backbone that it was made with{other}"


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
