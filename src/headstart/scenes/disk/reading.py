"""One model file as one normalised mesh: triangles only, y up, its materials as colors of its vertices."""

import io
import logging
import re
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from headstart.errors import DataError
from headstart.scenes.disk.gltf import unknown_needs
from headstart.scenes.disk.polygons import cut_concave
from headstart.scenes.disk.tree import Entry
from headstart.scenes.shapes.mesh import Mesh

__all__ = ["READING_VERSION", "Up", "read_model"]

READING_VERSION = 2
"""Raised when the same file comes out as another mesh."""
Up = Literal["y", "z"]
GLTF = (".glb", ".gltf")
LARGEST_FILE = 1 << 30
UP_AXIS = re.compile(rb"<up_axis>\s*([XYZ])_UP\s*</up_axis>")
LONGEST_EDGE = 1 / 32
"""Triangles with pictures on them are cut until no edge is longer (of the model's size): colors live at vertices."""


def read_model(entry: Entry, *, colors: bool, up: Up, face_limit: int) -> Mesh:
    """The model in ``entry``.

    colors: bring along what its materials look like. up: the axis that points up, where the format does not say.
    face_limit: simplified to as many triangles if it has more. Raises ``DataError``, naming the file, for one that is
    broken, empty, flat to a line, or cannot be simplified so far.
    """
    data = _content(entry)
    if entry.suffix == ".obj":
        data = cut_concave(data)
    parts = [_colored(part, face_limit) if colors else _plain(part) for part in _parts(entry, data)]
    if not parts:
        raise DataError(f"{entry} holds no triangles: remove it")
    mesh = _joined(parts)
    if not np.isfinite(mesh.vertices).all():
        raise DataError(f"{entry} has a vertex that is not finite: mend or remove it")
    if _up(entry, data, up) == "z":
        mesh = Mesh(mesh.vertices[:, [0, 2, 1]] * [1.0, 1.0, -1.0], mesh.triangles, mesh.colors)
    if np.ptp(mesh.vertices[mesh.triangles.ravel()], axis=0).max() == 0:
        raise DataError(f"{entry} is a single point: remove it")
    mesh = _used(mesh).normalised()
    if not len(mesh.triangles):
        raise DataError(f"{entry} has no triangle with an area: mend or remove it")
    return mesh if len(mesh.triangles) <= face_limit else _simplified(mesh, face_limit, entry)


def _content(entry: Entry) -> bytes:
    if entry.size > LARGEST_FILE:
        raise DataError(f"{entry} has {entry.size >> 20} MiB, more than a model may have (1024): simplify it")
    return entry.read()


def _up(entry: Entry, data: bytes, given: Up) -> Up:
    """The axis that points up: glTF's is y, COLLADA tells it (y where it does not), the others leave it to the user."""
    if entry.suffix in GLTF:
        return "y"
    if entry.suffix != ".dae":
        return given
    match = UP_AXIS.search(data)
    if match and match[1] == b"X":
        raise DataError(f"{entry} has x pointing up: export it with y or z up")
    return "z" if match and match[1] == b"Z" else "y"


def _parts(entry: Entry, data: bytes) -> Iterator[Any]:
    """Its meshes as trimesh reads them, each placed as the file's scene has it."""
    import trimesh

    logging.getLogger("trimesh").setLevel(logging.CRITICAL)
    try:
        needs = unknown_needs(data) if entry.suffix in GLTF else []
        scene = trimesh.load_scene(io.BytesIO(data), file_type=entry.suffix[1:], resolver=_beside(entry), process=False)
        parts = scene.dump()
    except Exception as error:  # parsers of damaged files raise whatever they stumble over
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"{entry} cannot be read as {entry.suffix[1:].upper()} ({reason}): mend or remove it"
        ) from error
    if needs:
        raise DataError(f"{entry} needs {' and '.join(needs)}, which is not read: export it without, uncompressed")
    return (part for part in parts if isinstance(part, trimesh.Trimesh) and len(part.faces))


def _beside(entry: Entry) -> Any:
    """Gives trimesh the files that a model names: materials, pictures, buffers."""
    from trimesh.resolvers import Resolver

    class Beside(Resolver):  # type: ignore[misc]
        def __init__(self) -> None:
            pass

        def get(self, key: str) -> bytes:
            try:
                return entry.beside(key).read()
            except (DataError, KeyError) as error:
                raise FileNotFoundError(key) from error

        def write(self, key: str, data: Any) -> None:
            raise NotImplementedError

        def namespaced(self, namespace: str) -> "Resolver":
            raise NotImplementedError

        def keys(self) -> tuple[str, ...]:
            return ()

    return Beside()


def _plain(part: Any) -> Mesh:
    return Mesh(np.asarray(part.vertices), np.asarray(part.faces, dtype=np.int32))


def _colored(part: Any, face_limit: int) -> Mesh:
    """A part with the colors of its material, at vertices that no other material shares."""
    from trimesh.visual import TextureVisuals

    if isinstance(part.visual, TextureVisuals):
        part = _cut_small(part, face_limit)
        shown = _material_colors(part)
    elif part.visual.kind == "face":
        corners = np.asarray(part.vertices)[part.faces.ravel()]
        shown = np.repeat(part.visual.face_colors, 3, axis=0)
        return Mesh(corners, np.arange(len(corners), dtype=np.int32).reshape(-1, 3), shown[:, :3])
    else:
        shown = part.visual.vertex_colors
    plain = _plain(part)
    return Mesh(plain.vertices, plain.triangles, np.ascontiguousarray(np.asarray(shown)[:, :3], dtype=np.uint8))


def _material_colors(part: Any) -> NDArray[np.uint8]:
    """RGBA ``[V, 4]``: its picture where each vertex is, or the one color of a material without a picture."""
    material, uv = part.visual.material, part.visual.uv
    if uv is None or len(uv) != len(part.vertices) or _picture(material) is None:
        return np.tile(np.asarray(material.main_color, dtype=np.uint8), (len(part.vertices), 1))
    return np.asarray(material.to_color(uv), dtype=np.uint8)


def _cut_small(part: Any, face_limit: int) -> Any:
    """The part with its large triangles cut, while it has fewer than the limit, if there is a picture on it."""
    import trimesh
    from trimesh.remesh import subdivide

    uv = part.visual.uv
    if uv is None or len(uv) != len(part.vertices) or _picture(part.visual.material) is None:
        return part
    vertices, faces = np.asarray(part.vertices), np.asarray(part.faces)
    longest = LONGEST_EDGE * np.ptp(vertices, axis=0).max()
    while 4 * len(faces) <= face_limit:
        edges = vertices[faces] - vertices[np.roll(faces, 1, axis=1)]
        long = np.nonzero(np.linalg.norm(edges, axis=2).max(axis=1) > longest)[0]
        if not len(long):
            break
        vertices, faces, attributes = subdivide(vertices, faces, long, vertex_attributes={"uv": uv})
        uv = attributes["uv"]
    visual = trimesh.visual.TextureVisuals(uv=uv, material=part.visual.material)
    return trimesh.Trimesh(vertices, faces, visual=visual, process=False)


def _picture(material: Any) -> Any:
    """The material's color picture, by the name that OBJ's or glTF's materials have for it."""
    image = getattr(material, "image", None)
    return image if image is not None else getattr(material, "baseColorTexture", None)


def _joined(parts: list[Mesh]) -> Mesh:
    starts = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    colors = [part.colors for part in parts if part.colors is not None]
    return Mesh(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.triangles + start for part, start in zip(parts, starts, strict=True)]).astype(np.int32),
        np.concatenate(colors) if colors else None,
    )


def _used(mesh: Mesh) -> Mesh:
    """Without vertices that no triangle has: they would count for the model's size."""
    kept, triangles = np.unique(mesh.triangles, return_inverse=True)
    colors = None if mesh.colors is None else mesh.colors[kept]
    return Mesh(mesh.vertices[kept], triangles.reshape(-1, 3).astype(np.int32), colors)


def _simplified(mesh: Mesh, face_limit: int, entry: Entry) -> Mesh:
    """At most ``face_limit`` triangles, by quadric error (Garland and Heckbert, SIGGRAPH 1997)."""
    from fast_simplification import simplify
    from scipy.spatial import KDTree

    vertices, merged = np.unique(mesh.vertices, axis=0, return_inverse=True)
    vertices, triangles = simplify(vertices, merged.ravel()[mesh.triangles].astype(np.int32), target_count=face_limit)
    if not 0 < len(triangles) <= face_limit:
        raise DataError(
            f"{entry} has {len(mesh.triangles)} triangles and cannot be simplified to {face_limit}: "
            "raise face_limit, or simplify it with a modelling program"
        )
    colors: NDArray[np.uint8] | None = None
    if mesh.colors is not None:
        colors = mesh.colors[KDTree(mesh.vertices).query(vertices)[1]]
    return Mesh(vertices, np.asarray(triangles, dtype=np.int32), colors).normalised()
