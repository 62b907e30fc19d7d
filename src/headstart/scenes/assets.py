"""What scenes are made of: where shapes and textures come from, procedural or from disk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.errors import ConfigError
from headstart.scenes.buckets import BUCKETS
from headstart.scenes.disk import find_shapes, find_textures
from headstart.scenes.disk.reading import Up
from headstart.scenes.scene import Shape
from headstart.scenes.shapes import CATEGORIES, INSTANCES, Mesh, build_mesh
from headstart.scenes.textures import TEXTURES, make_texture

__all__ = ["Assets", "ProceduralShapes", "ProceduralTextures", "ShapeLibrary", "TextureLibrary", "load_assets"]


class ShapeLibrary(Protocol):
    """Models by category and instance number; every instance belongs to one of 12 disjoint buckets."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Names, in the order of class numbers."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash of everything that can change a mesh."""
        ...

    @property
    def materials(self) -> bool:
        """Whether meshes that bring colors of their own are to be shown in them."""
        ...

    def instances(self, category: str, bucket: int) -> Sequence[int]:
        """Numbers of the instances in a bucket; one at least, where there are enough of the category."""
        ...

    def unread(self, shapes: Iterable[Shape]) -> list[Shape]:
        """Those of ``shapes`` that nobody has parsed yet, so that they might turn out to be broken."""
        ...

    def mesh(self, shape: Shape) -> Mesh:
        """A normalised mesh (see ``Mesh.normalised``) that depends on ``shape`` alone."""
        ...


class TextureLibrary(Protocol):
    """Numbered square pictures; every number belongs to one of 12 disjoint buckets."""

    @property
    def fingerprint(self) -> str:
        """A hash of everything that can change a texture."""
        ...

    @property
    def count(self) -> int:
        """Textures have the numbers below this."""
        ...

    def numbers(self, bucket: int) -> Sequence[int]:
        """Numbers of the textures in a bucket, at least one."""
        ...

    def texture(self, number: int) -> NDArray[np.uint8]:
        """sRGB ``[SIDE, SIDE, 3]``, see ``headstart.scenes.textures.SIDE``."""
        ...


@dataclass(frozen=True)
class ProceduralShapes:
    """The shapes that headstart builds itself."""

    categories: tuple[str, ...] = tuple(CATEGORIES)
    fingerprint: str = "procedural 1"
    materials: bool = False

    def instances(self, category: str, bucket: int) -> Sequence[int]:  # noqa: ARG002 - each category has as many
        return range(bucket, INSTANCES, BUCKETS)

    def unread(self, shapes: Iterable[Shape]) -> list[Shape]:  # noqa: ARG002 - none of them is a file
        return []

    def mesh(self, shape: Shape) -> Mesh:
        return build_mesh(shape)


@dataclass(frozen=True)
class ProceduralTextures:
    """The textures that headstart paints itself."""

    count: int = TEXTURES
    fingerprint: str = "procedural 1"

    def numbers(self, bucket: int) -> Sequence[int]:
        return range(bucket, TEXTURES, BUCKETS)

    def texture(self, number: int) -> NDArray[np.uint8]:
        return make_texture(number)


@dataclass(frozen=True)
class Assets:
    """The shapes and textures of a dataset; what a sampler draws from and an engine draws."""

    shapes: ShapeLibrary = field(default_factory=ProceduralShapes)
    textures: TextureLibrary = field(default_factory=ProceduralTextures)


@lru_cache(maxsize=4)
def load_assets(shapes: Path | None, textures: Path | None, keep_materials: bool, face_limit: int, up: Up) -> Assets:
    """Assets from folders or zip archives, procedural ones where none is named; ``keep_materials``, ``face_limit`` and
    ``up`` are those of ``read_model``.

    Raises ``DataError`` for a folder that cannot serve, ``ConfigError`` for materials without models.
    """
    if keep_materials and shapes is None:
        raise ConfigError("keep_materials shows models in their own colors, and shapes names none: name a folder")
    return Assets(
        find_shapes(shapes, materials=keep_materials, face_limit=face_limit, up=up) if shapes else ProceduralShapes(),
        find_textures(textures) if textures else ProceduralTextures(),
    )
