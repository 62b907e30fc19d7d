"""Faces of more than three corners, cut into triangles that stay inside them.

Readers cut a face into a fan around its first corner, which is right where it is convex and covers the notch of an L.
Faces of OBJ files that are not convex are therefore cut here, by their ears (Meisters, 1975), before the file is read.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["cut_concave", "ears"]

POLYGON = re.compile(rb"^[ \t]*f(?:[ \t]+[^\s#\\]+){3,}[ \t]+[^\s#]", re.MULTILINE)
SLIGHT = 1e-6
"""Of a face's squared area: how far a corner may turn the other way and count as straight."""
Point = tuple[float, float]


def cut_concave(obj: bytes) -> bytes:
    """The text of an OBJ file with its concave faces cut into triangles; all other lines are as they were."""
    if not POLYGON.search(obj):
        return obj
    lines = re.sub(rb"\\\r?\n", b" ", obj).splitlines()
    try:
        for number, words, corners in _concave_faces(lines):
            cut = (b" ".join((b"f", *(words[corner] for corner in ear))) for ear in ears(corners))
            lines[number] = b"\n".join(cut)
    except (ValueError, IndexError):  # no numbers, or of no vertex: the reader says so
        return obj
    return b"\n".join(lines) + b"\n"


def ears(corners: NDArray[np.floating]) -> list[tuple[int, int, int]]:
    """Triangles of a face with ``corners [N, 3]``, as numbers of its corners, wound as it is.

    A face that crosses itself has no right answer: corners that turn outwards are cut off in their order.

    >>> ears(np.array([[0, 0, 0], [2, 0, 0], [0.5, 0.5, 0], [0, 2, 0]]))
    [(0, 1, 2), (0, 2, 3)]
    """
    points, left, found = _flat(corners), list(range(len(corners))), []
    while len(left) > 3:
        place = next((place for place in range(len(left)) if _is_ear(points, left, place)), None)
        if place is None:
            place = next((place for place in range(len(left)) if _turn(*_around(points, left, place)) > 0), 0)
        found.append((left[place - 1], left[place], left[(place + 1) % len(left)]))
        del left[place]
    first, second, third = left
    return [*found, (first, second, third)]


def _concave_faces(lines: Sequence[bytes]) -> Iterator[tuple[int, list[bytes], NDArray[np.float64]]]:
    """The line, the words and the corners of each."""
    vertices: list[list[bytes]] = []
    faces: dict[int, list[tuple[int, list[bytes], list[int]]]] = defaultdict(list)
    for number, line in enumerate(lines):
        words = line.partition(b"#")[0].split()
        if words[:1] == [b"v"]:
            vertices.append(words[1:4])
        elif words[:1] == [b"f"] and len(words) > 4:
            named = [int(word.partition(b"/")[0]) for word in words[1:]]
            rows = [vertex - 1 if vertex > 0 else len(vertices) + vertex for vertex in named]
            faces[len(rows)].append((number, words[1:], rows))
    positions = np.array(vertices, dtype=np.float64)
    for alike in faces.values():
        corners = positions[np.array([rows for _, _, rows in alike])]
        for place in np.flatnonzero(_concave(corners)).tolist():
            number, words, _ = alike[place]
            yield number, words, corners[place]


def _concave(corners: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Of faces ``[F, N, 3]``, those with a corner that turns against the others."""
    edges = np.roll(corners, -1, axis=1) - corners
    turns = np.cross(np.roll(edges, 1, axis=1), edges)
    normals = _normals(corners)
    against: NDArray[Any] = np.einsum("fnc,fc->fn", turns, normals)
    return np.asarray(against.min(axis=1) < -SLIGHT * (normals**2).sum(axis=1))


def _normals(corners: NDArray[np.floating]) -> NDArray[Any]:
    """Twice the area of each face ``[F, N, 3]``, along its normal."""
    arms = corners - corners[:, :1]
    return np.asarray(np.cross(arms[:, 1:-1], arms[:, 2:]).sum(axis=1))


def _flat(corners: NDArray[np.floating]) -> list[Point]:
    """A face as seen along the axis that its normal is nearest to, wound counterclockwise."""
    normal = _normals(corners[None])[0]
    axis = int(np.abs(normal).argmax())
    across, up = ((1, 2), (2, 0), (0, 1))[axis] if normal[axis] > 0 else ((2, 1), (0, 2), (1, 0))[axis]
    return [(float(corner[across]), float(corner[up])) for corner in corners]


def _around(points: Sequence[Point], left: Sequence[int], place: int) -> tuple[Point, Point, Point]:
    return points[left[place - 1]], points[left[place]], points[left[(place + 1) % len(left)]]


def _turn(first: Point, second: Point, third: Point) -> float:
    """Above 0 where the way turns left."""
    return (second[0] - first[0]) * (third[1] - second[1]) - (second[1] - first[1]) * (third[0] - second[0])


def _is_ear(points: Sequence[Point], left: Sequence[int], place: int) -> bool:
    """Whether a corner turns outwards and no other corner lies in its triangle."""
    first, second, third = _around(points, left, place)
    if _turn(first, second, third) <= 0:
        return False
    others = {points[corner] for corner in left} - {first, second, third}
    return not any(
        _turn(first, second, other) >= 0 and _turn(second, third, other) >= 0 and _turn(third, first, other) >= 0
        for other in others
    )
