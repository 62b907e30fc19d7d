"""The default engine: NVIDIA Warp, on a CUDA device where there is one and on the CPU elsewhere."""

import os
import sys
import tempfile
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import warp as wp
from filelock import FileLock

from headstart.errors import ConfigError, StoreError
from headstart.render import kernel
from headstart.render.atlas import Atlas
from headstart.render.casting import FAR, Actor, View
from headstart.render.engine import Frames
from headstart.render.packing import MeshOnDevice, pack_actors, pack_views
from headstart.render.shipped import WarpConfig, WarpTraits
from headstart.scenes.assets import Assets
from headstart.scenes.scene import Scene, Shape

__all__ = ["WarpConfig", "WarpEngine"]

SAMPLES = 4
TREE_BYTES = 120
"""Of a mesh and its tree, per triangle."""
KEPT_BYTES, KEPT_SHARE = 120_000_000, 1 / 40
"""Of meshes that are kept for scenes to come: on a CPU, and of a GPU's memory, which several processes may share."""
TILES_PER_UNIT = (2.0, 0.4)
"""Repeats of a texture per scene unit, on objects and on the background."""


class WarpEngine(WarpTraits):
    """Raises ``StoreError`` if the compiled kernel cannot be kept, ``ConfigError`` for CUDA where there is none."""

    def __init__(self, assets: Assets, config: WarpConfig) -> None:
        try:
            _start_warp()
            self.device = wp.get_device(_device(config.device))
            _compile(self.device)
        except OSError as error:
            raise StoreError(
                f"the renderer's cache cannot be written ({error}): set WARP_CACHE_PATH to a folder you may write to"
            ) from error
        self._shapes = assets.shapes
        self._atlas = Atlas(assets.textures, self.device)
        self._meshes: OrderedDict[Shape, MeshOnDevice] = OrderedDict()
        self._triangles, self._kept_triangles = 0, _kept_bytes(self.device) // TREE_BYTES

    @classmethod
    def missing(cls, config: WarpConfig) -> str | None:  # noqa: ARG003 - it comes with the package
        """See ``Engine.missing``."""
        return None

    def render(
        self, scenes: Sequence[Scene], resolution: int, *, samples: int | None = None, targets: Collection[str] = ()
    ) -> Frames:
        """See ``Engine.render``."""
        objects = [thing for scene in scenes for thing in scene.objects]
        meshes = [self._mesh(thing.shape) for thing in objects]
        slots = self._atlas.hold([thing.surface for thing in objects] + [one.background.surface for one in scenes])
        packed, colors = pack_actors(scenes, meshes, slots)
        views = wp.array(pack_views(scenes, slots), dtype=View, device=self.device)
        actors = wp.array(packed, dtype=Actor, device=self.device)
        tints = wp.array(colors, dtype=wp.vec3, device=self.device)
        frames = wp.empty((len(scenes), 3, resolution, resolution), dtype=wp.uint8, device=self.device)
        textures = [self._atlas.texels, self._atlas.side, wp.vec2(*TILES_PER_UNIT)]
        inputs = [views, actors, tints, *textures, resolution, samples or SAMPLES]
        size = (len(scenes), resolution, resolution)
        wp.launch(kernel.trace, dim=size, inputs=inputs, outputs=[frames], device=self.device)
        known = self._annotate(views, actors, size) if targets else {}
        return Frames(wp.to_torch(frames), {name: known[name] for name in targets})

    def _annotate(self, views: Any, actors: Any, size: tuple[int, int, int]) -> dict[str, torch.Tensor]:
        """All of ``ENGINE_TARGETS``, from the same rays."""
        instances = wp.zeros(size, dtype=wp.uint8, device=self.device)
        depths = wp.empty(size, dtype=wp.float32, device=self.device)
        inputs = [views, actors, size[-1]]
        wp.launch(kernel.annotate, dim=size, inputs=inputs, outputs=[instances, depths], device=self.device)
        depth = wp.to_torch(depths)
        depth = torch.where(depth > FAR / 2, torch.inf, depth).half()
        return {"instance": wp.to_torch(instances), "depth": depth}

    def _mesh(self, shape: Shape) -> MeshOnDevice:
        """A shape's mesh; those used last are kept."""
        if shape not in self._meshes:
            self._meshes[shape] = MeshOnDevice(self._shapes.mesh(shape), self.device)
            self._triangles += self._meshes[shape].triangles
            while self._triangles > self._kept_triangles and len(self._meshes) > 1:
                self._triangles -= self._meshes.popitem(last=False)[1].triangles
        self._meshes.move_to_end(shape)
        return self._meshes[shape]


def _device(wanted: str | None) -> str:
    if wanted == "cuda" and not wp.is_cuda_available():
        raise ConfigError("device is 'cuda', and this machine has no CUDA GPU that Warp can use: say 'cpu', or nothing")
    return wanted or ("cuda" if wp.is_cuda_available() else "cpu")


def _kept_bytes(device: Any) -> int:
    return int(device.total_memory * KEPT_SHARE) if device.is_cuda else KEPT_BYTES


def _start_warp() -> None:
    """Initialise Warp without its greeting, and without its remark on a machine that has no CUDA driver."""
    wp.config.log_level = wp.LOG_WARNING
    with _dropping_lines_on_stderr(b"Could not find or load the NVIDIA CUDA driver"):
        wp.init()


def _compile(device: Any) -> None:
    """Load the kernel, compiled by whoever comes first while other processes wait."""
    folder = Path(wp.config.kernel_cache_dir)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "headstart.lock"):
        wp.load_module(kernel, device=device)


@contextmanager
def _dropping_lines_on_stderr(text: bytes) -> Iterator[None]:
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
            os.write(2, b"".join(line for line in caught if text not in line))
