"""The default engine: NVIDIA Warp, on a CUDA device where there is one and on the CPU elsewhere."""

import os
import sys
import tempfile
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import warp as wp
from filelock import FileLock
from numpy.typing import NDArray

from headstart.render import casting, kernel
from headstart.render.engine import Frames
from headstart.scenes.scene import Scene, SceneObject, Shape, Surface
from headstart.scenes.shapes import build_mesh
from headstart.scenes.textures import SIDE, TEXTURES, make_texture

__all__ = ["WarpEngine"]

KEPT_MESHES = 2048
TILES_PER_UNIT = (2.0, 0.4)
"""Repeats of a texture per scene unit, on objects and on the background."""


class WarpEngine:
    """Casts rays through bounding-volume hierarchies; meshes and textures are kept for later calls.

    device: ``cpu`` or ``cuda``; the default is what the machine has.
    """

    def __init__(self, device: str | None = None) -> None:
        _start_warp()
        self.device = wp.get_device(device or ("cuda" if wp.is_cuda_available() else "cpu"))
        _compile(self.device)
        self._meshes: OrderedDict[Shape, tuple[Any, float]] = OrderedDict()
        texels = sum(size * size for size in _levels())
        self._texels = wp.zeros((TEXTURES, texels, 3), dtype=wp.uint8, device=self.device)
        self._painted: set[int] = set()

    def render(self, scenes: Sequence[Scene], resolution: int, *, samples: int) -> Frames:
        """See ``Engine.render``."""
        objects = [thing for scene in scenes for thing in scene.objects]
        meshes = [self._mesh(thing.shape) for thing in objects]
        for surface in (*(thing.surface for thing in objects), *(scene.background.surface for scene in scenes)):
            self._paint(surface)
        views = wp.array(_views(scenes), dtype=casting.View, device=self.device)
        actors = wp.array(_actors(objects, meshes), dtype=casting.Actor, device=self.device)
        frames = wp.empty((len(scenes), 3, resolution, resolution), dtype=wp.uint8, device=self.device)
        inputs = [views, actors, self._texels, SIDE, wp.vec2(*TILES_PER_UNIT), resolution, samples]
        wp.launch(
            kernel.trace, dim=(len(scenes), resolution, resolution), inputs=inputs, outputs=[frames], device=self.device
        )
        return Frames(torch.from_numpy(frames.numpy()))

    def _mesh(self, shape: Shape) -> tuple[Any, float]:
        """A shape's acceleration structure and the farthest its vertices lie from its centre."""
        if shape in self._meshes:
            self._meshes.move_to_end(shape)
            return self._meshes[shape]
        built = build_mesh(shape)
        points = wp.array(built.vertices, dtype=wp.vec3, device=self.device)
        corners = wp.array(built.triangles.ravel(), dtype=wp.int32, device=self.device)
        self._meshes[shape] = wp.Mesh(points, corners), built.vertices
        return self._meshes[shape]

    def _paint(self, surface: Surface) -> None:
        """Put a surface's texture, with its smaller levels, where the kernel finds it."""
        number = surface.texture
        if number is None or number in self._painted:
            return
        levels = _pyramid(make_texture(number))
        wp.copy(self._texels, wp.array(levels, dtype=wp.uint8, device=self.device), dest_offset=number * levels.size)
        self._painted.add(number)


def _start_warp() -> None:
    """Initialise Warp without its greeting, and without its remark on a machine that has no CUDA driver."""
    wp.config.quiet = True
    wp.config.log_level = wp.LOG_WARNING
    with _dropping_lines_on_stderr("Could not find or load the NVIDIA CUDA driver"):
        wp.init()


def _compile(device: Any) -> None:
    """Load the kernel, compiled by whoever comes first while the others wait."""
    folder = Path(wp.config.kernel_cache_dir)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "headstart.lock"):
        wp.load_module(kernel, device=device)


@contextmanager
def _dropping_lines_on_stderr(text: str) -> Iterator[None]:
    """Native code writes past ``sys.stderr``: catch what comes, and pass on all lines but those with ``text``."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            caught.seek(0)
            os.write(2, b"".join(line for line in caught if text.encode() not in line))


def _levels() -> list[int]:
    """Sides of a texture's levels, each half as large, down to 4 texels."""
    return [SIDE >> level for level in range(SIDE.bit_length() - 2)]


def _pyramid(texture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """All levels of a texture, one after another: ``[texels, 3]``."""
    level = texture.astype(np.float32)
    levels = []
    for side in _levels():
        levels.append((level + 0.5).astype(np.uint8).reshape(-1, 3))
        level = level.reshape(side // 2, 2, side // 2, 2, 3).mean(axis=(1, 3))
    return np.concatenate(levels)


def _linear(colours: NDArray[np.floating]) -> NDArray[np.floating]:
    """Linear RGB of sRGB in 0–1 (IEC 61966-2-1)."""
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)


def _paint_fields(rows: NDArray[Any], surfaces: Sequence[Surface]) -> None:
    rows["coat"]["colour"] = _linear(np.array([surface.colour for surface in surfaces]))
    rows["coat"]["texture"] = [-1 if surface.texture is None else surface.texture for surface in surfaces]
    rows["coat"]["tint"] = [surface.tint for surface in surfaces]


def _views(scenes: Sequence[Scene]) -> NDArray[Any]:
    rows = np.zeros(len(scenes), dtype=casting.View.numpy_dtype())
    rows["eye"] = [scene.camera.position for scene in scenes]
    rows["turn"] = [scene.camera.rotation for scene in scenes]
    rows["slope"] = [scene.camera.sensor / scene.camera.focal / 2 for scene in scenes]
    rows["light"] = [scene.light.position for scene in scenes]
    rows["energy"] = [scene.light.energy for scene in scenes]
    rows["radius"] = [scene.light.radius for scene in scenes]
    rows["sun"] = [scene.sun.direction for scene in scenes]
    rows["strength"] = [scene.sun.strength for scene in scenes]
    rows["backdrop"] = [scene.background.position for scene in scenes]
    rows["backdrop_turn"] = [scene.background.rotation for scene in scenes]
    rows["backdrop_half"] = [scene.background.side / 2 for scene in scenes]
    _paint_fields(rows, [scene.background.surface for scene in scenes])
    counts = np.array([len(scene.objects) for scene in scenes])
    rows["first"], rows["count"] = np.cumsum(counts) - counts, counts
    rows["seed"] = [scene.seed for scene in scenes]
    return rows


def _actors(objects: Sequence[SceneObject], meshes: Sequence[tuple[Any, Any]]) -> NDArray[Any]:
    rows = np.zeros(len(objects), dtype=casting.Actor.numpy_dtype())
    rows["mesh"] = [mesh.id for mesh, _ in meshes]
    rows["turn"] = [thing.rotation for thing in objects]
    rows["scale"] = [thing.scale for thing in objects]
    rows["position"] = [thing.position for thing in objects]
    rows["reach"] = [
        np.linalg.norm(points * thing.scale, axis=1).max() for thing, (_, points) in zip(objects, meshes, strict=True)
    ]
    _paint_fields(rows, [thing.surface for thing in objects])
    return rows
