"""Scenes as files that ``render_worker.py`` reads, and frames as those that it writes: JSON, NumPy arrays and PNG."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from headstart.render.kernel import GLOSS
from headstart.render.packing import linear_rgb
from headstart.render.shading import SKY
from headstart.render.warp import TILES_PER_UNIT
from headstart.scenes.assets import Assets, TextureLibrary
from headstart.scenes.scene import Background, Scene, SceneObject, Sun, Surface, Vector
from headstart.scenes.shapes import Mesh

__all__ = ["Wanted", "collect", "cube_coordinates", "hand_over"]

SKY_LEVEL, SKY_SLOPE = 0.65, 0.35
"""Of the light of the sky, in all directions alike and with the height of the normal: ``shading.radiance``."""
EXPONENT = 16
ROUGHNESS = (2 / (EXPONENT + 2)) ** 0.25
"""Of Cycles' Ashikhmin–Shirley lobe with that exponent: its is 2 / roughness⁴ − 2."""
GLOSS_SCALE = (EXPONENT + 8) / (EXPONENT + 1)
"""Blinn–Phong's normalisation over Ashikhmin and Shirley's (both over 8π)."""
CORNERS = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) / 2
HALVES = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)


@dataclass(frozen=True)
class Wanted:
    """What is asked for of a scene: pixels a side, rays a pixel, whether to tell what the middles of pixels meet."""

    resolution: int
    samples: int
    annotate: bool
    denoise: bool


def hand_over(folder: Path, scene: Scene, assets: Assets, wanted: Wanted) -> None:
    """Write all that the worker needs to know of a scene into ``folder``."""
    things = [_background(folder, scene.background, assets.textures)]
    things += [_object(folder, number, thing, assets) for number, thing in enumerate(scene.objects, 1)]
    description = {
        **vars(wanted),
        "seed": scene.seed,
        "camera": {key: _plain(value) for key, value in vars(scene.camera).items()},
        "light": {key: _plain(value) for key, value in vars(scene.light).items()},
        "sun": {"strength": scene.sun.strength, "rotation": _plain(_towards(scene.sun))},
        "things": things,
    }
    (folder / "scene.json").write_text(json.dumps(description))


def collect(folder: Path, wanted: Wanted) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """What the worker has drawn: linear RGB ``[3, H, W]``, and ``[3, H, W]`` of number, depth and 1 (0: nothing)."""
    image = np.load(folder / "image.npy")
    return image, np.load(folder / "seen.npy") if wanted.annotate else None


def cube_coordinates(corners: NDArray[np.floating]) -> NDArray[np.floating]:
    """Texture coordinates ``[T, 3, 2]`` of the ``corners [T, 3, 3]`` of triangles, in scene units.

    Each is projected along the axis that it faces most, as ``shading.paint`` does.
    """
    facing = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    axis = facing.argmax(axis=1)
    across = np.array([2, 0, 0])[axis]
    along = np.array([1, 2, 1])[axis]
    rows = np.arange(len(corners))[:, None]
    order = np.arange(3)[None, :]
    return np.stack([corners[rows, order, across[:, None]], corners[rows, order, along[:, None]]], axis=2)


def _object(folder: Path, number: int, thing: SceneObject, assets: Assets) -> dict[str, Any]:
    mesh = assets.shapes.mesh(thing.shape)
    own = thing.surface.own and mesh.colors is not None
    arrays = _arrays(mesh.vertices * thing.scale, mesh.triangles, TILES_PER_UNIT[0])
    if own:
        arrays["tints"] = _tints(mesh)
    look = {"gloss": float(GLOSS) * GLOSS_SCALE, "own": own, **_coat(folder, thing.surface, assets.textures)}
    return _thing(folder, number, thing, arrays, look)


def _background(folder: Path, background: Background, textures: TextureLibrary) -> dict[str, Any]:
    arrays = _arrays(CORNERS * background.side, HALVES, TILES_PER_UNIT[1])
    look = {"gloss": 0.0, "own": False, **_coat(folder, background.surface, textures)}
    return _thing(folder, 0, background, arrays, look)


def _thing(
    folder: Path, number: int, thing: SceneObject | Background, arrays: dict[str, Any], look: dict[str, Any]
) -> dict[str, Any]:
    name = f"{number}.npz"
    np.savez(folder / name, **arrays)
    sky = [float(SKY) * SKY_LEVEL, float(SKY) * SKY_SLOPE]
    pose = {"rotation": _plain(thing.rotation), "position": _plain(thing.position)}
    return {"number": number, "mesh": name, "sky": sky, "roughness": ROUGHNESS, **pose, **look}


def _arrays(vertices: NDArray[np.floating], triangles: NDArray[np.int32], tiles: float) -> dict[str, Any]:
    return {
        "vertices": vertices.astype(np.float32),
        "triangles": triangles,
        "coordinates": (cube_coordinates(vertices[triangles]) * tiles).astype(np.float32),
    }


def _tints(mesh: Mesh) -> NDArray[np.float32]:
    assert mesh.colors is not None
    return linear_rgb(mesh.colors / np.float32(255)).astype(np.float32)


def _coat(folder: Path, surface: Surface, textures: TextureLibrary) -> dict[str, Any]:
    """Albedo = color + share · texture."""
    color = linear_rgb(np.asarray(surface.color, dtype=np.float64))
    if surface.texture is None or surface.tint >= 1.0:
        return {"color": _plain(color), "texture": None, "share": 0.0}
    return {
        "color": _plain(color * surface.tint),
        "texture": _picture(folder, surface.texture, textures),
        "share": 1.0 - surface.tint,
    }


def _picture(folder: Path, number: int, textures: TextureLibrary) -> str:
    """The name of a texture's file; its first row lies at v = 0, which is the lowest to Blender."""
    path = folder / f"texture-{number}.png"
    if not path.exists():
        Image.fromarray(np.ascontiguousarray(textures.texture(number)[::-1])).save(path)
    return path.name


def _towards(sun: Sun) -> Vector:
    """A rotation ``[3, 3]`` that turns +z into the direction of the sun."""
    z = sun.direction / np.linalg.norm(sun.direction)
    x = np.cross(np.eye(3)[np.abs(z).argmin()], z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
