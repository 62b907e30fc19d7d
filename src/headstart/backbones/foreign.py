"""Weights that others made, matched to a network by names or by order."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal

from torch import Tensor

from headstart.backbones.blocks import Tensors, is_average
from headstart.errors import CheckpointError

__all__ = ["Channels", "Match", "Matched", "adapt_channels", "match_tensors"]

Match = Literal["names", "order"]
Channels = Literal["repeat", "mean", "refuse"]
ENOUGH = 0.9
"""Of a network's weights, what a file must hold: with less, another network is meant."""
SHOWN = 3


@dataclass(frozen=True)
class Matched:
    """What a file gives a network. tensors: by the network's own names. missing: of the network, not in the file, so
    that they stay as they were drawn. left: of the file, not in the network: heads mostly. prefix: what the file's
    names begin with, beyond the network's. share: of the network's weights, in 0..1. block: which of several in a file
    that is a whole training state, if they have names. changed: of the network, what is the file's but made to fit.
    """

    tensors: Tensors
    missing: tuple[str, ...]
    left: tuple[str, ...]
    prefix: str
    share: float
    block: str = ""
    changed: tuple[str, ...] = ()

    def describe(self) -> str:
        """In a line: ``294 of 296 tensors (100.0 % of weights), 2 left behind (classifier.weight, …)``."""
        whole = len(self.tensors) + len(self.missing)
        words = [f"{len(self.tensors)} of {whole} tensors ({self.share:.1%} of weights)"]
        words += [f"of '{self.block}'"] if self.block else []
        words += [f"below '{self.prefix}'"] if self.prefix else []
        told = {"made to fit": self.changed, "drawn at random": self.missing, "left behind": self.left}
        for what, names in told.items():
            if names:
                words.append(f"{len(names)} {what} ({_few(names)})")
        return ", ".join(words)


def match_tensors(
    wanted: Mapping[str, Tensor],
    given: Mapping[str, Tensor],
    how: Match,
    where: str,
    translate: Callable[[Tensors], Tensors] = dict,
) -> Matched:
    """Which tensor of ``given`` is which of ``wanted``.

    how: ``names``, after whatever prefix the file's have; ``order``, one after another where shapes agree, for the same
    network under other names. where: the file, for messages. translate: from other layouts of the same network to its
    own, which is asked where names do not do as they are. Raises ``CheckpointError`` where less than nine tenths of the
    network's weights are found.
    """
    matched = _matched(wanted, given, how)
    if how == "names" and matched.missing:
        matched = max(matched, _translated(matched, wanted, given, translate), key=lambda found: found.share)
    if matched.share < ENOUGH:
        raise CheckpointError(_too_little(matched, wanted, how, where))
    return matched


def adapt_channels(matched: Matched, wanted: Mapping[str, Tensor]) -> Matched:
    """The first layer's weights for images of another number of channels: their mean over channels, as often as there
    are channels, scaled so that a gray image gives the same answer."""
    first = _first_layer(wanted)
    if first is None or first not in matched.tensors:
        return matched
    theirs, channels = matched.tensors[first], wanted[first].shape[1]
    spread = theirs.mean(1, keepdim=True).expand(-1, channels, -1, -1) * (theirs.shape[1] / channels)
    tensors = matched.tensors | {first: spread.contiguous()}
    return replace(matched, tensors=tensors, changed=(*matched.changed, first))


def _matched(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor], how: Match) -> Matched:
    pairs, prefix = _by_names(wanted, given) if how == "names" else (_by_order(wanted, given), "")
    used, found = set(pairs.values()), sum(wanted[name].numel() for name in pairs)
    return Matched(
        {name: given[theirs] for name, theirs in pairs.items()},
        tuple(name for name in wanted if name not in pairs),
        tuple(name for name in given if name not in used),
        prefix,
        found / max(1, sum(value.numel() for value in wanted.values())),
    )


def _translated(
    plain: Matched,
    wanted: Mapping[str, Tensor],
    given: Mapping[str, Tensor],
    translate: Callable[[Tensors], Tensors],
) -> Matched:
    """The match of what lies below the prefix that was found, in the network's own layout; what has no place there is
    left."""
    inner = {name.removeprefix(plain.prefix): name for name in given if name.startswith(plain.prefix)}
    own = translate({short: given[name] for short, name in inner.items()})
    matched, ours = _matched(wanted, own, "names"), {id(value) for value in own.values()}
    theirs = {id(value) for value in given.values()}
    changed = tuple(name for name, value in matched.tensors.items() if id(value) not in theirs)
    dropped = [name for short, name in inner.items() if short not in own and id(given[name]) not in ours]
    outside = [name for name in given if name not in inner.values()]
    return replace(matched, left=(*outside, *dropped, *matched.left), prefix=plain.prefix, changed=changed)


def _by_names(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> tuple[dict[str, str], str]:
    """Pairs after the prefixes, of either side, that make most of them; of equals an average's, then the shortest."""
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
    """All that names begin with, dot by dot: those of averages first, and the shorter ones."""
    found = Counter(prefix for name in names for prefix in accumulate(f"{part}." for part in name.split(".")[:-1]))
    return ["", *sorted(found, key=lambda prefix: (not is_average(prefix), len(prefix)))]


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
