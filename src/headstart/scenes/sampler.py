"""Draws scenes: scene ``index`` of a dataset depends on (seed, index) alone.

Source of the constants: Newell & Deng, CVPR 2020, supplement.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from headstart.scenes.assets import Assets
from headstart.scenes.buckets import BUCKETS, rank_in_split, split_counts, split_of
from headstart.scenes.factors import Dials
from headstart.scenes.pose import euler_matrix
from headstart.scenes.scatter import scatter
from headstart.scenes.scene import Background, Camera, Light, Scene, SceneObject, Shape, Sun, Surface, Vector
from headstart.seeding import derive_seed, numpy_generator

__all__ = ["SCENES_VERSION", "SceneSampler", "split_counts"]

SCENES_VERSION = 3
"""Raised when the same seed and index give another scene."""


def _facing(direction: Vector) -> Vector:
    """A rotation ``[3, 3]`` that turns +z into ``direction`` and keeps +x level."""
    z = direction / np.linalg.norm(direction)
    x = np.cross([0.0, 0.0, 1.0], z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)


CAMERA = Camera(np.array([1.0, 0.0, 0.4]), euler_matrix(np.array([0.36 * np.pi, 0.0, np.pi / 2])))
BACKDROP_AT, BACKDROP_TURN, BACKDROP_SIDE = -3.0 * CAMERA.position, _facing(CAMERA.position), 20.0
REST = np.array([np.pi / 2, 0.0, -np.pi / 6])
LARGEST_SIDE, WARP_LIMITS = 0.7 * 0.8, (0.5, 1.5)
AMONG_OTHERS = 0.6
"""Size of an object in a scene of several, relative to one that is alone."""
LIGHT_DISTANCE, LIGHT_ANGLE, LIGHT_ENERGY, LIGHT_RADIUS = 1.5, -0.5, 100.0, 1.0
SUN_DIRECTION, SUN_STRENGTH = np.array([0.8, -0.36, 0.48]), 0.7
PLAIN_BACKGROUND = np.array([0.62, 0.62, 0.62])
CLASS_SATURATION, CLASS_VALUE, COLOR_JITTER = 0.7, 0.6, np.array([0.06, 0.2, 0.2])


@dataclass(frozen=True)
class SceneSampler:
    """An endless, indexable dataset of scenes.

    seed: of the dataset. dials: how much each factor varies. categories: names by class number, some or all of those
    that ``assets`` has. objects: per scene; of several, those that find no room are left out.
    """

    seed: int
    dials: Dials
    categories: tuple[str, ...]
    assets: Assets = field(default_factory=Assets)
    objects: int = 1

    def scene(self, index: int) -> Scene:
        """Scene ``index``; its shape and textures come from bucket ``index % 12``, so splits share none."""
        rng = numpy_generator(self.seed, "scene", index)
        category, bucket = self.category(index), index % BUCKETS
        return Scene(
            seed=derive_seed(self.seed, "samples", index) & 0x7FFFFFFF,
            camera=CAMERA,
            light=self._light(rng),
            sun=Sun(SUN_DIRECTION, SUN_STRENGTH),
            background=Background(BACKDROP_AT, BACKDROP_TURN, BACKDROP_SIDE, self._backdrop(rng, bucket)),
            objects=self._objects(index, category, bucket),
        )

    def category(self, index: int) -> str:
        """Categories come in random order, each once before any comes again, within a split."""
        turn, index_in_turn = divmod(rank_in_split(index), len(self.categories))
        return self.categories[_order(self.seed, split_of(index), turn, len(self.categories))[index_in_turn]]

    def _light(self, rng: np.random.Generator) -> Light:
        angle = LIGHT_ANGLE + self.dials.lighting * rng.standard_normal()
        position = LIGHT_DISTANCE * np.array([0.0, np.sin(angle), np.cos(angle)])
        return Light(position, LIGHT_ENERGY, LIGHT_RADIUS)

    def _objects(self, index: int, category: str, bucket: int) -> tuple[SceneObject, ...]:
        """The first object is of ``category``, the others of any; each from a stream of its own."""
        streams = [numpy_generator(self.seed, "object", index, number) for number in range(self.objects)]
        if self.objects == 1:
            return (self._object(streams[0], category, bucket),)
        names = [category, *(self.categories[int(rng.integers(len(self.categories)))] for rng in streams[1:])]
        made = (self._object(rng, name, bucket, AMONG_OTHERS) for rng, name in zip(streams, names, strict=True))
        generators = (numpy_generator(self.seed, "place", index, number) for number in range(self.objects))
        return scatter(CAMERA, zip(made, generators, strict=True))

    def _object(self, rng: np.random.Generator, category: str, bucket: int, size: float = 1.0) -> SceneObject:
        rotation = euler_matrix(REST + self.dials.viewpoint * rng.standard_normal(3))
        scale = size * LARGEST_SIDE * np.clip(1.0 + self.dials.warp * rng.standard_normal(3), *WARP_LIMITS)
        scale = scale * np.exp(self.dials.scale * rng.standard_normal())
        instance = _draw(rng, self.assets.shapes.instances(category, bucket))
        return SceneObject(
            Shape(category, instance), rotation, scale, np.zeros(3), self._surface(rng, category, bucket)
        )

    def _surface(self, rng: np.random.Generator, category: str, bucket: int) -> Surface:
        dials = self.dials
        telling = _class_color(rng, self._hue(category))
        color = self._told(rng, telling) if dials.class_color else _random_color(rng)
        materials = self.assets.shapes.materials
        if dials.textured:
            return Surface(color, self._texture(rng, bucket), tint=dials.class_color, own=materials)
        return Surface(color, own=materials)

    def _told(self, rng: np.random.Generator, telling: Vector) -> Vector:
        """The color of an object, of which ``class_color`` is that of its class; with a texture that is the rest."""
        share = self.dials.class_color
        if self.dials.textured or share == 1:
            return telling
        (other,) = rng.spawn(1)  # a stream of its own, so that scenes with the dial at an end stay as they are
        return share * telling + (1 - share) * _random_color(other)

    def _backdrop(self, rng: np.random.Generator, bucket: int) -> Surface:
        drawn, texture = _random_color(rng), self._texture(rng, bucket)
        color = drawn if self.dials.background_color else PLAIN_BACKGROUND
        return Surface(color, texture, tint=0.0) if self.dials.textured else Surface(color)

    def _texture(self, rng: np.random.Generator, bucket: int) -> int:
        return _draw(rng, self.assets.textures.numbers(bucket))

    def _hue(self, category: str) -> float:
        known = self.assets.shapes.categories
        return known.index(category) / len(known)


@lru_cache(maxsize=16)
def _order(seed: int, split: int, turn: int, count: int) -> tuple[int, ...]:
    """The numbers below ``count``, shuffled."""
    return tuple(numpy_generator(seed, "classes", split, turn).permutation(count).tolist())


def _draw(rng: np.random.Generator, numbers: Sequence[int]) -> int:
    return numbers[int(rng.integers(len(numbers)))]


def _class_color(rng: np.random.Generator, hue: float) -> Vector:
    """hue: of the class, in turns."""
    hsv = np.array([hue, CLASS_SATURATION, CLASS_VALUE]) + COLOR_JITTER * rng.standard_normal(3)
    return _vivid(hsv[0], *np.clip(hsv[1:], 0.0, 1.0))


def _random_color(rng: np.random.Generator) -> Vector:
    return _vivid(*rng.random(3))


def _vivid(hue: float, saturation: float, value: float) -> Vector:
    """sRGB ``[3]`` of a hue (turns) whose saturation and value, 0–1, are kept away from gray and black."""
    saturation, value = saturation * 0.8 + 0.2, value * 0.4 + 0.6
    ramps = np.abs((hue * 6.0 + np.array([0.0, 4.0, 2.0])) % 6.0 - 3.0) - 1.0
    return value * (1.0 - saturation * (1.0 - np.clip(ramps, 0.0, 1.0)))
