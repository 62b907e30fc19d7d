"""Ridge regression solved at once, its penalty chosen by leaving out each image in turn."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from headstart.tasks.heads import enlarge

__all__ = ["Ridge", "Rows", "fit_ridge"]

CHUNK = 2**24
"""Numbers of features, or of ideal outputs, that are held in float64 at a time."""
LEFT_OUT = 100
"""Images that are left out in turn where each has many rows: what more would tell of the penalty is not worth it."""
NOTHING = 1e-10
"""Variance along a direction, as a share of the largest, below which there is none."""


class Rows:
    """Labelled images as the rows of a least-squares problem: N images of L rows each.

    Outputs are asked for at the resolution of ``ideal``, and a head gives them at that of its features; in between they
    are enlarged, which is linear. So that no feature has to be enlarged, both sides are turned by the orthogonal factor
    of that: with ``enlarge = Q R`` the error ``|Q R x w - y|`` is ``|R x w - Q' y|`` and something that no ``w``
    changes. Each image has as many rows then as its features have locations, and one where features are pooled.

    features: float32 ``[N, D, h, w]``. target: ``[N, ...]``; ideal: from some of that to ``[n, C, H, W]``, what outputs
    should be.
    """

    def __init__(self, features: Tensor, target: Tensor, ideal: Callable[[Tensor], Tensor]) -> None:
        self._features, self._target, self._ideal = features, target, ideal
        outputs, *size = ideal(target[:1]).shape[1:]
        sides = [_enlarging(few, many).to(features.device) for few, many in zip(features.shape[-2:], size, strict=True)]
        (self._down, self._rows), (self._right, self._columns) = (torch.linalg.qr(side) for side in sides)
        self.images, self.dim = features.shape[:2]
        self.numbers = self.images * size[0] * size[1]
        """What the error is the mean of, per output."""
        self._largest = max(outputs * size[0] * size[1], self.dim * self._rows.shape[0] * self._columns.shape[0])
        self.ones = torch.outer(self._down.sum(dim=0), self._right.sum(dim=0)).flatten()
        """What rows ``[L]`` are of an output that is 1 everywhere."""

    def first(self, images: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Features ``[n, L, D]`` and ideal outputs ``[n, L, C]`` of the first ``images``, in float64, in parts."""
        size = max(1, CHUNK // self._largest)
        for start in range(0, images, size):
            rows = slice(start, min(start + size, images))
            features, ideal = self._features[rows].double(), self._ideal(self._target[rows]).double()
            yield (
                torch.einsum("ah,bw,ndhw->nabd", self._rows, self._columns, features).flatten(1, 2),
                torch.einsum("ha,wb,nchw->nabc", self._down, self._right, ideal).flatten(1, 2),
            )


def _enlarging(few: int, many: int) -> Tensor:
    """float64 ``[many, few]``: what ``enlarge`` does to a column."""
    return enlarge(torch.eye(few, dtype=torch.float64)[None, :, :, None], (many, 1))[0, :, :, 0].T


class Ridge(NamedTuple):
    """Outputs are ``weight @ features + bias``: float64 ``[C, D]`` and ``[C]``. strength: the one that was chosen."""

    weight: Tensor
    bias: Tensor
    strength: float


class _Spectrum(NamedTuple):
    """A centred problem, turned so that its directions do not depend on each other.

    features, targets: the means ``[D]`` and ``[C]``. directions: ``[D, r]`` of the features. lengths: ``[r]``, singular
    values. along: ``[r, C]``, what targets have in common with each direction's unit rows.
    """

    features: Tensor
    targets: Tensor
    directions: Tensor
    lengths: Tensor
    along: Tensor

    def kept(self, penalty: float) -> Tensor:
        """``[r]``: how much of what lies along each direction a penalty lets through."""
        return self.lengths.square() / (self.lengths.square() + penalty)


def fit_ridge(rows: Rows, strengths: Sequence[float]) -> Ridge:
    """Least mean squared error plus ``strength`` times the squared weights, the bias going free.

    The strength is that of ``strengths`` whose error is least on images that are left out, each alone: all of them, or
    the first hundred where they have several rows. With one image, of which nothing is left, it is the largest.
    """
    spectrum = _spectrum(rows)
    penalties = [strength * rows.numbers for strength in strengths]
    if rows.images == 1:
        best = max(range(len(penalties)), key=penalties.__getitem__)
    else:
        best = int(_left_out_errors(rows, spectrum, penalties).argmin())
    shrunk = spectrum.kept(penalties[best]) / spectrum.lengths
    weight = (spectrum.directions @ (shrunk[:, None] * spectrum.along)).T
    return Ridge(weight, spectrum.targets - weight @ spectrum.features, strengths[best])


def _spectrum(rows: Rows) -> _Spectrum:
    """From the products of features with each other, or of rows with each other where there are fewer of these."""
    if rows.images * len(rows.ones) <= rows.dim:
        return _dual_spectrum(rows)
    parts = [_products(rows.ones, *part) for part in rows.first(rows.images)]
    features, targets, gram, common = (torch.stack(kind).sum(dim=0) for kind in zip(*parts, strict=True))
    features, targets = features / rows.numbers, targets / rows.numbers
    gram = gram - rows.numbers * torch.outer(features, features)
    common = common - rows.numbers * torch.outer(features, targets)
    lengths, directions = _directions(gram)
    return _Spectrum(features, targets, directions, lengths, directions.T @ common / lengths[:, None])


def _products(ones: Tensor, features: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Sums ``[D]`` and ``[C]`` over all numbers, and products ``[D, D]`` and ``[D, C]``, of some images."""
    flat = features.flatten(0, 1)
    first, second = (torch.einsum("l,nld->d", ones, part) for part in (features, targets))
    return first, second, flat.T @ flat, flat.T @ targets.flatten(0, 1)


def _dual_spectrum(rows: Rows) -> _Spectrum:
    parts = rows.first(rows.images)
    features, targets = (torch.cat(kind) for kind in zip(*parts, strict=True))
    means = [torch.einsum("l,nld->d", rows.ones, kind) / rows.numbers for kind in (features, targets)]
    features, targets = (
        (kind - torch.outer(rows.ones, mean)).flatten(0, 1)
        for kind, mean in zip((features, targets), means, strict=True)
    )
    lengths, units = _directions(features @ features.T)
    return _Spectrum(means[0], means[1], features.T @ units / lengths, lengths, units.T @ targets)


def _directions(products: Tensor) -> tuple[Tensor, Tensor]:
    """Square roots ``[r]`` of a symmetric matrix's eigenvalues that are not nothing, and their vectors ``[n, r]``."""
    values, vectors = torch.linalg.eigh(products)
    some = values > NOTHING * values[-1]
    return values[some].sqrt(), vectors[:, some]


def _left_out_errors(rows: Rows, spectrum: _Spectrum, penalties: Sequence[float]) -> Tensor:
    """For each penalty ``[len(penalties)]``, the sum of squared errors on images by weights that never saw them.

    With the hat matrix H of the fit, whose diagonal block of an image is H', the errors of what is fitted without that
    image are ``(1 - H')^-1`` times the errors of what is fitted with it (Cook & Weisberg, 1982, for blocks).
    """
    errors = torch.zeros(len(penalties), dtype=torch.float64, device=rows.ones.device)
    images = rows.images if len(rows.ones) == 1 else min(rows.images, LEFT_OUT)
    bias = rows.ones / rows.numbers**0.5
    for features, targets in rows.first(images):
        units = (features - torch.outer(rows.ones, spectrum.features)) @ spectrum.directions / spectrum.lengths
        units = torch.cat([units, bias[None, :, None].expand(len(units), -1, -1)], dim=2)
        centred = targets - torch.outer(rows.ones, spectrum.targets)
        for number, penalty in enumerate(penalties):
            kept = spectrum.kept(penalty)
            fitted = units[:, :, :-1] @ (kept[:, None] * spectrum.along)
            kept = torch.cat([kept, kept.new_ones(1)])
            errors[number] += _without_themselves(units, kept, centred - fitted).square().sum()
    return errors


def _without_themselves(units: Tensor, kept: Tensor, errors: Tensor) -> Tensor:
    """``(1 - U diag(kept) U')^-1 errors`` of blocks ``U [n, L, r]`` and errors ``[n, L, C]``."""
    length, rank = units.shape[1:]
    if length <= rank:
        hat = (units * kept) @ units.transpose(1, 2)
        solved: Tensor = torch.linalg.solve(torch.eye(length).to(hat) - hat, errors)
        return solved
    inner = torch.diag(1 / kept) - units.transpose(1, 2) @ units
    more: Tensor = units @ torch.linalg.solve(inner, units.transpose(1, 2) @ errors)
    return errors + more
