"""Which pictures are alike: the same pixels, or nearly the same.

Of each picture a thumbnail is kept, the means of 16 × 16 fields, and of that a perceptual hash: its lowest frequencies
by the cosine transform, as in pHash (C. Zauner, "Implementation and benchmarking of perceptual image hash functions",
2010), but as numbers, not cut to a bit each. So what is alike never falls on two sides of a cut, and a tree finds the
nearest ones without comparing all with all. A hash is no proof: two pictures are alike only where their thumbnails are,
see ``TOLERANCE``.
"""

import hashlib
import tempfile
import weakref
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Likeness", "Twins"]

TOLERANCE = 0.07
"""Pictures are nearly the same where the root mean square difference of their thumbnails is at most this part of the
smaller one's contrast (standard deviation over fields and channels). Flat pictures have none, and must be equal. A JPEG
of quality 75 of the same picture differs by 0.02; the two most similar of scikit-learn's 1,797 digits by 0.088."""
SIDE = 16
FREQUENCIES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (2, 2), (0, 3), (3, 0))
NEAREST = 16
"""How many of a picture's nearest are compared with it. It need not be among theirs: where many are nearer to each
other than to it, only it finds them. Of more than that, others link it to the rest."""
ROWS, PAIRS = 4096, 1024
"""Pictures whose nearest are found at once, and pairs whose thumbnails are in memory."""
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Twins:
    """family: int64 ``[N]``: the first picture of those that each is alike to, itself among them, be it by way of
    others. first: int64 ``[N]``: the first of exactly the same pixels."""

    family: Rows
    first: Rows

    @property
    def identical(self) -> int:
        """How many have exactly the pixels of one before them."""
        return int((self.first != np.arange(len(self.first))).sum())

    @property
    def near(self) -> int:
        """How many more are nearly the same as one before them."""
        return int((self.family != np.arange(len(self.family))).sum()) - self.identical

    def differing(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """``[N]``: whether a picture is alike to one with another value. values: numbers ``[N]``: splits, classes."""
        low, high = values[self.family].copy(), values[self.family].copy()
        np.minimum.at(low, self.family, values)
        np.maximum.at(high, self.family, values)
        differ: NDArray[np.bool_] = np.not_equal(low, high)[self.family]
        return differ

    def leaked(self, splits: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """``[N]``: training pictures that are alike to one of validation or test. splits: ``[N]``, 0 is train."""
        leaked: NDArray[np.bool_] = self.differing((splits > 0).astype(np.uint8)) & (splits == 0)
        return leaked


class Likeness:
    """Pictures to be compared, added batch by batch: some 70 bytes of each in memory, its thumbnail in a file.

    >>> likeness = Likeness()
    >>> likeness.add(np.zeros((2, 1, 8, 8), np.uint8))
    >>> likeness.twins().identical
    1
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._digests: list[NDArray[np.uint64]] = []
        self._hashes: list[NDArray[np.float32]] = []
        self._contrast: list[NDArray[np.float32]] = []
        self._shape: tuple[int, ...] = ()
        self._dtype: np.dtype[Any] = np.dtype(np.uint8)

    def add(self, images: NDArray[Any]) -> None:
        """More pictures: uint8, uint16 or float32 ``[n, C, H, W]``, of one shape and type with those before."""
        digests = [hashlib.blake2b(image.tobytes(), digest_size=16).digest() for image in images]
        self._digests.append(np.frombuffer(b"".join(digests), dtype=np.uint64).reshape(-1, 2))
        thumbnails = _thumbnails(images)
        contrast = thumbnails.std(axis=(1, 2, 3))
        self._contrast.append(contrast)
        self._hashes.append(_hashed(thumbnails, contrast))
        kept = thumbnails if images.dtype.kind == "f" else thumbnails.round().astype(images.dtype)
        self._shape, self._dtype = kept.shape[1:], kept.dtype
        self._file.write(kept.tobytes())

    def twins(self) -> Twins:
        """All that are alike."""
        digests = np.concatenate([np.empty((0, 2), dtype=np.uint64), *self._digests])
        rows = np.arange(len(digests))
        if not len(rows):
            return Twins(rows, rows)
        _, index, inverse = np.unique(digests, axis=0, return_index=True, return_inverse=True)
        first = index[inverse.ravel()]
        one, other = self._near(np.sort(index))
        return Twins(_families(np.concatenate([first, one]), np.concatenate([rows, other]), len(rows)), first)

    def _near(self, rows: Rows) -> tuple[Rows, Rows]:
        """Pairs of ``rows`` that are nearly the same."""
        from scipy.spatial import KDTree

        contrast = np.concatenate(self._contrast)
        rows = rows[contrast[rows] > 0]
        hashes = np.concatenate(self._hashes)[rows]
        if len(rows) < 2:
            return rows[:0], rows[:0]
        self._file.flush()
        thumbnails = np.memmap(self._file, self._dtype, "r", shape=(len(contrast), *self._shape))
        tree, pairs = KDTree(hashes), []
        for start in range(0, len(rows), ROWS):
            part = hashes[start : start + ROWS]
            # Of unit contrast, alike ones are at most twice as far apart, in all frequencies and so in some of them.
            _, near = tree.query(part, k=min(NEAREST, len(rows)), distance_upper_bound=2 * TOLERANCE, workers=-1)
            nearest = np.asarray(near)
            here, place = np.nonzero(nearest < len(rows))
            ends = np.sort([rows[start + here], rows[nearest[here, place]]], axis=0)
            one, other = np.unique(ends[:, ends[0] < ends[1]], axis=1)
            pairs.append(_confirmed(one, other, thumbnails, contrast))
        return np.concatenate([one for one, _ in pairs]), np.concatenate([other for _, other in pairs])


def _confirmed(one: Rows, other: Rows, thumbnails: NDArray[Any], contrast: NDArray[np.float32]) -> tuple[Rows, Rows]:
    """Those pairs whose thumbnails are alike."""
    apart = np.empty(len(one), dtype=np.float32)
    for start in range(0, len(one), PAIRS):
        part = slice(start, start + PAIRS)
        difference = thumbnails[one[part]].astype(np.float32) - thumbnails[other[part]]
        apart[part] = np.sqrt(np.square(difference).mean(axis=(1, 2, 3)))
    alike = apart <= TOLERANCE * np.minimum(contrast[one], contrast[other])
    return one[alike], other[alike]


def _families(one: Rows, other: Rows, count: int) -> Rows:
    """The first of each set that pairs connect, row by row."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, labels = connected_components(coo_array((np.ones(len(one), bool), (one, other)), shape=(count, count)))
    _, index = np.unique(labels, return_index=True)
    return np.asarray(index[labels], dtype=np.int64)


def _thumbnails(images: NDArray[Any]) -> NDArray[np.float32]:
    """``[n, C, 16, 16]``: means of equal fields."""
    fields = [_fields(pixels) for pixels in images.shape[2:]]
    found: NDArray[np.float32] = fields[0] @ images.astype(np.float32) @ fields[1].T
    return found


def _hashed(thumbnails: NDArray[np.float32], contrast: NDArray[np.float32]) -> NDArray[np.float32]:
    """``[n, 10]``: low frequencies of thumbnails, in parts of their contrast; the norm of all would be at most 1."""
    waves = _waves()
    gray = thumbnails.mean(axis=1)
    rows, columns = zip(*FREQUENCIES, strict=True)
    found: NDArray[np.float32] = (waves @ gray @ waves.T)[:, rows, columns]
    return found / np.where(contrast > 0, contrast, 1).astype(np.float32)[:, None]


@cache
def _fields(pixels: int) -> NDArray[np.float32]:
    """``[16, pixels]``: how much of each field each pixel is."""
    begin, pixel = np.arange(SIDE)[:, None] * pixels / SIDE, np.arange(pixels)[None]
    inside = np.minimum(pixel + 1, begin + pixels / SIDE) - np.maximum(pixel, begin)
    return (inside.clip(0) * SIDE / pixels).astype(np.float32)


@cache
def _waves() -> NDArray[np.float32]:
    """``[4, 16]``: the cosines, each so long that a coefficient is a root mean square over fields."""
    order, field = np.arange(4)[:, None], np.arange(SIDE)[None]
    waves = np.cos(np.pi * order * (2 * field + 1) / (2 * SIDE)) * np.where(order > 0, np.sqrt(2), 1) / SIDE
    return waves.astype(np.float32)
