"""Triangle meshes and what is done to whole ones."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Mesh", "cross", "merge", "unit"]

SMALLEST_AREA = 1e-9
_NEXT, _LAST = np.array([1, 2, 0]), np.array([2, 0, 1])


@dataclass(frozen=True)
class Mesh:
    """vertices: float ``[V, 3]``, y up, front towards −z. triangles: int32 ``[T, 3]``, counter-clockwise outside.

    colors: sRGB uint8 ``[V, 3]``, blended across a triangle, of a model that brought its own; else ``None``.
    """

    vertices: NDArray[np.floating]
    triangles: NDArray[np.int32]
    colors: NDArray[np.uint8] | None = None

    def moved(self, by: ArrayLike) -> "Mesh":
        return Mesh(self.vertices + np.asarray(by), self.triangles)

    def scaled(self, by: ArrayLike) -> "Mesh":
        """Stretched per axis; factors are positive, ``mirrored`` is for the others."""
        return Mesh(self.vertices * np.asarray(by), self.triangles)

    def mirrored(self, axis: int = 0) -> "Mesh":
        """The reflection at the plane through the origin across ``axis``, still facing outwards."""
        sign = np.ones(3)
        sign[axis] = -1.0
        return Mesh(self.vertices * sign, self.triangles[:, ::-1])

    def turned(self, axis: int, angle: float) -> "Mesh":
        """Turned about an axis through the origin by radians, right-handed."""
        first, second = (axis + 1) % 3, (axis + 2) % 3
        cosine, sine = np.cos(angle), np.sin(angle)
        vertices = self.vertices.copy()
        vertices[:, first] = cosine * self.vertices[:, first] - sine * self.vertices[:, second]
        vertices[:, second] = sine * self.vertices[:, first] + cosine * self.vertices[:, second]
        return Mesh(vertices, self.triangles)

    def normalised(self) -> "Mesh":
        """float32, centred on its bounding box, largest side 1, without triangles of no area."""
        low, high = self.vertices.min(axis=0), self.vertices.max(axis=0)
        vertices = ((self.vertices - (low + high) / 2) / (high - low).max()).astype(np.float32)
        a, b, c = (vertices[self.triangles[:, corner]] for corner in range(3))
        normals = cross(b - a, c - a)
        kept = np.einsum("ij,ij->i", normals, normals) > (2 * SMALLEST_AREA) ** 2
        return Mesh(vertices, np.ascontiguousarray(self.triangles[kept], dtype=np.int32), self.colors)


def merge(parts: Iterable[Mesh]) -> Mesh:
    """Several meshes as one; parts may overlap."""
    parts = list(parts)
    starts = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]], dtype=np.int32)
    triangles = [part.triangles + start for part, start in zip(parts, starts, strict=True)]
    return Mesh(np.concatenate([part.vertices for part in parts]), np.concatenate(triangles))


def cross(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.floating]:
    """Row-wise cross product of ``[k, 3]`` arrays, several times faster on short ones than NumPy's."""
    product: NDArray[np.floating] = a[:, _NEXT] * b[:, _LAST] - a[:, _LAST] * b[:, _NEXT]
    return product


def unit(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    """Rows ``[k, 3]`` at length 1."""
    lengths: NDArray[np.floating] = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return rows / lengths[:, None]
